package gitlog_test

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/ingest/gitlog"
	"github.com/fivekeys/fivekeys/internal/testkit/gitrepo"
)

// TestRandomHistories compares the events of random repositories with git's own
// plumbing: branches, merges of every shape, tags of every kind in any order.
func TestRandomHistories(t *testing.T) {
	histories := uint64(8)
	if testing.Short() {
		histories = 2
	}
	for seed := range histories {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			r := gitrepo.New(t)
			grow(r, rand.New(rand.NewPCG(seed, 7)))
			_, all := read(t, r.Path(), gitlog.Options{})
			compare(t, gitrepo.PlumbingFigures(t, r.Path(), ""), all.fold())
		})
	}
}

func grow(r *gitrepo.Repo, rnd *rand.Rand) {
	branches := []string{"main"}
	shas := []string{r.Commit("main", "Start")}
	anyBranch := func() string { return branches[rnd.IntN(len(branches))] }
	tags := 0
	for n := 20 + rnd.IntN(100); len(shas) < n; {
		r.Step = time.Duration(rnd.IntN(180)-20) * time.Minute // sometimes backwards
		if rnd.IntN(5) == 0 {
			r.Authored = r.Now.Add(time.Duration(10-rnd.IntN(200)) * time.Hour)
		}
		on, message := anyBranch(), fmt.Sprint("Commit ", len(shas))
		switch k := rnd.IntN(20); {
		case k < 7:
			shas = append(shas, r.Commit(on, message))
		case k < 9:
			name := fmt.Sprint("b", len(branches))
			r.Branch(name, shas[rnd.IntN(len(shas))])
			branches = append(branches, name)
		case k < 13:
			if other := anyBranch(); r.SHA(other) != r.SHA(on) {
				shas = append(shas, r.Merge(on, message, other))
			}
		case k < 14: // a foxtrot, or something stranger still
			a, b := shas[rnd.IntN(len(shas))], r.SHA(on)
			if a != b {
				shas = append(shas, r.CommitOn(on, message, a, b))
			}
		case k < 15:
			if a, b := anyBranch(), anyBranch(); r.SHA(a) != r.SHA(on) && r.SHA(b) != r.SHA(on) && r.SHA(a) != r.SHA(b) {
				shas = append(shas, r.Merge(on, message, a, b))
			}
		default:
			name := fmt.Sprintf("v1.%d.0", tags)
			if rnd.IntN(4) == 0 {
				name += "-rc.1"
			}
			tags++
			at := r.SHA(on)
			if rnd.IntN(4) == 0 {
				at = shas[rnd.IntN(len(shas))]
			}
			if rnd.IntN(2) == 0 {
				r.Tag(name, at)
			} else {
				r.AnnotatedTag(name, at)
			}
		}
	}
}
