package dashboards

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"
)

// panelsOf gives the JSON of every panel by the names of its dashboard and its own.
func panelsOf(t *testing.T) map[string]map[string]any {
	t.Helper()
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]map[string]any{}
	for _, f := range files {
		var model map[string]any
		if err := json.Unmarshal(f.JSON, &model); err != nil {
			t.Fatal(err)
		}
		for _, p := range children(model, "panels") {
			if p["type"] != "row" {
				out[model["title"].(string)+", "+p["title"].(string)] = p
			}
		}
	}
	return out
}

// child goes down into objects; what is missing is empty.
func child(m map[string]any, path ...string) map[string]any {
	for _, key := range path {
		m, _ = m[key].(map[string]any)
	}
	return m
}

// children is a list of objects at the end of a path.
func children(m map[string]any, path ...string) []map[string]any {
	last := len(path) - 1
	list, _ := child(m, path[:last]...)[path[last]].([]any)
	var out []map[string]any
	for _, e := range list {
		o, _ := e.(map[string]any)
		out = append(out, o)
	}
	return out
}

// settings gives what a panel sets for all of its fields and for some, each as one
// map by the path of the setting.
func settings(p map[string]any) []map[string]any {
	all := map[string]any{}
	for key, v := range child(p, "fieldConfig", "defaults") {
		all[key] = v
	}
	for key, v := range child(p, "fieldConfig", "defaults", "custom") {
		all["custom."+key] = v
	}
	out := []map[string]any{all}
	for _, o := range children(p, "fieldConfig", "overrides") {
		some := map[string]any{}
		for _, property := range children(o, "properties") {
			some[property["id"].(string)] = property["value"]
		}
		out = append(out, some)
	}
	return out
}

// TestTicksAreRoundNumbers: Grafana puts ticks at round numbers of the unit that
// it is given, and then writes seconds as hours: 8.33 hours.
func TestTicksAreRoundNumbers(t *testing.T) {
	for name, p := range panelsOf(t) {
		for _, s := range settings(p) {
			scaled := slices.Contains([]any{"s", "m", "h", "d", "dtdurations", "clocks", "dthms"}, s["unit"])
			if p["type"] == "timeseries" && scaled || p["type"] == "barchart" && scaled && s["custom.axisPlacement"] != "hidden" {
				t.Errorf("%s: its axis is of unit %v", name, s["unit"])
			}
		}
	}
}

// TestNumbersHaveTheDecimalsTheyNeed: no half an event, no 0.800 h.
func TestNumbersHaveTheDecimalsTheyNeed(t *testing.T) {
	for name, p := range panelsOf(t) {
		for _, s := range settings(p) {
			unit, _ := s["unit"].(string)
			decimals, set := s["decimals"].(float64)
			whole := unit == count || unit == many
			switch {
			case whole && set && decimals != 0:
				t.Errorf("%s: a count with %v decimals", name, decimals)
			case strings.Contains(unit, "reqps"):
				t.Errorf("%s: reqps is no unit that people read", name)
			case p["type"] == "table" && !set && !slices.Contains([]string{"", written, timestamp, date, clock}, unit):
				t.Errorf("%s: a column of unit %s has as many decimals as Grafana likes", name, unit)
			case unit == worked && !set:
				t.Errorf("%s: hours have as many decimals as Grafana likes", name)
			}
		}
	}
}

// TestSeriesAreToldApart: by name Grafana gives two series one colour, and a line
// in a band's colour says what nobody means.
func TestSeriesAreToldApart(t *testing.T) {
	bands := slices.Collect(maps.Values(bandColours.without("not enough data")))
	for name, p := range panelsOf(t) {
		fixed := map[any]bool{}
		for i, s := range settings(p) {
			colour := child(s, "color")
			if colour["mode"] == "palette-classic-by-name" {
				t.Errorf("%s: two names may have one colour", name)
			}
			if p["type"] != "timeseries" && p["type"] != "barchart" || colour["mode"] != "fixed" {
				continue
			}
			if i > 0 && fixed[colour["fixedColor"]] {
				t.Errorf("%s: two series are %v", name, colour["fixedColor"])
			}
			fixed[colour["fixedColor"]] = true
			if hex, _ := colour["fixedColor"].(string); child(p, "fieldConfig", "defaults", "custom")["drawStyle"] == "line" && slices.Contains(bands, hex) {
				t.Errorf("%s: a line has the colour of a band", name)
			}
		}
	}
}

// TestBarsBeginWhereTheirTimeDoes: Grafana would centre them on it, so that half
// of an hour's bar stands over the hour before.
func TestBarsBeginWhereTheirTimeDoes(t *testing.T) {
	found := 0
	for name, p := range panelsOf(t) {
		custom := child(p, "fieldConfig", "defaults", "custom")
		if p["type"] != "timeseries" || custom["drawStyle"] != "bars" {
			continue
		}
		found++
		if custom["barAlignment"] != 1. {
			t.Errorf("%s: its bars straddle their times", name)
		}
	}
	if found == 0 {
		t.Error("no bars found")
	}
}

// TestEveryPageSaysHowFreshItIs at its very top.
func TestEveryPageSaysHowFreshItIs(t *testing.T) {
	for _, d := range All() {
		line, ok := d.rows()[0].Panels[0].(Line)
		if !ok || !strings.HasPrefix(line.Query, "fresh/") {
			t.Errorf("%s begins with %v", d.Title, d.rows()[0].Panels[0].frame().Title)
		}
	}
}
