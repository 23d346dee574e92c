package github

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v60/github"

	"github.com/fivekeys/fivekeys/schemas"
)

// Toil says how toil is read.
type Toil struct {
	// Labels are globs of the issue labels that make an issue toil; none means
	// toil and toil/*.
	Labels []string
	// PersonKey keys the hash under which whoever did it is stored. Without it
	// nobody is.
	PersonKey []byte
}

func (t Toil) labels() []string {
	if len(t.Labels) == 0 {
		return []string{"toil", "toil/*"}
	}
	return t.Labels
}

// marks says whether a label makes an issue toil.
func (t Toil) marks(label string) bool {
	return slices.ContainsFunc(t.labels(), func(glob string) bool { return schemas.MatchGlob(glob, label) })
}

func (t Toil) isToil(labels []string) bool { return slices.ContainsFunc(labels, t.marks) }

// minutes is what the labels say it took: toil/30m, toil/1h30m. Of several the
// largest counts, so that it does not matter in which order they were set.
func (t Toil) minutes(labels []string) float64 {
	most := 0.0
	for _, label := range labels {
		if i := strings.LastIndexAny(label, "/:"); i >= 0 && t.marks(label) {
			most = max(most, minutesOf(label[i+1:]))
		}
	}
	return most
}

// uncategorised is the category of what nobody gave one.
const uncategorised = "uncategorised"

// category is what toil:category/… says, else the first label that says
// something else.
func (t Toil) category(labels []string) string {
	for _, label := range labels {
		if rest, ok := cutLabel(label, "toil"); ok {
			if name, ok := cutLabel(rest, "category"); ok {
				return strings.ToLower(name)
			}
		}
	}
	for _, label := range labels {
		_, service := cutLabel(label, "service")
		_, team := cutLabel(label, "team")
		if !service && !team && !t.marks(label) && severityOf([]string{label}) == "" {
			return strings.ToLower(label)
		}
	}
	return uncategorised
}

// longestToil is what one entry can take: a person's week. More is a slip.
const longestToil = schemas.WorkingWeek

// minutesOf reads a time that is all of a text.
func minutesOf(text string) float64 {
	minutes, rest := timeTaken(text)
	if rest != "" {
		return 0
	}
	return minutes
}

// amountOfTime is a number with its unit, if it has one; what follows a unit is
// no letter.
var amountOfTime = regexp.MustCompile(`(?i)^([0-9]{1,6}(?:[.,][0-9]{1,6})?)(?:[ \t]*(h|hr|hrs|hour|hours|m|min|mins|minute|minutes)(?:[^\pL]|$))?`)

// otherUnit is one that a number alone must not be taken for minutes beside.
var otherUnit = regexp.MustCompile(`(?i)^[ \t]*(s|sec|secs|seconds?|d|days?|w|weeks?|months?)(?:[^\pL]|$)`)

// timeTaken reads the time that a text begins with, as people write it: 30m, 2 h,
// 1h30m, 1h 30, 1.5h, 45min, 1 hour 30 minutes; a number alone is minutes. Several
// add up. The rest is what follows. What is no such thing, or takes less than a
// minute or more than a week, is 0.
func timeTaken(text string) (minutes float64, rest string) {
	rest = strings.TrimSpace(text)
	for before := ""; rest != ""; {
		m := amountOfTime.FindStringSubmatch(rest)
		if m == nil {
			break
		}
		n, err := strconv.ParseFloat(strings.Replace(m[1], ",", ".", 1), 64)
		if err != nil {
			break
		}
		unit, length := strings.ToLower(m[2]), len(m[1])
		if unit != "" {
			length = strings.LastIndex(strings.ToLower(m[0]), unit) + len(unit)
		}
		after := rest[length:]
		apart := after == "" || after[0] == ' ' || after[0] == '\t'
		switch {
		case strings.HasPrefix(unit, "h"):
			n *= 60
		case unit != "":
		case otherUnit.MatchString(after):
			return 0, rest
		case before == "" && apart: // 30, and maybe what for
		case before == "h" && (after == "" || apart && joined(text, rest)): // 1h 30, 1h30 for what
		default:
			return inRange(minutes), rest
		}
		minutes += n
		before = unit[:min(1, len(unit))]
		if rest = strings.TrimLeft(after, " \t"); before == "" {
			break
		}
	}
	return inRange(minutes), rest
}

