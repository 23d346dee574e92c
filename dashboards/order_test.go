package dashboards

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// The panels of a row have about 1,200 pixels of a screen of 1,600 with the menu
// open, and of one of 1,280 without it.
const (
	rowPixels    = 1200
	panelPadding = 10
	narrowest    = 80 // of a column without a width, panel.go
	// A letter of a header, and the space around it.
	letterPixels  = 7
	headerPadding = 10
)

// tables lists all tables with the dashboard they are on.
func tables() map[string]Table {
	out := map[string]Table{}
	for _, d := range All() {
		for _, r := range d.rows() {
			for _, p := range r.Panels {
				if table, ok := p.(Table); ok {
					out[d.Title+", "+table.Title] = table
				}
			}
		}
	}
	return out
}

func (c Column) pixels() int {
	if c.Width > 0 {
		return c.Width
	}
	return max(c.Least, narrowest)
}

// TestTablesFitTheScreen: what does not fit is cut off by Grafana, the last
// columns first.
func TestTablesFitTheScreen(t *testing.T) {
	for name, table := range tables() {
		pixels := 0
		for _, c := range table.Columns {
			pixels += c.pixels()
			if header := utf8.RuneCountInString(c.Title)*letterPixels + headerPadding; header > c.pixels() {
				t.Errorf("%s: the title %q takes %d pixels, its column has %d", name, c.Title, header, c.pixels())
			}
		}
		if room := rowPixels*table.Width/gridWidth - panelPadding; pixels > room {
			t.Errorf("%s: the columns take %d pixels, there are %d", name, pixels, room)
		}
	}
}

// TestNothingIsCutSilently: a text of any length breaks into lines. Those that
// don't are of a few words we know, or shortened with a sign.
func TestNothingIsCutSilently(t *testing.T) {
	for name, table := range tables() {
		for _, c := range table.Columns {
			if c.Unit == "" && !c.Wraps && len(c.Colours) == 0 && !c.Opens && c.Begins == 0 {
				t.Errorf("%s: the texts of %q are cut off", name, c.Title)
			}
		}
		if limit := limitOf(t, table.Query); !strings.Contains(table.Description, limit) {
			t.Errorf("%s: it ends after %s rows and does not say so", name, limit)
		}
	}
}

// limitOf is how many rows a table has at most, as people write it; empty where
// there is no end.
func limitOf(t *testing.T, file string) string {
	t.Helper()
	sql, err := query(file)
	if err != nil {
		t.Fatal(err)
	}
	found := regexp.MustCompile(`\nLIMIT (\d+?)((?:\d{3})?)$`).FindStringSubmatch(sql)
	if found == nil {
		return ""
	}
	if len(found[2]) > 0 && found[1] != "" {
		return found[1] + "," + found[2]
	}
	return found[1] + found[2]
}

// TestColumnsOfATableHaveTitlesOfTheirOwn: Grafana keys a table's cells by the
// title that a column is shown with, so two of one title both show the values of
// the last. Of the JSON, for whatever gives a title: an override or a renaming.
func TestColumnsOfATableHaveTitlesOfTheirOwn(t *testing.T) {
	looked := 0
	for name, p := range panelsOf(t) {
		if p["type"] != "table" {
			continue
		}
		looked++
		shown := map[any]string{}
		take := func(title any, column string) {
			if other, taken := shown[title]; taken && other != column || title == "" {
				t.Errorf("%s: %s and %s are both titled %q", name, other, column, title)
			}
			shown[title] = column
		}
		for _, o := range children(p, "fieldConfig", "overrides") {
			for _, property := range children(o, "properties") {
				if property["id"] == "displayName" {
					take(property["value"], child(o, "matcher")["options"].(string))
				}
			}
		}
		for _, transformation := range children(p, "transformations") {
			for column, title := range child(transformation, "options", "renameByName") {
				take(title, column)
			}
		}
	}
	if looked != len(tables()) {
		t.Errorf("looked at %d tables, there are %d", looked, len(tables()))
	}
}
