package main

import (
	"io"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/fivekeys/fivekeys/internal/terminal"
)

func isTerminal(w io.Writer) bool { return terminal.IsTerminal(w) }

// narrowestColumn is how narrow a column gets before a list is allowed to be
// wider than its terminal.
const narrowestColumn = 12

// list is how lists look: as wide as the terminal that they are printed on,
// where the widest columns are wrapped and nothing is cut.
type list struct {
	table.Writer
	width   int // of the terminal, 0 for any
	widths  []int
	configs []table.ColumnConfig
}

// newTable is a list that leaves out the columns in which nothing stands.
func newTable(out io.Writer) *list {
	l := newFullTable(out)
	l.SuppressEmptyColumns()
	return l
}

// newFullTable is a list with all its columns.
func newFullTable(out io.Writer) *list {
	l := &list{Writer: table.NewWriter(), width: terminal.Width(out)}
	l.SetStyle(table.StyleLight)
	l.Style().Format.Header = text.FormatDefault
	l.Style().Options.DrawBorder = false
	l.Style().Options.SeparateColumns = false
	return l
}

func (l *list) AppendHeader(row table.Row, configs ...table.RowConfig) {
	l.Writer.AppendHeader(l.measured(row), configs...)
}

func (l *list) AppendRow(row table.Row, configs ...table.RowConfig) {
	l.Writer.AppendRow(l.measured(row), configs...)
}

// measured keeps what senders wrote from moving the cells beside it.
func (l *list) measured(row table.Row) table.Row {
	out := make(table.Row, len(row))
	for i, v := range row {
		if s, ok := v.(string); ok {
			v = terminal.Escape(s)
		}
		out[i] = v
		if i == len(l.widths) {
			l.widths = append(l.widths, 0)
		}
		l.widths[i] = max(l.widths[i], text.LongestLineLen(plain(v)))
	}
	return out
}

func (l *list) SetColumnConfigs(configs []table.ColumnConfig) { l.configs = configs }

func (l *list) Render() string {
	l.Writer.SetColumnConfigs(l.fitted())
	return l.Writer.Render()
}

func (l *list) RenderMarkdown() string {
	l.Writer.SetColumnConfigs(l.configs)
	return l.Writer.RenderMarkdown()
}

// fitted adds to the columns' configurations how wide each may be.
func (l *list) fitted() []table.ColumnConfig {
	configs := append([]table.ColumnConfig(nil), l.configs...)
	for i, width := range narrowedTo(l.width, l.widths) {
		if width == l.widths[i] {
			continue
		}
		wrapped := table.ColumnConfig{Number: i + 1, WidthMax: width, WidthMaxEnforcer: text.WrapSoft}
		known := false
		for j := range configs {
			if configs[j].Number == i+1 {
				configs[j].WidthMax, configs[j].WidthMaxEnforcer, known = width, text.WrapSoft, true
			}
		}
		if !known {
			configs = append(configs, wrapped)
		}
	}
	return configs
}

// narrowedTo takes columns off the widest until all fit, a blank on either side
// of each.
func narrowedTo(width int, columns []int) []int {
	out := append([]int(nil), columns...)
	if width == 0 {
		return out
	}
	over := 2*len(out) - width
	for _, w := range out {
		over += w
	}
	for ; over > 0; over-- {
		widest := 0
		for i, w := range out {
			if w > out[widest] {
				widest = i
			}
		}
		if len(out) == 0 || out[widest] <= narrowestColumn {
			break
		}
		out[widest]--
	}
	return out
}
