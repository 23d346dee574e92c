package dashboards

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
)

// Column is how a table shows a column of its SQL.
type Column struct {
	Name  string
	Title string
	Unit  string
	// Empty stands in a cell without a value. Without it Grafana would put the
	// words for the whole empty table there.
	Empty string
	// Decimals are those of a number that isn't whole.
	Decimals int
	Width    int
	// Least is how narrow the column may get, which has no Width.
	Least int
	// Colours paint the cells with these texts.
	Colours Colours
	// Within paints the cells that hold one of these among their parts, which are
	// set apart by " · ": 3.2 h · High · 214 changes.
	Within Colours
	// Steps paint the cells whose number reaches them.
	Steps []Step
	Link  *Link
	// Wraps breaks a long text into lines: Grafana cuts it off otherwise, without
	// saying so.
	Wraps bool
	// Begins shows of an id in hexadecimal digits the first ones only.
	Begins int
	// Opens makes the column's address a short link, and nothing where it is
	// empty.
	Opens bool
}

// Step is where a number begins to have a colour.
type Step struct {
	From   float64
	Colour string
}

func (c Column) override() object {
	var properties list
	set := func(id string, value any) { properties = append(properties, object{"id": id, "value": value}) }
	set("displayName", c.Title)
	set("noValue", c.Empty)
	if c.Unit != "" {
		set("unit", c.Unit)
	}
	if n, known := c.decimals(); known {
		set("decimals", n)
	}
	if c.Width > 0 {
		set("custom.width", c.Width)
	}
	if c.Least > 0 {
		set("custom.minWidth", c.Least)
	}
	if len(c.Colours) > 0 {
		set("mappings", c.Colours.mappings())
	}
	if len(c.Within) > 0 {
		set("mappings", c.Within.within())
	}
	switch filled := len(c.Colours)+len(c.Within) > 0; {
	case filled && c.Wraps:
		set("custom.cellOptions", object{"type": "color-background", "mode": "basic", "wrapText": true})
	case filled:
		set("custom.cellOptions", object{"type": "color-background", "mode": "basic"})
	case c.Wraps:
		set("custom.cellOptions", object{"type": "auto", "wrapText": true})
	}
	if len(c.Steps) > 0 {
		set("thresholds", thresholds(c.Steps))
		set("color", object{"mode": "thresholds"})
		set("custom.cellOptions", object{"type": "color-background", "mode": "basic"})
	}
	if c.Begins > 0 {
		set("mappings", list{object{"type": "regex", "options": object{
			"pattern": fmt.Sprintf("^([0-9a-f]{%d})[0-9a-f]+$", c.Begins), "result": object{"text": "$1…", "index": 0},
		}}})
	}
	link := c.Link
	if c.Opens {
		set("mappings", list{object{"type": "regex", "options": object{"pattern": "^https?://.*", "result": object{"text": "open ↗", "index": 0}}}})
		link = &Link{Title: "Open where it was told", URL: "${__value.raw}", NewTab: true}
	}
	if link != nil {
		set("links", list{link.model()})
	}
	return override(c.Name, properties)
}

// decimals of a number: a count has none, whatever Grafana would make of it.
func (c Column) decimals() (n int, known bool) {
	return c.Decimals, c.Decimals > 0 || c.Unit == count || c.Unit == many
}

// thresholds have no colour below the first step.
func thresholds(s []Step) object {
	steps := list{object{"color": "transparent", "value": nil}}
	for _, step := range s {
		steps = append(steps, object{"color": step.Colour, "value": step.From})
	}
	return object{"mode": "absolute", "steps": steps}
}

func override(field string, properties list) object {
	return object{"matcher": object{"id": "byName", "options": field}, "properties": properties}
}

// mappings colour the texts; all others stay as they are.
func (c Colours) mappings() list {
	options := object{}
	for i, text := range slices.Sorted(maps.Keys(c)) {
		options[text] = object{"color": c[text], "text": text, "index": i}
	}
	return list{object{"type": "value", "options": options}}
}

// within colour the texts that hold one of these parts, and leave them as they are.
func (c Colours) within() list {
	out := list{}
	for i, text := range slices.Sorted(maps.Keys(c)) {
		out = append(out, object{"type": "regex", "options": object{
			"pattern": "^(.* · )?" + regexp.QuoteMeta(text) + "( · .*)?$", "result": object{"color": c[text], "index": i},
		}})
	}
	return out
}

// columns colour the series that are columns of these names.
func (c Colours) columns() []object {
	return c.overrides(func(name string) object { return object{"id": "byName", "options": name} })
}

