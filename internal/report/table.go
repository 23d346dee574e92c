package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fivekeys/fivekeys/internal/bands"
	"github.com/fivekeys/fivekeys/schemas"
)

// TableOptions say what the terminal can show; see Terminal.
type TableOptions struct {
	Color bool
	Width int // 0 is MaxWidth
}

const (
	// MaxWidth is as wide as a table gets, however wide the terminal is.
	MaxWidth = 100
	minWidth = 60
	// sparkWeeks is how many weeks a sparkline shows: a quarter's full weeks.
	sparkWeeks     = 12
	sparkWeeksList = 8
)

// Table writes the report for people at a terminal.
func Table(w io.Writer, r Report, o TableOptions) error {
	if o.Width == 0 || o.Width > MaxWidth {
		o.Width = MaxWidth
	}
	o.Width = max(o.Width, minWidth)
	t := &table{report: r, options: o}
	t.heading()
	t.summary()
	t.notes()
	if t.report.empty() {
		t.line(plain, "\nNothing is known of these days. Is the name right, and do its events arrive? `fivekeys check` tells.")
	}
	t.list("TEAM", "Teams", r.Teams, r.TeamCount)
	t.list("SERVICE", "Services", r.Services, r.ServiceCount)
	t.footer()
	if _, err := io.WriteString(w, t.out.String()); err != nil {
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

type table struct {
	report  Report
	options TableOptions
	out     strings.Builder
}

func (t *table) line(p paint, format string, args ...any) {
	t.out.WriteString(p.apply(fmt.Sprintf(format, args...), t.options.Color) + "\n")
}

func (t *table) heading() {
	r := t.report
	t.line(bold, "%s", shortened("Delivery performance of "+r.Summary.Scope.title(), t.options.Width))
	t.line(faint, "%s to %s, %s, compared with the %s before", date(r.From), date(r.To.Add(-Day)),
		plural(r.Days, "day", "days"), plural(r.Days, "day", "days"))
	t.out.WriteString("\n")
}

func (t *table) summary() {
	weeks := ""
	if n := len(t.report.Summary.Metric(DeploymentFrequency).Weekly); n > 0 {
		weeks = plural(min(n, sparkWeeks), "WEEK", "WEEKS")
	}
	g := grid{columns: []column{
		{title: "KEY"}, {title: "VALUE", right: true}, {title: "BAND"}, {title: "CHANGE"},
		{title: weeks, optional: true}, {title: "RESTS ON", optional: true, flexible: true},
	}}
	for _, m := range t.report.Summary.Metrics {
		g.add(nameCell(m), valueCell(m), bandCell(m), trendCell(m.Trend),
			cell{spark(m.Weekly, sparkWeeks), plain}, cell{m.detail(), faint})
	}
	g.write(&t.out, t.options.Width, t.options.Color)
}

func nameCell(m Metric) cell {
	if isStage(m.Name) {
		return cell{label[m.Name], faint}
	}
	return cell{label[m.Name], plain}
}

func isStage(n Name) bool { return slices.Contains([]Name{Coding, Pickup, Review, Deploy}, n) }

func valueCell(m Metric) cell {
	switch {
	case m.Value == nil:
		return cell{noData, faint}
	case isStage(m.Name):
		return cell{m.human(), plain}
	}
	return cell{m.human(), bold}
}

var bandPaint = map[bands.Band]paint{
	bands.Elite: bluishGreen, bands.High: skyBlue, bands.Medium: orange, bands.Low: vermillion,
	bands.NotEnoughData: faint,
}

func bandCell(m Metric) cell { return cell{bandWord[m.Band], bandPaint[m.Band]} }

func trendCell(tr *Trend) cell {
	c := cell{tr.human(), faint}
	if tr != nil && tr.Verdict == Better {
		c.paint = bluishGreen
	}
	if tr != nil && tr.Verdict == Worse {
		c.paint = vermillion
	}
	return c
}

// notes tell what is open: it is in no figure above and would be forgotten.
func (t *table) notes() {
	for _, n := range openNotes(t.report.Summary.Open) {
		t.line(vermillion, "! %s", n)
	}
}

func openNotes(o Open) []string {
	var notes []string
	if n := o.UnrecoveredDeployments; n > 0 {
		note := plural(n, "failed deployment hasn't recovered and is", "failed deployments haven't recovered and are") + " in no recovery time"
		if o.UnrecoveredSince != nil {
			note += ", the oldest since " + date(*o.UnrecoveredSince)
		}
		notes = append(notes, note)
	}
	if n := o.Incidents; n > 0 {
		note := plural(n, "incident is open", "incidents are open")
		if o.IncidentSince != nil {
			note += ", the oldest since " + date(*o.IncidentSince)
		}
		notes = append(notes, note)
	}
	return notes
}

// listed are the keys that have a column in the lists of teams and services;
// the title stands over the value and its band.
var listed = []struct {
	name        Name
	title, more string
}{
	{DeploymentFrequency, "DEPLOYS", ""}, {LeadTime, "LEAD", "TIME"}, {ChangeFailRate, "FAIL", "RATE"},
	{RecoveryTime, "RECOVERY", ""}, {ReworkRate, "REWORK", ""},
}

func (t *table) list(title, heading string, sections []Section, count int) {
	if len(sections) == 0 {
		return
	}
	t.out.WriteString("\n")
	if rest := count - len(sections); rest > 0 {
		heading = fmt.Sprintf("%s: the %d of %s with the most deployments", heading, len(sections), thousands(count))
	}
	t.line(bold, "%s", heading)
	g := grid{columns: []column{{title: title, flexible: true}}}
	for _, k := range listed {
		g.columns = append(g.columns, column{title: k.title, right: true})
		if k.name != ReworkRate {
			g.columns = append(g.columns, column{title: k.more, tight: true})
		}
	}
	g.columns = append(g.columns, column{title: "WEEKLY", optional: true})
	for _, s := range sections {
		row := []cell{{s.Scope.row(), plain}}
		for _, k := range listed {
			m := s.Metric(k.name)
			row = append(row, valueCell(m))
			if k.name == ReworkRate {
				continue
			}
			band := bandCell(m)
			if m.Band == bands.NotEnoughData {
				band.text = "few"
			}
			row = append(row, band)
		}
		g.add(append(row, cell{spark(s.Metric(DeploymentFrequency).Weekly, sparkWeeksList), plain})...)
	}
	g.write(&t.out, t.options.Width, t.options.Color)
}

func (t *table) footer() {
	t.out.WriteString("\n")
	for _, l := range footnotes(t.report) {
		for _, part := range wrapped(l, t.options.Width) {
			t.line(faint, "%s", part)
		}
	}
}

// footnotes say how the figures came about and what is not in them.
func footnotes(r Report) []string {
	var notes []string
	if s := leftOut(r.Summary.LeftOut); s != "" {
		notes = append(notes, "Left out: "+s+".")
	}
	few := fmt.Sprintf("Medians of pooled changes, deployments and incidents; rates with a 95 %% interval. No band on fewer than %d", r.MinimumSample)
	if len(r.Teams)+len(r.Services) > 0 {
		few += " (few)"
	}
	notes = append(notes, few+".")
	versions := "DORA bands of " + r.Bands
	if r.Rules != "" {
		versions += ", rules " + printable(r.Rules)
	}
	return append(notes, fmt.Sprintf("%s. Days are UTC. Open ages as of %s.", versions, r.At.UTC().Format("2006-01-02 15:04")))
}

var exclusionWord = map[schemas.Exclusion]string{
	schemas.ExcludedBaseline: "baseline",
	schemas.ExcludedNegative: "negative",
	schemas.ExcludedNoTime:   "without commit time",
}

// leftOut prints "32 changes without lead time (30 baseline, 2 negative)".
func leftOut(l LeftOut) string {
	var parts []string
	if l.Changes > 0 {
		s := plural(l.Changes, "change", "changes") + " without lead time"
		var reasons []string
		for _, e := range []schemas.Exclusion{schemas.ExcludedBaseline, schemas.ExcludedNegative, schemas.ExcludedNoTime} {
			if n := l.Reasons[e]; n > 0 {
				reasons = append(reasons, thousands(n)+" "+exclusionWord[e])
			}
		}
		if len(reasons) > 0 {
			s += " (" + strings.Join(reasons, ", ") + ")"
		}
		parts = append(parts, s)
	}
	if n := l.UnresolvedDeployments; n > 0 {
		parts = append(parts, "the contents of "+plural(n, "deployment", "deployments")+" of an unknown SHA")
	}
	if n := l.UnattributedIncidents; n > 0 {
		parts = append(parts, plural(n, "incident", "incidents")+" attributed to no deployment")
	}
	return strings.Join(parts, "; ")
}

// wrapped breaks a line at spaces.
func wrapped(s string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		switch {
		case line == "":
			line = word
		case len([]rune(line))+1+len([]rune(word)) > width:
			lines, line = append(lines, line), word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