// joined says whether rest, an end of text, follows on what is before it without
// a blank.
func joined(text, rest string) bool {
	text = strings.TrimSpace(text)
	i := len(text) - len(rest) - 1
	return i >= 0 && text[i] != ' ' && text[i] != '\t'
}

func inRange(minutes float64) float64 {
	if minutes < 1 || minutes > longestToil.Minutes() {
		return 0
	}
	return minutes
}

// GitHub tells times in seconds, and several labels are changed in one. The
// milliseconds say what came of them: the state after a label was taken off is
// newer than the one after a label was set, for which the old one was still
// there; whatever is gone for good is the newest.
const (
	afterLabeling = 1 * time.Millisecond
	afterRemoval  = 2 * time.Millisecond
	afterTheEnd   = 3 * time.Millisecond
)

// issues: one payload, two readings.
func (h *hook) issues(e *github.IssuesEvent) error {
	if err := h.issue(e); err != nil {
		return err
	}
	return h.toilIssue(e)
}

// toilIssue: a closed issue with a label that makes it toil, and one that says
// how long it took, is an entry. It is told again whenever that may have
// changed, and withdrawn when it is reopened, deleted or no toil any more.
func (h *hook) toilIssue(e *github.IssuesEvent) error {
	issue, action := e.GetIssue(), e.GetAction()
	labels, changed := labelNames(issue.Labels), e.GetLabel().GetName()
	closed := issue.GetState() == "closed"
	counted := func() bool { return h.toil.isToil(labels) && h.toil.minutes(labels) > 0 }
	at := first(issue.UpdatedAt, issue.ClosedAt, issue.CreatedAt)
	withdrawn := false
	switch action {
	case "closed", "edited":
		if !closed || !counted() {
			return nil
		}
	case "labeled":
		if !closed || !counted() {
			return nil
		}
		at = at.Add(afterLabeling)
	case "unlabeled":
		// GitHub's own examples still list the label that was taken off.
		labels = slices.DeleteFunc(labels, func(l string) bool { return l == changed })
		if withdrawn = !counted(); !closed || withdrawn && !h.toil.marks(changed) {
			return nil
		}
		if !withdrawn {
			at = at.Add(afterRemoval)
		}
	case "reopened", "deleted":
		if withdrawn = true; !counted() {
			return nil
		}
		at = at.Add(afterTheEnd)
	default:
		return nil
	}
	id := fmt.Sprintf("toil/issues/%d/%s/%s", issue.GetNumber(), action, stamp(at))
	if action == "labeled" || action == "unlabeled" {
		id += "/" + changed
	}
	return h.tell(id, at, labels, schemas.ToilEvent{
		Category:  h.toil.category(labels),
		Minutes:   h.toil.minutes(labels),
		EndedAt:   optional(issue.ClosedAt),
		Trigger:   "issue",
		EntryID:   fmt.Sprintf("%s#%d", h.repo, issue.GetNumber()),
		Title:     issue.GetTitle(),
		URL:       issue.GetHTMLURL(),
		Withdrawn: withdrawn,
	})
}

// tell adds a toil event, once: it took its minutes once, however many services
// the repository has. The labels may say whose it was.
func (h *hook) tell(id string, at time.Time, labels []string, toil schemas.ToilEvent) error {
	toil.Service, toil.Team = h.toilOwner(labels)
	e, err := schemas.NewEvent(id, "github/"+h.repo, schemas.TypeToil, at, toil.Service, &toil)
	if err != nil {
		return err
	}
	if err := e.Validate(); err != nil {
		return fmt.Errorf("%w: %s: %w", ErrPayload, id, err)
	}
	h.events = append(h.events, e)
	return nil
}

// toilOwner gives the service and the team that did it. service/<name> and
// team/<name> pick; in a repository of several services none of them is known,
// and the first one's team stands for all.
func (h *hook) toilOwner(labels []string) (service, team string) {
	candidates := h.namedServices(labels)
	if len(candidates) == 0 {
		candidates = h.services()
	}
	if len(candidates) > 0 {
		team = candidates[0].Team
	}
	if len(candidates) == 1 {
		service = candidates[0].Name
	}
	for _, label := range labels {
		if name, ok := cutLabel(label, "team"); ok {
			return service, name
		}
	}
	owner, _, _ := strings.Cut(h.repo, "/")
	return service, or(team, owner)
}
