package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	"github.com/fivekeys/fivekeys/internal/report"
	"github.com/fivekeys/fivekeys/internal/terminal"
	"github.com/fivekeys/fivekeys/processors/traces"
)

const (
	// A waterfall gains from a wide terminal, a list of names does not.
	widestTrace     = 160
	narrowestTrace  = 60
	widestPiped     = 100
	shortestBar     = 16
	figureWidth     = 8 // "1.23 min"
	widestIndent    = 12
	mostShares      = 5
	mostSpansListed = 200
)

// The paints of a waterfall; a sign beside each says the same.
const (
	paintNone     = terminal.None
	paintBold     = terminal.Bold
	paintFaint    = terminal.Faint
	paintCritical = terminal.Orange
	paintOther    = terminal.SkyBlue
	paintError    = terminal.Vermillion
)

// waterfall prints a reading.
type waterfall struct {
	*traces.Reading
	out   strings.Builder
	width int
	color bool
	// stretches of the critical path by node.
	critical map[int][]traces.Stretch
}

// traceTable writes a trace for people at a terminal.
func traceTable(w io.Writer, r *traces.Reading, all bool, o report.TableOptions) error {
	f := waterfall{Reading: r, color: o.Color, width: o.Width, critical: map[int][]traces.Stretch{}}
	if f.width == 0 {
		f.width = widestPiped
	}
	f.width = min(max(f.width, narrowestTrace), widestTrace)
	for _, s := range r.Path {
		f.critical[s.Node] = append(f.critical[s.Node], s)
	}
	f.heading()
	listed := f.listed(all)
	f.bars(listed)
	if left := len(r.Nodes) - len(listed); left > 0 {
		f.line(paintFaint, fmt.Sprintf("… and %d more spans; --all prints them", left))
	}
	f.legend()
	f.shares()
	f.line(paintNone, "")
	f.paragraph(paintBold, terminal.Line(r.Sentence()))
	f.notes()
	if _, err := io.WriteString(w, f.out.String()); err != nil {
		return fmt.Errorf("write trace: %w", err)
	}
	return nil
}

func (f *waterfall) line(paint terminal.Paint, text string) {
	f.out.WriteString(paint.Apply(strings.TrimRight(text, " "), f.color) + "\n")
}

// paragraph breaks a text at the width.
func (f *waterfall) paragraph(paint terminal.Paint, text string) {
	line := ""
	for word := range strings.SplitSeq(strings.ReplaceAll(text, " %", "\u00a0%"), " ") {
		if line != "" && uniseg.StringWidth(line)+1+uniseg.StringWidth(word) > f.width {
			f.line(paint, strings.ReplaceAll(line, "\u00a0", " "))
			line = ""
		}
		line = strings.TrimLeft(line+" "+word, " ")
	}
	f.line(paint, strings.ReplaceAll(line, "\u00a0", " "))
}

func (f *waterfall) heading() {
	failed := 0
	for i := range f.Nodes {
		if f.Nodes[i].Failed() {
			failed++
		}
	}
	f.line(paintBold, "Trace "+f.Trace.String())
	root := &f.Nodes[f.Root]
	text := fmt.Sprintf("%s · %s · %s of %s", time.Unix(0, f.Start).UTC().Format("2006-01-02 15:04:05.000 UTC"), traces.Human(root.Duration),
		countOf(len(f.Nodes), "span", "spans"), countOf(f.Services, "service", "services"))
	if failed > 0 {
		text += " · " + countOf(failed, "error", "errors")
	}
	if f.End-f.Start > root.Duration {
		text += " · " + traces.Human(f.End-f.Start) + " to the end of the last span"
	}
	f.paragraph(paintFaint, text)
	f.line(paintNone, "")
}

// listed chooses the rows: of a trace with very many spans those that failed or
// are on the critical path and the way to them, and others as long as there is
// room.
func (f *waterfall) listed(all bool) []int {
	chosen := make([]bool, len(f.Nodes))
	room := mostSpansListed
	if all {
		room = len(f.Nodes)
	}
	choose := func(i int) {
		for ; i >= 0 && !chosen[i] && room > 0; i = f.Nodes[i].Parent {
			chosen[i] = true
			room--
		}
	}
	choose(f.Root)
	for i := range f.Nodes {
		if f.Nodes[i].Failed() || f.Nodes[i].Critical > 0 {
			choose(i)
		}
	}
	for i := range f.Nodes {
		choose(i)
	}
	var rows []int
	for i := range chosen {
		if chosen[i] {
			rows = append(rows, i)
		}
	}
	return rows
}

