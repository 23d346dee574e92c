package gitlog

import (
	"bytes"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/fivekeys/fivekeys/schemas"
)

func FuzzCommitObject(f *testing.F) {
	f.Add([]byte("tree 4b825dc6\nauthor Ann <a@example.org> 1 +0000\n\nMerge pull request #12 from ann/x\n\nTitle\n"))
	f.Add([]byte("author \xff\xfe\n\nRepair (#12)\x00"))
	f.Add([]byte("author A <a> 1 +0000\n\nMerge branch 'x'\n\nSee merge request a/b!7"))
	f.Add([]byte("\n\nMerged PR 1: " + strings.Repeat("é", 5000) + " This reverts commit 01234567"))
	f.Fuzz(func(t *testing.T, object []byte) {
		said := parseCommit(object)
		if !utf8.ValidString(said.author) || !utf8.ValidString(said.message) {
			t.Fatalf("not UTF-8: %+q", said)
		}
		if m := bounded(said.message); len(m) > maxMessage || !utf8.ValidString(m) {
			t.Fatalf("a message of %d bytes: %q", len(m), m)
		}
		for _, merge := range []bool{true, false} {
			pr := pullRequest(said.message, merge)
			if pr.Number < 0 || len(pr.Title) > maxShort || len(pr.Branch) > maxShort ||
				!utf8.ValidString(pr.Title) || !utf8.ValidString(pr.Branch) {
				t.Fatalf("pull request %+v", pr)
			}
		}
	})
}

func FuzzRevList(f *testing.F) {
	a, b := strings.Repeat("a", 40), strings.Repeat("b", 40)
	f.Add([]byte("commit " + a + "\n1,2," + b + "\ncommit " + b + "\n,-1,\n"))
	f.Add([]byte("commit " + strings.Repeat("c", 64) + "\n99999999999999999999,0," + a + " " + a + "\n"))
	f.Add([]byte("commit " + a + "\n1,2"))
	f.Fuzz(func(t *testing.T, out []byte) {
		g := newGraph(time.Time{})
		if err := g.read(bytes.NewReader(out), func(int) {}); err != nil {
			return
		}
		for n := range g.ids {
			for _, p := range g.parents[n] {
				if p < 0 || int(p) >= len(g.ids) {
					t.Fatalf("parent %d of %d commits", p, len(g.ids))
				}
			}
			if at := g.authored[n]; at != noDate && schemas.CheckTime(time.Unix(at, 0)) != nil {
				t.Fatalf("authored at %d", at)
			}
		}
	})
}

func FuzzTags(f *testing.F) {
	f.Add("refs/tags/v1.2.0-rc.1\x00tag\x00abc\x001700000000\x00Ann <a@example.org> 1700000000 +0000\n", "commit abc")
	f.Add("refs/tags/x/@\x00blob\x00abc\x00\x00\n", "blob abc")
	f.Fuzz(func(t *testing.T, refs, answers string) {
		tags, err := parseTags(refs, time.Time{})
		if err != nil {
			return
		}
		for _, g := range tags {
			if g.name == "" {
				t.Fatal("a tag has no name")
			}
		}
		commits, warnings, err := peel(tags, answers)
		if err == nil && len(commits)+len(warnings) != len(tags) {
			t.Fatalf("%d tags gave %d commits and %d warnings", len(tags), len(commits), len(warnings))
		}
	})
}
