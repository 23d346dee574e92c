package report

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fivekeys/fivekeys/internal/bands"
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
		t.out.WriteString("\n")
		t.paragraph(plain, "Nothing is known of these days. Is the name right, and do its events arrive? `fivekeys check` tells.")
	}
	t.list("TEAM", "Teams", r.Teams, r.TeamCount)
	t.list("SERVICE", "Services", r.Services, r.ServiceCount)
	t.budgets()
	t.toil()
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

// paragraph writes a text, broken at the width.
func (t *table) paragraph(p paint, text string) {
	for _, line := range wrapped(text, t.options.Width) {
		t.out.WriteString(p.apply(line, t.options.Color) + "\n")
	}
}

func (t *table) heading() {
	r := t.report
	t.paragraph(bold, shortened("Delivery performance of "+r.Summary.Scope.title(), t.options.Width))
	t.paragraph(faint, r.span())
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
		return cell{m.human(), faint}
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
	for _, n := range openNotes(t.report) {
		t.paragraph(vermillion, "! "+n)
	}
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
	t.paragraph(bold, headingOf(heading, len(sections), count, "with the most deployments"))
	g := grid{columns: []column{{title: title, flexible: true}}}
	for _, k := range listed {
		optional := k.name == RecoveryTime || k.name == ReworkRate
		g.columns = append(g.columns, column{title: k.title, right: true, optional: optional})
		if k.name != ReworkRate {
			g.columns = append(g.columns, column{title: k.more, tight: true, optional: optional})
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

// headingOf says which are listed where not all are.
func headingOf(heading string, shown, count int, which string) string {
	if shown == count {
		return heading
	}
	return fmt.Sprintf("%s: the %d of %s %s", heading, shown, thousands(count), which)
}

func (t *table) footer() {
	t.out.WriteString("\n")
	for _, l := range footnotes(t.report) {
		t.paragraph(faint, l)
	}
}
