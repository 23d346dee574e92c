package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/rivo/uniseg"

	"github.com/fivekeys/fivekeys/internal/terminal"
	"github.com/fivekeys/fivekeys/processors/traces"
)

// shares prints who held the critical path, the largest part first.
func (f *waterfall) shares() {
	if len(f.Shares) == 0 {
		return
	}
	f.line(paintNone, "")
	label := 0
	shown := f.Shares[:min(len(f.Shares), mostShares)]
	for _, s := range shown {
		label = max(label, uniseg.StringWidth(terminal.Line(s.Name())))
	}
	title := "Where the time of the critical path went"
	label = min(max(label, uniseg.StringWidth(title)), f.width-2-figureWidth-2-7-2-9)
	f.line(paintFaint, fitted(title, label, false)+"  "+fitted("TIME", figureWidth, true)+"  "+fitted("SHARE", 7, true)+"  "+fitted("SPANS", 9, false))
	for _, s := range shown {
		spans := fmt.Sprint(s.Spans)
		if s.Failed > 0 {
			spans += fmt.Sprintf(", %d !", s.Failed)
		}
		f.line(paintNone, fitted(terminal.Line(s.Name()), label, false)+"  "+fitted(traces.Human(s.Time), figureWidth, true)+"  "+
			fitted(fmt.Sprintf("%.1f %%", 100*s.Share), 7, true)+"  "+spans)
	}
	if rest := f.Shares[len(shown):]; len(rest) > 0 {
		var sum int64
		for _, s := range rest {
			sum += s.Time
		}
		f.line(paintFaint, fitted(fmt.Sprintf("%d others", len(rest)), label, false)+"  "+fitted(traces.Human(sum), figureWidth, true))
	}
}

// notes say what is doubtful about the reading.
func (f *waterfall) notes() {
	roots, orphans, loops, moved := 0, 0, 0, map[string]int64{}
	for i := range f.Nodes {
		n := &f.Nodes[i]
		switch {
		case n.Orphan:
			orphans++
		case n.Loop:
			loops++
		case n.Parent < 0:
			roots++
		}
		if n.Skew != 0 && n.Parent >= 0 && f.Nodes[n.Parent].Skew != n.Skew {
			moved[n.Service] = n.Skew
		}
	}
	var notes []string
	if orphans > 0 {
		notes = append(notes, countOf(orphans, "span names a parent", "spans name parents")+
			" that was not recorded: it came late, was not sampled, or its service sends no spans. What is missing is missing from the critical path too.")
	}
	if loops > 0 {
		notes = append(notes, countOf(loops, "circle", "circles")+" of spans that are their own ancestors: whoever sent them gave out an id twice.")
	}
	if roots > 1 {
		notes = append(notes, fmt.Sprintf("%d spans have no parent; the critical path is that of the longest.", roots))
	}
	if roots == 0 {
		notes = append(notes, "The root was not recorded; the critical path is that of the longest fragment.")
	}
	for _, service := range slices.Sorted(maps.Keys(moved)) {
		notes = append(notes, fmt.Sprintf("The clock of %s contradicts its caller's; its spans were moved by %s, and how long requests to it were on their way is a guess.",
			terminal.Line(service), signedTime(moved[service])))
	}
	if f.Duplicates > 0 {
		notes = append(notes, countOf(f.Duplicates, "span was", "spans were")+" sent more than once.")
	}
	for _, n := range notes {
		f.paragraph(paintFaint, n)
	}
}

func signedTime(ns int64) string {
	if ns < 0 {
		return "−" + traces.Human(-ns)
	}
	return "+" + traces.Human(ns)
}

func traceSeconds(ns int64) float64 { return time.Duration(ns).Seconds() }
