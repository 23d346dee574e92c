package gitlog

import (
	"bufio"
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// maxListedBytes bounds the commits that a merge's event lists, so that the
// event stays below the 1 MiB that a NATS server takes by default.
const maxListedBytes = 768 << 10

// deployment is a tag with its time.
type deployment struct {
	tag
	at          int64
	environment string
}

// Events gives the changes, oldest first, then the deployments by time and
// name. Equal histories give equal events, and a commit or tag that is
// imported again is the same event again: its id is made of its name.
//
// The messages are read from the clone while the events are taken, so Events
// ends when Read's context does. It can be called again.
func (h *History) Events() iter.Seq2[schemas.Event, error] {
	return func(yield func(schemas.Event, error) bool) {
		stopped, err := h.changeEvents(yield)
		if err != nil {
			yield(schemas.Event{}, fmt.Errorf("read commits: %w", err))
			return
		}
		for i := 0; i < len(h.deployments) && !stopped; i++ {
			stopped = !yield(h.deploymentEvent(&h.deployments[i]))
		}
	}
}

// errStopped ends the reading when the taker wants no more.
var errStopped = errors.New("stopped")

func (h *History) changeEvents(yield func(schemas.Event, error) bool) (stopped bool, err error) {
	names, feed := io.Pipe()
	defer names.Close() // ends the feeding, should git have died
	go func() {
		out := bufio.NewWriter(feed)
		for _, n := range h.chains.changes {
			if _, err := out.WriteString(h.chains.g.sha(n) + "\n"); err != nil {
				return
			}
		}
		_ = feed.CloseWithError(out.Flush())
	}()
	err = h.clone.stream(h.ctx, names, func(r io.Reader) error {
		err := h.readChanges(r, yield)
		if err != nil {
			_ = names.Close() // else waiting for git would wait for its stdin
		}
		return err
	}, "cat-file", "--batch", "--buffer")
	if errors.Is(err, errStopped) {
		return true, nil
	}
	return false, err
}

func (h *History) readChanges(r io.Reader, yield func(schemas.Event, error) bool) error {
	in := bufio.NewReaderSize(r, 1<<18)
	var object []byte
	for i := range h.chains.changes {
		var err error
		if object, err = readObject(in, object); err != nil {
			return err
		}
		if !yield(h.changeEvent(i, parseCommit(object))) {
			return errStopped
		}
	}
	_, err := io.Copy(io.Discard, in) // git ends once it has seen the end of the names
	return err
}

// readObject reads one answer of git cat-file --batch: "<name> commit <size>",
// the object, a line's end.
func readObject(in *bufio.Reader, into []byte) ([]byte, error) {
	head, err := in.ReadSlice('\n')
	if err != nil {
		return nil, truncated(err)
	}
	var size int
	fields := bytes.Fields(head)
	if len(fields) == 3 && string(fields[1]) == "commit" {
		size = atoi(string(fields[2]))
	}
	if size <= 0 || size > maxCommitObject {
		return nil, fmt.Errorf("%w (git cat-file answered %.100q)", ErrCorrupt, head)
	}
	into = slices.Grow(into[:0], size+1)[:size+1]
	if _, err := io.ReadFull(in, into); err != nil {
		return nil, truncated(err)
	}
	return into[:size], nil
}

// maxCommitObject refuses what can't be a commit anyone wrote.
const maxCommitObject = 64 << 20

func (h *History) changeEvent(i int, t text) (schemas.Event, error) {
	g, n := h.chains.g, h.chains.changes[i]
	sha, at := g.sha(n), time.Unix(h.at[i], 0).UTC()
	change := schemas.ChangeEvent{
		Service:     h.opt.Service,
		Repository:  h.opt.Repository,
		SHA:         sha,
		CommittedAt: date(g.authored[n]),
		Branch:      h.Branch,
		Message:     bounded(t.message),
		Author:      short(t.author),
		Position:    int(h.chains.depth[n]),
		SideBranch:  !h.chains.mainline[n],
	}
	if change.SideBranch {
		change.Branch = ""
	}
	for _, p := range g.parents[n] {
		change.Parents = append(change.Parents, g.sha(p))
	}
	merge, isMerge := h.chains.merges[n]
	pr := pullRequest(t.message, isMerge)
	if isMerge {
		pr.MergedAt = &at
		pr.FirstCommitAt = date(earliest(merge.first, g.authored[n]))
		pr.Commits = make([]string, len(merge.commits))
		for i, c := range merge.commits {
			pr.Commits[i] = g.sha(c)
		}
	}
	if isMerge || pr.Number != 0 {
		change.PullRequest = &pr
	}
	return schemas.NewEvent("commit/"+sha, h.source(), schemas.TypeChange, at, h.opt.Service, &change)
}

func (h *History) deploymentEvent(d *deployment) (schemas.Event, error) {
	return schemas.NewEvent("tag/"+d.name+"/"+d.sha, h.source(), schemas.TypeDeployment,
		time.Unix(d.at, 0), h.opt.Service, &schemas.DeploymentEvent{
			DeploymentID: d.name,
			Service:      h.opt.Service,
			Environment:  d.environment,
			Status:       schemas.DeploymentSucceeded,
			SHA:          d.sha,
			Version:      d.name,
		})
}

func (h *History) source() string { return "git/" + h.opt.Service }

func date(at int64) *time.Time {
	if at == noDate {
		return nil
	}
	t := time.Unix(at, 0).UTC()
	return &t
}

func earliest(a, b int64) int64 {
	if a == noDate || b == noDate {
		return max(a, b)
	}
	return min(a, b)
}

// byTime orders deployments by time, then by name.
func byTime(a, b deployment) int {
	return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.name, b.name))
}
