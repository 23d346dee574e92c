package report

import (
	"io"
	"strings"

	"github.com/rivo/uniseg"

	"github.com/fivekeys/fivekeys/internal/terminal"
)

type paint = terminal.Paint

const (
	plain       = terminal.None
	bold        = terminal.Bold
	faint       = terminal.Faint
	bluishGreen = terminal.BluishGreen
	skyBlue     = terminal.SkyBlue
	orange      = terminal.Orange
	vermillion  = terminal.Vermillion
)

// cell is text and how to paint it; the width is that of the text alone.
type cell struct {
	text  string
	paint paint
}

// column of a grid. Where the grid is too wide, drawings are left out first;
// then flexible columns are shortened, and where that is not enough optional
// ones are left out, the last one first.
type column struct {
	title    string
	right    bool
	flexible bool
	optional bool
	drawing  bool
	// tight stands one space beside its neighbour: the two belong together.
	tight bool
}

// narrowed is how wide a flexible column stays at least.
const narrowed = 14

// gutter is the space before column i.
func (g *grid) gutter(i int) int {
	switch {
	case i == 0:
		return 0
	case g.columns[i].tight:
		return 1
	}
	return 2
}

// grid aligns cells by their width on a terminal.
type grid struct {
	columns []column
	rows    [][]cell
}

func (g *grid) add(cells ...cell) { g.rows = append(g.rows, cells) }

// widths are the columns' own; an optional column or a drawing
// without any text has none.
func (g *grid) widths() []int {
	w := make([]int, len(g.columns))
	for i, c := range g.columns {
		for _, r := range g.rows {
			w[i] = max(w[i], uniseg.StringWidth(r[i].text))
		}
		if w[i] > 0 || !c.optional && !c.drawing {
			w[i] = max(w[i], uniseg.StringWidth(c.title))
		}
	}
	return w
}

// fit gives the widths at which the grid fits, 0 for a column that is left
// out.
func (g *grid) fit(width int) []int {
	w := g.widths()
	over := func() (sum, slack int) {
		sum = -width
		for i, c := range g.columns {
			if w[i] == 0 {
				continue
			}
			sum += w[i] + g.gutter(i)
			if c.flexible {
				slack += max(0, w[i]-narrowed)
			}
		}
		return sum, slack
	}
	for i := len(w) - 1; i >= 0; i-- {
		if sum, _ := over(); sum > 0 && g.columns[i].drawing {
			w[i] = 0
		}
	}
	for i := len(w) - 1; i >= 0; i-- {
		if sum, slack := over(); sum > slack && g.columns[i].optional {
			w[i] = 0
		}
	}
	for i, c := range g.columns {
		if sum, _ := over(); sum > 0 && c.flexible && w[i] > narrowed {
			w[i] -= min(sum, w[i]-narrowed)
		}
	}
	return w
}

func (g *grid) write(out io.StringWriter, width int, color bool) {
	w := g.fit(width)
	titles := make([]cell, len(g.columns))
	for i, c := range g.columns {
		titles[i] = cell{c.title, faint}
	}
	for _, r := range append([][]cell{titles}, g.rows...) {
		var line strings.Builder
		for i, c := range r {
			if w[i] == 0 {
				continue
			}
			line.WriteString(strings.Repeat(" ", g.gutter(i)))
			text := shortened(c.text, w[i])
			pad := strings.Repeat(" ", w[i]-uniseg.StringWidth(text))
			if g.columns[i].right {
				line.WriteString(pad + c.paint.Apply(text, color))
			} else {
				line.WriteString(c.paint.Apply(text, color) + pad)
			}
		}
		_, _ = out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// shortened cuts a text to a width and says so with an ellipsis.
func shortened(s string, width int) string {
	if uniseg.StringWidth(s) <= width {
		return s
	}
	var b strings.Builder
	used := 0
	for g := uniseg.NewGraphemes(s); g.Next(); {
		if used += g.Width(); used > width-1 {
			break
		}
		b.WriteString(g.Str())
	}
	return b.String() + "…"
}
