package dashboards

import (
	"slices"
	"testing"
)

// The panels of a row have about 1,200 pixels of a screen of 1,600 with the menu
// open, and of one of 1,280 without it.
const (
	rowPixels    = 1200
	panelPadding = 10
	narrowest    = 80 // of a column without a width, panel.go
)

// TestTablesFitTheScreen: what does not fit is cut off by Grafana, the last
// columns first.
func TestTablesFitTheScreen(t *testing.T) {
	for _, d := range []Dashboard{budgets(), toil(), traces()} {
		for _, r := range d.Rows {
			for _, p := range r.Panels {
				table, ok := p.(Table)
				if !ok {
					continue
				}
				pixels := 0
				for _, c := range table.Columns {
					switch {
					case c.Width > 0:
						pixels += c.Width
					default:
						pixels += max(c.Least, narrowest)
					}
				}
				if room := rowPixels*table.Width/gridWidth - panelPadding; pixels > room {
					t.Errorf("%s, %s: the columns take %d pixels, there are %d", d.Title, table.Title, pixels, room)
				}
			}
		}
	}
}

// ordered: Grafana shows columns in the order of the SELECT, whatever order
// they are described in.
func ordered(t *testing.T, st statement, r result) {
	t.Helper()
	table, ok := st.panel.(Table)
	if !ok {
		return
	}
	var described []string
	for _, c := range table.Columns {
		described = append(described, c.Name)
	}
	if !slices.Equal(described, r.columns) {
		t.Errorf("%s: the SQL gives %v, the table means %v", st.name, r.columns, described)
	}
}
