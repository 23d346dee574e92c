package gitlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"
)

// tag is a selected tag, peeled to its commit.
type tag struct {
	name string
	sha  string // the commit
	// tagged is the tagger's date; a lightweight tag has none, nor have
	// annotated tags from before git wrote taggers.
	tagged    int64
	annotated bool // it has a tagger, so its date must be readable
}

// tagFormat prints a tag a line. NUL parts what people have written: a
// tagger's name may hold anything else.
const tagFormat = "--format=%(refname)%00%(objecttype)%00%(objectname)%00%(taggerdate:unix)%00%(tagger)"

// tags lists the tags that glob selects, as git tag --list does, in the order
// of their names, and warns of those that point to no commit. A repository
// without any tag is no error: it has changes, and no deployment yet.
func (c *clone) tags(ctx context.Context, glob string, now time.Time) (commits []tag, warnings []string, err error) {
	list := []string{"tag", "--list", "--no-column", "--sort=refname", tagFormat}
	if glob != "" {
		list = append(list, "--", glob)
	}
	out, err := c.output(ctx, list...)
	if err != nil {
		return nil, nil, err
	}
	selected, err := parseTags(out, now)
	if err != nil {
		return nil, nil, err
	}
	if len(selected) == 0 {
		some, err := c.output(ctx, "for-each-ref", "--count=1", "refs/tags")
		if err == nil && some != "" {
			err = fmt.Errorf("tags %q: %w", glob, ErrNoTagMatches)
		}
		return nil, nil, err
	}
	var objects strings.Builder
	for _, t := range selected {
		objects.WriteString(t.sha + "^{}\n") // down through tags of tags
	}
	var peeled strings.Builder
	err = c.stream(ctx, strings.NewReader(objects.String()), func(r io.Reader) error {
		_, err := io.Copy(&peeled, r)
		return err
	}, "cat-file", "--batch-check=%(objecttype) %(objectname)")
	if err != nil {
		return nil, nil, err
	}
	return peel(selected, peeled.String())
}

var errTags = errors.New("git tag --list printed a line that is not of its format")

func parseTags(out string, now time.Time) ([]tag, error) {
	var tags []tag
	for line := range strings.Lines(out) {
		fields := strings.SplitN(strings.TrimSuffix(line, "\n"), "\x00", 5)
		name, ok := strings.CutPrefix(fields[0], "refs/tags/")
		if len(fields) != 5 || !ok || name == "" {
			return nil, fmt.Errorf("%w: %.80q", errTags, line)
		}
		t := tag{name: name, sha: fields[2], annotated: fields[1] == "tag" && fields[4] != ""}
		if t.annotated {
			t.tagged = parseDate(fields[3], now)
		}
		tags = append(tags, t)
	}
	return tags, nil
}

// peel sets the tags' commits from the answers of cat-file, one a tag.
func peel(tags []tag, answers string) (commits []tag, warnings []string, err error) {
	lines := strings.Split(strings.TrimSuffix(answers, "\n"), "\n")
	if len(lines) != len(tags) {
		return nil, nil, fmt.Errorf("peel %d tags: %w (git cat-file answered %d lines)", len(tags), ErrCorrupt, len(lines))
	}
	for i, t := range tags {
		kind, sha, _ := strings.Cut(lines[i], " ")
		switch kind {
		case "commit":
			t.sha = sha
			commits = append(commits, t)
		case "tree", "blob":
			warnings = append(warnings, fmt.Sprintf("tag %s skipped: it points to a %s, not to a commit", t.name, kind))
		default: // "<object>^{} missing"
			return nil, nil, fmt.Errorf("peel tag %s: %w (its object is missing)", t.name, ErrCorrupt)
		}
	}
	return commits, warnings, nil
}