// labels colour the series whose label is one of these, with a unit after it or
// without. Grafana may put the column's name before the label.
func (c Colours) labels() []object {
	return c.overrides(func(name string) object {
		return object{"id": "byRegexp", "options": "/(^| )" + regexp.QuoteMeta(name) + "(,|$)/"}
	})
}

func (c Colours) overrides(matcher func(name string) object) []object {
	var out []object
	for _, name := range slices.Sorted(maps.Keys(c)) {
		out = append(out, object{"matcher": matcher(name), "properties": list{object{"id": "color", "value": object{"mode": "fixed", "fixedColor": c[name]}}}})
	}
	return out
}

// Addresses of dashboards. Names may hold any character, so they are encoded.
const (
	keepRange     = "${__url_time_range}&var-datasource=${datasource}"
	serviceURL    = "/d/" + serviceUID + "?var-service=${__data.fields.service:percentencode}&" + keepRange
	teamURL       = "/d/" + fiveKeysUID + "?var-team=${__data.fields.team:percentencode}&" + keepRange
	evidenceURL   = "/d/" + serviceUID + "?${__all_variables}&${__url_time_range}"
	incidentsURL  = "/d/" + incidentsUID + "?${__all_variables}&${__url_time_range}"
	evidenceTitle = "The evidence, service by service"
	// Budgets are of windows that end now; pages of whole days end yesterday.
	budgetURL   = "/d/" + budgetsUID + "?var-objective=${__data.fields.objective:percentencode}&var-datasource=${datasource}"
	budgetsURL  = "/d/" + budgetsUID + "?${__all_variables}"
	requestsURL = "/d/" + tracesUID + "?${service:queryparam}&var-datasource=${datasource}"
	toilURL     = "/d/" + toilUID + "?${__all_variables}&${__url_time_range}"
	// traceURL stays on the dashboard and keeps its other choices.
	traceURL = "/d/" + tracesUID + "?${service:queryparam}&${operation:queryparam}&var-trace=${__value.raw}&" + keepRange
)

// The columns that many tables have.
var (
	serviceColumn   = Column{Name: "service", Title: "Service", Least: 110, Wraps: true, Link: &Link{Title: "The evidence of ${__value.text}", URL: serviceURL}}
	teamColumn      = Column{Name: "team", Title: "Team", Least: 95, Wraps: true, Link: &Link{Title: "The five keys of ${__value.text}", URL: teamURL}}
	objectiveColumn = Column{Name: "objective", Title: "Objective", Least: 150, Wraps: true, Link: &Link{Title: "The budget of ${__value.text}", URL: budgetURL}}
	traceColumn     = Column{Name: "trace", Title: "Trace", Width: 95, Begins: 8, Link: &Link{Title: "Show this trace below", URL: traceURL}}
	openColumn      = Column{Name: "url", Title: "Source", Width: 80, Opens: true}
)

// text breaks into lines: what is too long would be cut off without a sign.
func text(name, title string) Column { return Column{Name: name, Title: title, Wraps: true} }

func when(name, title string) Column {
	return Column{Name: name, Title: title, Unit: timestamp, Width: 135}
}

// day is a moment of which only the day matters.
func day(name, title string) Column {
	return Column{Name: name, Title: title, Unit: date, Width: 120}
}

func duration(name, title string) Column { return measured(name, title, seconds) }

func measured(name, title, unit string) Column {
	return Column{Name: name, Title: title, Unit: unit, Decimals: 1, Empty: "no data"}
}

func number(name, title string) Column {
	return Column{Name: name, Title: title, Unit: count, Width: 90}
}

func state(c Colours) Column {
	return Column{Name: "state", Title: "State", Width: 100, Colours: c}
}

// key is one of the five keys in one cell: the value, its band and what it rests
// on, filled with the band's colour.
func key(name, title string) Column {
	return Column{Name: name, Title: title, Within: bandColours, Wraps: true}
}

func (c Column) wide(width int) Column {
	c.Width = width
	return c
}

// least keeps a column that takes what is left from getting too narrow.
func (c Column) least(width int) Column {
	c.Least = width
	return c
}

// wrapped shows the whole of a text, in several lines.
func (c Column) wrapped() Column {
	c.Wraps = true
	return c
}

// digits sets how many decimals a number has.
func (c Column) digits(n int) Column {
	c.Decimals = n
	return c
}

func (c Column) orElse(empty string) Column {
	c.Empty = empty
	return c
}
