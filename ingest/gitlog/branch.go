package gitlog

import (
	"context"
	"fmt"
	"strings"
)

// branch is the default branch: its short name and the commit it is at.
type branch struct{ name, sha string }

// branch finds the default branch, or the one that is asked for.
//
// origin/HEAD comes before HEAD: whoever imports may have a feature branch
// checked out, and what the clone's origin calls its default is the better
// witness. A detached HEAD comes last: CI checks out a tag that way.
func (c *clone) branch(ctx context.Context, name string) (branch, error) {
	if name != "" {
		b, err := c.tip(ctx, strings.TrimPrefix(strings.TrimPrefix(name, "refs/heads/"), "origin/"))
		if err == nil && b.sha == "" {
			err = fmt.Errorf("branch %q: %w", name, ErrNoBranch)
		}
		return b, err
	}
	var names []string
	for _, head := range []string{"refs/remotes/origin/HEAD", "HEAD"} {
		// It prints nothing where there is none, or where HEAD is detached.
		if ref, err := c.quiet(ctx, "symbolic-ref", "--quiet", head); err != nil {
			return branch{}, err
		} else if short := strings.TrimPrefix(strings.TrimPrefix(ref, "refs/heads/"), "refs/remotes/origin/"); short != "" {
			names = append(names, short)
		}
	}
	for _, name := range append(names, "main", "master") {
		if b, err := c.tip(ctx, name); err != nil || b.sha != "" {
			return b, err
		}
	}
	sha, err := c.commit(ctx, "HEAD")
	if err != nil || sha != "" {
		return branch{name: "HEAD", sha: sha}, err
	}
	refs, err := c.output(ctx, "for-each-ref", "--count=1")
	switch {
	case err != nil:
		return branch{}, err
	case refs == "":
		return branch{}, ErrEmpty
	}
	return branch{}, fmt.Errorf("find the default branch: %w", ErrNoBranch)
}

// tip gives where a branch is. A local branch may lag behind the one that was
// fetched, or be ahead of it: the one that contains the other counts, and the
// fetched one where neither does.
func (c *clone) tip(ctx context.Context, name string) (branch, error) {
	local, err := c.commit(ctx, "refs/heads/"+name)
	if err != nil {
		return branch{}, err
	}
	fetched, err := c.commit(ctx, "refs/remotes/origin/"+name)
	if err != nil {
		return branch{}, err
	}
	if local == "" || fetched == "" || local == fetched {
		return branch{name: name, sha: local + fetched[min(len(local), len(fetched)):]}, nil
	}
	behind, err := c.output(ctx, "rev-list", "--max-count=1", fetched, "^"+local)
	if err != nil {
		return branch{}, err
	}
	if behind == "" { // everything fetched is in the local one
		return branch{name: name, sha: local}, nil
	}
	return branch{name: name, sha: fetched}, nil
}

// commit gives the commit a revision names, or nothing.
func (c *clone) commit(ctx context.Context, revision string) (string, error) {
	return c.quiet(ctx, "rev-parse", "--quiet", "--verify", revision+"^{commit}")
}

// quiet runs a command that answers "there is none" by a status of 1 and not a
// word.
func (c *clone) quiet(ctx context.Context, args ...string) (string, error) {
	cmd := c.command(ctx, args...)
	var out, stderr strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &stderr
	err := cmd.Run()
	switch {
	case err == nil:
		return strings.TrimSpace(out.String()), nil
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case stderr.Len() == 0:
		return "", nil
	}
	return "", explain(args[0], stderr.String(), err)
}
