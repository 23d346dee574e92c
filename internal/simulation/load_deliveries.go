package simulation

import (
	"iter"
	"strconv"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// The marks a Load's payloads are cut at. What stands for a number looks like
// one, and no other number or text of a payload contains it.
const (
	nameMark = iota
	repositoryMark
	shaMark
	beforeMark
	timeMark
	secondsMark
	authoredMark
	openedMark
	deploymentMark
	statusMark
	numberMark
	issueMark
	marks
)

var (
	markedTime     = time.Date(2001, time.September, 9, 1, 46, 41, 0, time.UTC) // 1000000001
	markedAuthored = time.Date(2001, time.September, 8, 2, 2, 2, 0, time.UTC)
	markedOpened   = time.Date(2001, time.September, 7, 3, 3, 3, 0, time.UTC)
)

var markTexts = [marks]string{
	nameMark: "svc-XXXXX", repositoryMark: "555555551", shaMark: strings.Repeat("c1", 20), beforeMark: strings.Repeat("b1", 20),
	timeMark: stamp(markedTime), secondsMark: "1000000001", authoredMark: stamp(markedAuthored),
	openedMark: stamp(markedOpened), deploymentMark: "1555555552", statusMark: "10888888865", numberMark: "1555553", issueMark: "1666666663",
}

// Deliveries gives the Load as GitHub would send it, mostly push and
// deployment_status, in order of time.
func (l Load) Deliveries() iter.Seq[Delivery] {
	l = l.withDefaults()
	return func(yield func(Delivery) bool) {
		stencils := loadStencils()
		values := make([][]byte, marks)
		n := 0
		for b := range l.beats() {
			l.values(values, b)
			d := Delivery{
				Event: loadEventNames[b.kind], GUID: l.guid(n), At: b.at.Add(time.Second),
				Body: stencils[b.kind].fill(values),
			}
			n++
			if !yield(d) {
				return
			}
		}
	}
}

var loadEventNames = [...]string{
	landed: "push", deploying: "deployment_status", deployed: "deployment_status",
	opened: "issues", acknowledged: "issues", resolved: "issues",
}

// values writes what goes into the places of a beat's payload.
func (l Load) values(v [][]byte, b beat) {
	v[nameMark] = append(append(v[nameMark][:0], "svc-"...), digits(b.service, 5)...)
	v[repositoryMark] = strconv.AppendInt(v[repositoryMark][:0], 600_000_000+int64(b.service), 10)
	v[shaMark] = l.appendSHA(v[shaMark][:0], b.service, b.change)
	if b.kind == landed {
		v[beforeMark] = l.appendSHA(v[beforeMark][:0], b.service, b.change-1)
		v[authoredMark] = b.authored().AppendFormat(v[authoredMark][:0], time.RFC3339)
	}
	v[timeMark] = b.at.AppendFormat(v[timeMark][:0], time.RFC3339)
	v[secondsMark] = strconv.AppendInt(v[secondsMark][:0], b.at.Unix(), 10)
	v[deploymentMark] = strconv.AppendInt(v[deploymentMark][:0], b.deploymentID(), 10)
	v[statusMark] = strconv.AppendInt(v[statusMark][:0], b.statusID(), 10)
	v[openedMark] = b.openedAt.AppendFormat(v[openedMark][:0], time.RFC3339)
	v[issueMark] = strconv.AppendInt(v[issueMark][:0], b.issueID(), 10)
	v[numberMark] = strconv.AppendInt(v[numberMark][:0], b.issueNumber(), 10)
}

func digits(n, width int) string {
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, width-len(s))) + s
}

func (l Load) guid(n int) string {
	raw := l.appendSHA(nil, -1, uint64(n))
	dashed := make([]byte, 0, 36)
	for i, part := range [...]int{8, 4, 4, 4, 12} {
		if i > 0 {
			dashed = append(dashed, '-')
		}
		dashed = append(dashed, raw[:part]...)
		raw = raw[part:]
	}
	return string(dashed)
}

// marked is a mark that stands for a number, as one.
func marked(mark int) int {
	n, err := strconv.Atoi(markTexts[mark])
	if err != nil {
		panic("mark is no number: " + markTexts[mark])
	}
	return n
}

// loadStencils cuts one payload of each kind from the full shapes.
func loadStencils() [resolved + 1]stencil {
	by := &person{id: 21_031_067, login: "ada-acme", name: "Ada Brandt"}
	tm := &team{name: "load", people: []*person{by}}
	r := &repository{id: int64(marked(repositoryMark)), owner: organisation, name: markTexts[nameMark], team: tm, language: "Go"}
	s := &service{archetype: archetype{name: r.name, signal: schemas.ByDeployment}, team: tm, repo: r}

	c := &commit{
		sha: markTexts[shaMark], at: markedAuthored, by: by, subject: "Change something",
		added: []string{}, modified: []string{"src/main.go"}, removed: []string{},
	}
	begun := deployment{
		service: s, environment: "production", production: true, head: &push{commits: []*commit{c}}, createdAt: markedTime,
		id: int64(marked(deploymentMark)),
	}
	done := begun
	is := &issue{
		repo: r, service: s, incident: true, title: "Errors", labels: []string{"incident", "sev2"}, by: by, openedAt: markedOpened,
		moves: []issueMove{{"assigned", markedTime, by}},
	}
	is.number, is.id = marked(numberMark), int64(marked(issueMark))

	p := newPayloads()
	justOpened := p.issueEvent(is, "opened", markedOpened, by)
	assigned := p.issueEvent(is, "assigned", markedTime, by)
	assigned["assignee"] = p.user(by)
	is.moves = append(is.moves, issueMove{"closed", markedTime, by})
	closed := p.issueEvent(is, "closed", markedTime, by)

	bodies := [...]object{
		landed: p.push(r, pushed{
			ref: "refs/heads/" + defaultBranch, before: markTexts[beforeMark], after: c.sha, commits: []*commit{c}, head: c, at: markedTime, by: by,
		}),
		deploying:    p.deploymentStatus(&begun, "in_progress", markedTime),
		deployed:     p.deploymentStatus(&done, "success", markedTime),
		opened:       justOpened,
		acknowledged: assigned,
		resolved:     closed,
	}
	var out [resolved + 1]stencil
	for kind, o := range bodies {
		out[kind] = cut(encode(o), markTexts[:])
	}
	return out
}
