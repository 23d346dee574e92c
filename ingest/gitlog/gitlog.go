package gitlog

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"strings"
	"time"
)

// Options say what to read and as what.
type Options struct {
	// Service is whose history it is; required.
	Service string
	// Repository is "owner/name" where it is known.
	Repository string
	// Tags selects the tags that are deployments, as git tag --list does: by a
	// glob whose * also runs over slashes. Empty means all.
	Tags string
	// Environment is what a tag that is no pre-release is deployed to; empty
	// means production.
	Environment string
	// Branch is the default branch; empty means what the clone says it is.
	Branch string
	// Now is the clock's: commits and tags dated more than a day later have no
	// date that can be true. Zero knows no future.
	Now time.Time
	// Progress hears how many commits were read; total is 0 until it is known.
	Progress func(done, total int)
}

// History is a clone's history, its structure in memory and its messages still
// in the clone.
type History struct {
	Branch     string // the default branch's name, "HEAD" if it is detached
	Commits    int    // commits read
	Changes    int    // commits that are changes: on a first-parent chain
	SideBranch int    // of these, released without being on the default branch
	Tags       int    // tags selected: deployments to any environment
	Production int    // of these, deployments to production
	// Warnings say what was left out and why no metrics will come of it.
	Warnings []string

	ctx         context.Context // of the import: Events reads on from the clone under it
	clone       *clone
	opt         Options
	chains      *chains
	at          []int64 // when each change reached its branch, by the order of chains.changes
	deployments []deployment
}

// progressEvery is how many commits pass between two calls of Progress.
const progressEvery = 10_000

// Read reads the clone at path. The context covers the History's Events too.
func Read(ctx context.Context, path string, opt Options) (*History, error) {
	h, err := read(ctx, path, opt)
	if err != nil {
		return nil, fmt.Errorf("read git history of %s: %w", path, err)
	}
	return h, nil
}

func read(ctx context.Context, path string, opt Options) (*History, error) {
	if opt.Service == "" {
		return nil, ErrNoService
	}
	opt.Environment = cmp.Or(opt.Environment, "production")
	if opt.Progress == nil {
		opt.Progress = func(int, int) {}
	}
	clone, err := openClone(ctx, path)
	if err != nil {
		return nil, err
	}
	branch, err := clone.branch(ctx, opt.Branch)
	if err != nil {
		return nil, err
	}
	tags, warnings, err := clone.tags(ctx, opt.Tags, opt.Now)
	if err != nil {
		return nil, err
	}
	g, err := clone.graph(ctx, branch, tags, opt)
	if err != nil {
		return nil, err
	}
	h := &History{Branch: branch.name, Commits: len(g.ids), Warnings: warnings, ctx: ctx, clone: clone, opt: opt}
	return h, h.build(g, branch, tags)
}

// graph reads every commit that the branch and the tags reach.
func (c *clone) graph(ctx context.Context, b branch, tags []tag, opt Options) (*graph, error) {
	var tips strings.Builder
	tips.WriteString(b.sha + "\n")
	for _, t := range tags {
		tips.WriteString(t.sha + "\n")
	}
	g := newGraph(opt.Now)
	err := c.stream(ctx, strings.NewReader(tips.String()), func(r io.Reader) error {
		return g.read(r, func(done int) {
			if done%progressEvery == 0 {
				opt.Progress(done, 0)
			}
		})
	}, "rev-list", revListFormat, "--stdin")
	if err != nil {
		return nil, err
	}
	opt.Progress(len(g.ids), len(g.ids))
	return g, nil
}

// build computes the events' structure from the graph.
func (h *History) build(g *graph, b branch, tags []tag) error {
	tip, ok := g.find(b.sha)
	if !ok {
		return fmt.Errorf("find branch %s at %s: %w", b.name, b.sha, ErrCorrupt)
	}
	tagged := make([]node, len(tags))
	for i, t := range tags {
		if tagged[i], ok = g.find(t.sha); !ok {
			return fmt.Errorf("find tag %s at %s: %w", t.name, t.sha, ErrCorrupt)
		}
	}
	g.index = nil // a third of the memory, and not asked again
	h.chains = newChains(g, tip, tagged)
	h.chains.bringIn(maxListedBytes / (2*g.width + len(`"",`)))
	h.schedule()
	h.deploy(tags, tagged)
	for _, n := range h.chains.changes {
		if !h.chains.mainline[n] {
			h.SideBranch++
		}
	}
	h.Changes, h.Tags = len(h.chains.changes), len(h.deployments)
	h.warn()
	return nil
}
