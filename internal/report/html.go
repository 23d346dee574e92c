package report

import (
	_ "embed"
	"fmt"
	"html/template"
	"io"
	"strings"

	"github.com/fivekeys/fivekeys/internal/bands"
)

//go:embed report.html.tmpl
var pageText string

// page is one file that needs nothing else: its style and its charts are in it.
// Names come from whoever may send an event; html/template escapes them where
// they stand.
var page = template.Must(template.New("report").Parse(pageText))

// The view of the page: texts as the terminal prints them, charts as SVG.
type (
	pageView struct {
		Title, Span string
		Empty       bool
		Tiles       []tileView
		Stages      []stageView
		Others      []otherView
		Notes       []string
		Lists       []listView
		Footnotes   []string
		From, To    string
	}
	tileView struct {
		Title, Value, Detail string
		Band, BandClass      string
		Trend, TrendClass    string
		None                 bool
		Chart                template.HTML
	}
	stageView struct {
		Title, Value string
		Percent      string // of the longest stage
	}
	otherView struct{ Title, Value, Trend, Detail string }
	listView  struct {
		Heading string
		First   string // heading of the names, where it needs one
		Columns []string
		Rows    []rowView
		Rest    string
	}
	rowView struct {
		Name  string
		Cells []cellView
	}
	cellView struct{ Text, Band, Class string }
)

// HTML writes the report as one self-contained page: it asks the network for
// nothing, prints on paper and follows the reader's choice of dark or light.
func HTML(w io.Writer, r Report) error {
	v := pageView{
		Title: r.Summary.Scope.title(), Span: r.span(), Empty: r.empty(), From: date(r.From), To: date(r.To.Add(-Day)),
		Notes: openNotes(r), Footnotes: footnotes(r),
	}
	for _, m := range r.Summary.Metrics {
		switch {
		case isKey(m.Name):
			v.Tiles = append(v.Tiles, newTile(m))
		case isStage(m.Name):
		case m.Value != nil:
			v.Others = append(v.Others, otherView{strings.TrimSpace(label[m.Name]), m.human(), m.Trend.human(), m.detail()})
		}
	}
	v.Stages = stages(r.Summary)
	v.Lists = append(v.Lists, newList("Teams", r.Teams, r.TeamCount), newList("Services", r.Services, r.ServiceCount))
	v.Lists = append(v.Lists, budgetList(r), toilList(r))
	if err := page.Execute(w, v); err != nil {
		return fmt.Errorf("write report as HTML: %w", err)
	}
	return nil
}

func isKey(n Name) bool {
	switch n {
	case DeploymentFrequency, LeadTime, ChangeFailRate, RecoveryTime, ReworkRate:
		return true
	}
	return false
}

func bandClass(b bands.Band) string {
	switch b {
	case bands.Elite, bands.High, bands.Medium, bands.Low:
		return "band " + strings.ToLower(bandWord[b])
	}
	return "band few"
}

func newTile(m Metric) tileView {
	t := tileView{Title: label[m.Name], Value: m.human(), Detail: m.detail(), Trend: m.Trend.human(), None: m.Value == nil, Chart: weeklyChart(m)}
	if m.Band != bands.None {
		t.Band, t.BandClass = bandWord[m.Band], bandClass(m.Band)
	}
	if m.Trend != nil {
		t.TrendClass = string(m.Trend.Verdict)
	}
	return t
}

// stages are the medians of the lead time's stages against the longest of them.
// Medians do not add up, so they stand one below the other and not in a row.
func stages(s Section) []stageView {
	longest := 0.0
	for _, m := range s.Metrics {
		if isStage(m.Name) && m.Value != nil {
			longest = max(longest, *m.Value)
		}
	}
	var out []stageView
	for _, m := range s.Metrics {
		if !isStage(m.Name) || m.Value == nil {
			continue
		}
		percent := 0.0
		if longest > 0 {
			percent = *m.Value / longest * 100
		}
		out = append(out, stageView{strings.TrimSpace(label[m.Name]), m.human(), fmt.Sprintf("%.1f%%", percent)})
	}
	return out
}

func newList(heading string, sections []Section, count int) listView {
	l := listView{Heading: heading}
	for _, k := range listed {
		title := strings.ToLower(strings.TrimSpace(k.title + " " + k.more))
		l.Columns = append(l.Columns, strings.ToUpper(title[:1])+title[1:])
	}
	for _, s := range sections {
		row := rowView{Name: s.Scope.row()}
		for _, k := range listed {
			m := s.Metric(k.name)
			cell := cellView{Text: m.human()}
			if m.Band != bands.None {
				cell.Band, cell.Class = bandWord[m.Band], bandClass(m.Band)
			}
			if m.Value == nil {
				cell.Class = "none"
			}
			row.Cells = append(row.Cells, cell)
		}
		l.Rows = append(l.Rows, row)
	}
	if rest := count - len(sections); rest > 0 {
		l.Rest = fmt.Sprintf("…and %s more with fewer deployments.", thousands(rest))
	}
	return l
}

// budgetList is the objectives with what is left of their budgets.
func budgetList(r Report) listView {
	l := listView{
		Heading: headingOf("Error budgets", len(r.Budgets), r.BudgetCount, "with the least left"), First: "Objective",
		Columns: []string{"Service", "Target", "SLI", "Left", "Minutes", "Burn of the last hour", "Runs out"},
	}
	for _, b := range r.Budgets {
		left := b.left()
		l.Rows = append(l.Rows, rowView{Name: printable(b.Objective), Cells: []cellView{
			{Text: printable(b.Service)}, {Text: humanShare(b.Target)}, {Text: b.sli()}, {Text: left.text, Class: paintClass[left.paint]},
			{Text: b.minutes()}, {Text: b.burn()}, {Text: b.end()},
		}})
	}
	if len(r.Budgets) > 0 {
		l.Rest = budgetNote(r.Budgets)
	}
	return l
}

// toilList is the teams with their toil against the cap.
func toilList(r Report) listView {
	l := listView{
		Heading: headingOf("Toil", len(r.Toil), r.ToilCount, "with the most of it"), First: "Team",
		Columns: []string{"Toil", "Cap", "Burn", "Left under the cap", "Inferred", "What"},
	}
	for i := range r.Toil {
		t := &r.Toil[i]
		ratio := t.ratio()
		l.Rows = append(l.Rows, rowView{Name: t.row(), Cells: []cellView{
			{Text: ratio.text, Class: paintClass[ratio.paint]}, {Text: t.cap()}, {Text: t.burn()}, {Text: t.left()}, {Text: t.assumed()}, {Text: t.top()},
		}})
	}
	if len(r.Toil) > 0 {
		l.Rest = toilNote
	}
	return l
}

// paintClass gives the page the terminal's paint.
var paintClass = map[paint]string{
	bluishGreen: "good", orange: "warn", vermillion: "bad", faint: "none",
}
