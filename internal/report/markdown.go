package report

import (
	"fmt"
	"io"
	"strings"

	"github.com/fivekeys/fivekeys/internal/bands"
)

// Markdown writes the report as a post: the keys with their trends, what is
// open, the teams or services, and a small print. Stages and whatever has no
// data are left to the table.
func Markdown(w io.Writer, r Report) error {
	var b strings.Builder
	fmt.Fprintf(&b, "## Delivery performance of %s\n\n", escaped(r.Summary.Scope.title()))
	fmt.Fprintf(&b, "%s.\n\n", r.span())
	if r.empty() {
		b.WriteString("Nothing is known of these days.\n\n")
	} else {
		markdownKeys(&b, r.Summary)
	}
	notes := openNotes(r)
	for _, n := range notes {
		fmt.Fprintf(&b, "- ⚠️ %s\n", n)
	}
	if len(notes) > 0 {
		b.WriteString("\n")
	}
	markdownList(&b, "Teams", r.Teams, r.TeamCount)
	markdownList(&b, "Services", r.Services, r.ServiceCount)
	markdownBudgets(&b, r)
	markdownToil(&b, r)
	for _, n := range footnotes(r) {
		fmt.Fprintf(&b, "<sub>%s</sub>  \n", n)
	}
	if _, err := io.WriteString(w, b.String()); err != nil {
		return fmt.Errorf("write report as Markdown: %w", err)
	}
	return nil
}

func markdownKeys(b *strings.Builder, s Section) {
	b.WriteString("| Key | Value | Band | Change | Weekly | Rests on |\n|---|---:|---|---|---|---|\n")
	for _, m := range s.Metrics {
		if isStage(m.Name) {
			continue
		}
		fmt.Fprintf(b, "| %s | **%s** | %s | %s | %s | %s |\n", label[m.Name], m.human(), bandWord[m.Band],
			m.Trend.human(), spark(m.Weekly, sparkWeeks), m.detail())
	}
	b.WriteString("\n")
	var stages []string
	for _, m := range s.Metrics {
		if isStage(m.Name) && m.Value != nil {
			stages = append(stages, strings.TrimSpace(label[m.Name])+" "+m.human())
		}
	}
	if len(stages) > 0 {
		fmt.Fprintf(b, "Where the lead time goes, in medians: %s.\n\n", strings.Join(stages, " → "))
	}
}

func markdownList(b *strings.Builder, heading string, sections []Section, count int) {
	if len(sections) == 0 {
		return
	}
	fmt.Fprintf(b, "### %s\n\n| |", heading)
	for _, k := range listed {
		b.WriteString(" " + strings.ToLower(strings.TrimSpace(k.title+" "+k.more)) + " |")
	}
	b.WriteString("\n|---|" + strings.Repeat("---|", len(listed)) + "\n")
	for _, s := range sections {
		fmt.Fprintf(b, "| %s |", escaped(s.Scope.row()))
		for _, k := range listed {
			m := s.Metric(k.name)
			text := m.human()
			switch {
			case m.Band == bands.NotEnoughData:
				text += " (few)"
			case m.Band != bands.None:
				text += " " + bandWord[m.Band]
			}
			b.WriteString(" " + text + " |")
		}
		b.WriteString("\n")
	}
	if rest := count - len(sections); rest > 0 {
		fmt.Fprintf(b, "\n…and %s more with fewer deployments.\n", thousands(rest))
	}
	b.WriteString("\n")
}

func markdownBudgets(b *strings.Builder, r Report) {
	if len(r.Budgets) == 0 {
		return
	}
	fmt.Fprintf(b, "### %s\n\n", headingOf("Error budgets", len(r.Budgets), r.BudgetCount, "with the least left"))
	b.WriteString("| Objective | Service | Target | SLI | Left | | Burn | Runs out |\n|---|---|---:|---:|---:|---:|---:|---|\n")
	for _, o := range r.Budgets {
		fmt.Fprintf(b, "| %s | %s | %s | %s | **%s** | %s | %s | %s |\n", escaped(printable(o.Objective)), escaped(printable(o.Service)),
			humanShare(o.Target), o.sli(), o.left().text, o.minutes(), o.burn(), o.end())
	}
	fmt.Fprintf(b, "\n<sub>%s</sub>\n\n", budgetNote(r.Budgets))
}

func markdownToil(b *strings.Builder, r Report) {
	if len(r.Toil) == 0 {
		return
	}
	fmt.Fprintf(b, "### %s\n\n", headingOf("Toil", len(r.Toil), r.ToilCount, "with the most of it"))
	b.WriteString("| Team | Toil | Cap | Burn | Left | Inferred | Weekly | What |\n|---|---:|---:|---:|---:|---:|---|---|\n")
	for i := range r.Toil {
		t := &r.Toil[i]
		fmt.Fprintf(b, "| %s | **%s** | %s | %s | %s | %s | %s | %s |\n", escaped(t.row()), t.ratio().text, t.cap(), t.burn(), t.left(),
			t.assumed(), spark(t.Weekly, sparkWeeksList), escaped(t.top()))
	}
	fmt.Fprintf(b, "\n<sub>%s</sub>\n\n", toilNote)
}

// escaped keeps a name from being read as Markdown or HTML, and from
// mentioning people: names come from whoever may send an event.
func escaped(s string) string {
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == '@':
			b.WriteString("@\u200b")
			continue
		case strings.ContainsRune("\\`*_[]<>|~#&!", r):
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}
