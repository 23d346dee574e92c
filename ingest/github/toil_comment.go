package github

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/google/go-github/v60/github"

	"github.com/fivekeys/fivekeys/schemas"
)

// comment: a line "/toil 30m" or "/toil 30m certificates" in a comment on an
// issue or a pull request, whatever its labels and whether or not it is closed,
// is an entry. Edited, the comment is told again; deleted, or without such a
// line, it is withdrawn.
func (h *hook) comment(e *github.IssueCommentEvent) error {
	if err := h.in(e.GetRepo().GetFullName()); err != nil {
		return err
	}
	c, issue := e.GetComment(), e.GetIssue()
	if c.GetID() == 0 || issue.GetNumber() == 0 {
		return fmt.Errorf("%w: comment or its issue has no id", ErrPayload)
	}
	said, changed := readCommand(c.GetBody()), e.GetChanges()
	at, withdrawn := first(c.UpdatedAt, c.CreatedAt), false
	switch e.GetAction() {
	case "created":
	case "edited":
		if said.minutes == 0 && changed != nil && changed.Body != nil && changed.Body.From != nil {
			said, withdrawn = readCommand(*changed.Body.From), true
		}
	case "deleted":
		at, withdrawn = at.Add(afterTheEnd), true // the payload tells no other time than the last edit's
	default:
		return nil
	}
	if said.minutes == 0 || !trusted(e) {
		return nil
	}
	labels := labelNames(issue.Labels)
	id := fmt.Sprintf("toil/issue_comment/%d/%s/%s", c.GetID(), e.GetAction(), stamp(at))
	return h.tell(id, at, labels, schemas.ToilEvent{
		Category:  or(said.category, h.toil.category(labels)),
		Minutes:   said.minutes,
		EndedAt:   optional(c.CreatedAt),
		Trigger:   "comment",
		Person:    schemas.HashPerson(h.toil.PersonKey, c.GetUser().GetLogin()),
		EntryID:   fmt.Sprintf("%s#%d/comment/%d", h.repo, issue.GetNumber(), c.GetID()),
		Title:     issue.GetTitle(),
		URL:       c.GetHTMLURL(),
		Withdrawn: withdrawn,
	})
}

// trusted says whether a comment's author may report a team's work. On a public
// repository anybody comments.
func trusted(e *github.IssueCommentEvent) bool {
	if e.GetRepo().GetPrivate() || e.GetRepo().GetVisibility() == "internal" {
		return true
	}
	return slices.Contains([]string{"OWNER", "MEMBER", "COLLABORATOR"}, e.GetComment().GetAuthorAssociation())
}

// command is what the /toil lines of one comment say together.
type command struct {
	minutes  float64
	category string // of the first that names one
}

var toilLine = regexp.MustCompile(`(?i)^/toil[ \t]+(.+)$`)

// maxCategory keeps a category a category: a sentence groups nothing.
const maxCategory = 40

// readCommand reads a comment. Lines within a code block show how it is done
// and do it not.
func readCommand(body string) command {
	var c command
	fenced := false
	for line := range strings.Lines(body) {
		line = strings.TrimSpace(line)
		if strings.HasPrefix(line, "```") || strings.HasPrefix(line, "~~~") {
			fenced = !fenced
		}
		m := toilLine.FindStringSubmatch(line)
		if m == nil || fenced {
			continue
		}
		minutes, rest := timeTaken(m[1])
		if minutes == 0 || c.minutes+minutes > longestToil.Minutes() {
			continue
		}
		c.minutes += minutes
		if name := []rune(strings.ToLower(strings.TrimSpace(rest))); c.category == "" {
			c.category = string(name[:min(len(name), maxCategory)])
		}
	}
	return c
}