// waterfallMarks are the signs before a span's name; legend explains those that are
// there.
var waterfallMarks = []struct {
	sign, meaning string
	on            func(*traces.Node) bool
}{
	{"!", "error", (*traces.Node).Failed},
	{"?", "its parent was not recorded", func(n *traces.Node) bool { return n.Orphan }},
	{"@", "its own ancestor", func(n *traces.Node) bool { return n.Loop }},
	{"~", "clock corrected", func(n *traces.Node) bool { return n.Skew != 0 }},
	{"»", "went on after its parent, which did not wait", func(n *traces.Node) bool { return n.Later }},
}

func (f *waterfall) signs(n *traces.Node) string {
	text := ""
	for _, m := range waterfallMarks {
		if m.on(n) {
			text += m.sign
		}
	}
	return text
}

func (f *waterfall) label(i int) string {
	n := &f.Nodes[i]
	name := n.Name
	if n.Parent < 0 || f.Nodes[n.Parent].Service != n.Service {
		name = n.Service + ": " + name
	}
	if n.Peer != "" && len(n.Children) == 0 {
		name += " → " + n.Peer
	}
	return strings.Repeat("  ", min(n.Depth, widestIndent)) + terminal.Line(name)
}

// bars prints the rows: signs, name, self time, duration, bar.
func (f *waterfall) bars(rows []int) {
	signs, label := 0, uniseg.StringWidth("SPAN")
	for _, i := range rows {
		signs = max(signs, uniseg.StringWidth(f.signs(&f.Nodes[i])))
		label = max(label, uniseg.StringWidth(f.label(i)))
	}
	if signs > 0 {
		signs++
	}
	fixed := signs + 2*(figureWidth+2) + 2
	label = min(label, f.width-fixed-max((f.width-fixed)*2/5, shortestBar))
	bar := f.width - fixed - label
	begin, end := "0", traces.Human(f.End-f.Start)
	f.line(paintFaint, strings.Repeat(" ", signs)+fitted("SPAN", label, false)+"  "+fitted("SELF", figureWidth, true)+"  "+
		fitted("TOTAL", figureWidth, true)+"  "+begin+fitted(end, bar-len(begin), true))
	for _, i := range rows {
		n := &f.Nodes[i]
		paint := paintNone
		switch {
		case n.Failed():
			paint = paintError
		case n.Critical == 0:
			paint = paintFaint
		}
		text := paint.Apply(fitted(f.signs(n), signs, false)+fitted(f.label(i), label, false), f.color) + "  " +
			fitted(traces.Human(n.Self), figureWidth, true) + "  " + fitted(traces.Human(n.Duration), figureWidth, true) + "  " + f.bar(i, bar)
		f.line(paintNone, text)
	}
}

const (
	onPath  = '█'
	offPath = '░'
)

// bar is a span's time on the trace's, in cells; what is on the critical path
// in cells of their own.
func (f *waterfall) bar(i, width int) string {
	n := &f.Nodes[i]
	total := max(f.End-f.Start, 1)
	place := func(at int64) float64 { return float64(at-f.Start) / float64(total) * float64(width) }
	// cells that a time touches, at least one.
	cells := func(from, to int64) (first, after int) {
		first = min(int(place(from)+0.01), width-1)
		return first, min(max(int(place(to)+0.99), first+1), width)
	}
	first, after := cells(n.Start, n.End())
	line := []rune(strings.Repeat(" ", first) + strings.Repeat(string(offPath), after-first))
	for _, s := range f.critical[i] {
		from, to := cells(s.From, s.To)
		for c := max(from, first); c < min(to, after); c++ {
			line[c] = onPath
		}
	}
	if !f.color {
		return string(line)
	}
	var out strings.Builder
	for from := 0; from < len(line); {
		to := from + 1
		for to < len(line) && line[to] == line[from] {
			to++
		}
		paint := paintNone
		switch line[from] {
		case onPath:
			paint = paintCritical
		case offPath:
			paint = paintOther
		}
		out.WriteString(paint.Apply(string(line[from:to]), f.color))
		from = to
	}
	return out.String()
}

func (f *waterfall) legend() {
	text := string(onPath) + " on the critical path, by its own work · " + string(offPath) + " otherwise"
	for _, m := range waterfallMarks {
		for i := range f.Nodes {
			if m.on(&f.Nodes[i]) {
				text += " · " + m.sign + " " + m.meaning
				break
			}
		}
	}
	f.line(paintNone, "")
	f.paragraph(paintFaint, text)
}

// fitted pads a text, or cuts it and says so with an ellipsis.
func fitted(text string, width int, right bool) string {
	if uniseg.StringWidth(text) > width {
		cut, used := "", 0
		for g := uniseg.NewGraphemes(text); g.Next(); {
			if used += g.Width(); used > width-1 {
				break
			}
			cut += g.Str()
		}
		text = cut + "…"
	}
	pad := strings.Repeat(" ", max(width-uniseg.StringWidth(text), 0))
	if right {
		return pad + text
	}
	return text + pad
}

func countOf(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %s", n, many)
}
