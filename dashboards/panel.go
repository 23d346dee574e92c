package dashboards

// Panel is one of Stat, Line, TimeSeries, Table, BarChart, BarGauge, NodeGraph,
// Trace and Text.
type Panel interface {
	frame() Frame
	// model gives what is particular to the kind of panel.
	model() object
}

// Frame is what all panels have.
type Frame struct {
	Title string
	// Description says what is shown and how it is computed.
	Description string
	// Width of the 24 columns.
	Width int
	// Query names the SQL file; Text has none.
	Query string
	// Empty is said in place of a figure that isn't there. It is never 0.
	Empty string
	// Links lead from the panel as a whole.
	Links []Link
	// Now shows what is so now, whatever the range: what is open, how fresh it is.
	Now bool
}

// Link leads to another dashboard or out.
type Link struct {
	Title string
	URL   string
	// NewTab keeps the dashboard open.
	NewTab bool
}

// Stat is one large figure. Its SQL gives one row: name (what stands above the
// figure), value, unit, color, and decimals where the unit's own don't do.
type Stat struct{ Frame }

// Line is one line of words. Its SQL gives one row: line.
type Line struct{ Frame }

// TimeSeries draws the number columns of its SQL over the column time; one
// label column splits a number column into series.
type TimeSeries struct {
	Frame
	Unit string
	// Bars draws counts as bars, stacked; otherwise lines with points and gaps.
	Bars bool
	// Colours are those of the series, by name or label.
	Colours Colours
	// Series names a series by its label; otherwise it has its column's name. A
	// label may end in a unit: "median, hours".
	Series string
	// MinInterval is the narrowest bar, such as 1d.
	MinInterval string
	// Decimals are those of values and ticks; without it Grafana decides for each.
	Decimals int
	// Lines are drawn across: what the figure is held against.
	Lines []Step
	// Limits is a regular expression of the names of series that are limits and no
	// figures: drawn dashed and without points.
	Limits string
}

// Table lists rows; Columns says how their columns look.
type Table struct {
	Frame
	Columns []Column
}

// BarChart draws the number columns of its SQL for each text of the first.
type BarChart struct {
	Frame
	Unit    string
	Colours Colours
}

// BarGauge draws the rows of its SQL, name and value, as bars below each other.
type BarGauge struct {
	Frame
	Unit   string
	Colour string
}

// Text is a note in Markdown.
type Text struct {
	Frame
	Markdown string
}

func (p Stat) frame() Frame       { return p.Frame }
func (p Line) frame() Frame       { return p.Frame }
func (p TimeSeries) frame() Frame { return p.Frame }
func (p Table) frame() Frame      { return p.Frame }
func (p BarChart) frame() Frame   { return p.Frame }
func (p BarGauge) frame() Frame   { return p.Frame }
func (p Text) frame() Frame       { return p.Frame }

// question is one query of a panel.
type question struct {
	refID string
	file  string
	shape int
}

// questions lists what a panel asks the store.
func questions(p Panel) []question {
	f := p.frame()
	switch p := p.(type) {
	case Text:
		return nil
	case TimeSeries:
		return []question{{"A", f.Query, shapeSeries}}
	case Trace:
		return []question{{"A", f.Query, shapeTrace}}
	case NodeGraph:
		// The names by which Grafana tells the two apart.
		return []question{{"nodes", f.Query, shapeTable}, {"edges", p.Edges, shapeTable}}
	default:
		return []question{{"A", f.Query, shapeTable}}
	}
}

func (p Stat) model() object {
	config := func(column, handler string) object { return object{"fieldName": column, "handlerKey": handler} }
	return object{
		"type":        "stat",
		"fieldConfig": fieldConfig(p.Frame, object{"unit": written, "color": object{"mode": "fixed", "fixedColor": grey}}),
		"options": object{
			"reduceOptions": object{"calcs": list{"lastNotNull"}, "fields": "", "values": false},
			"colorMode":     "background_solid", "graphMode": "none", "justifyMode": "center", "orientation": "auto",
			"textMode": "value_and_name", "wideLayout": false, "text": object{"titleSize": 12, "valueSize": 34},
		},
		// The row becomes a field that brings its own unit and colour: the band
		// of a frequency is no threshold of its value.
		"transformations": list{object{"id": "rowsToFields", "options": object{"mappings": list{
			config("name", "field.name"), config("value", "field.value"), config("unit", "unit"), config("color", "color"), config("decimals", "decimals"),
		}}}},
	}
}

func (p Line) model() object {
	return object{
		"type": "stat", "transparent": true,
		"fieldConfig": fieldConfig(p.Frame, object{"unit": written}),
		"options": object{
			"reduceOptions": object{"calcs": list{"lastNotNull"}, "fields": "/^line$/", "values": false},
			"colorMode":     "none", "graphMode": "none", "justifyMode": "auto", "orientation": "auto",
			"textMode": "value", "wideLayout": false, "text": object{"valueSize": 14},
		},
	}
}

func (p TimeSeries) model() object {
	custom := object{
		"drawStyle": "line", "lineWidth": 2, "showPoints": "always", "pointSize": 6, "fillOpacity": 0,
		// A week without data is a gap, not a line through it.
		"spanNulls": false, "insertNulls": false, "stacking": object{"mode": "none"}, "axisSoftMin": 0, "axisBorderShow": false,
	}
	if p.MinInterval != "" {
		// A thousand points are a line; the first ones of a new installation
		// would be nothing at all without theirs.
		custom["pointSize"] = 3
	}
	if p.Bars {
		custom["drawStyle"], custom["fillOpacity"], custom["showPoints"], custom["lineWidth"] = "bars", 80, "never", 1
		custom["stacking"] = object{"mode": "normal", "group": "A"}
		// A bar is of the hour or the week that begins at its time.
		custom["barAlignment"] = 1
	}
	defaults := object{"unit": p.Unit, "custom": custom, "color": p.colour()}
	if p.Bars || p.Unit == count && p.Series == "" {
		defaults["decimals"] = 0 // no half a deployment on the axis
	}
	if p.Decimals > 0 {
		defaults["decimals"] = p.Decimals
	}
	if p.Series != "" {
		defaults["displayName"] = p.Series
	}
	overrides := p.Colours.columns()
	if p.Series != "" {
		overrides = p.Colours.labels()
	}
	if p.Limits != "" {
		overrides = append(overrides, object{"matcher": object{"id": "byRegexp", "options": p.Limits}, "properties": list{
			object{"id": "custom.lineStyle", "value": object{"fill": "dash", "dash": list{10, 10}}}, object{"id": "custom.lineWidth", "value": 1},
			object{"id": "custom.showPoints", "value": "never"}, object{"id": "color", "value": object{"mode": "fixed", "fixedColor": grey}},
		}})
	}
	if len(p.Lines) > 0 {
		defaults["thresholds"], custom["thresholdsStyle"] = thresholds(p.Lines), object{"mode": "line"}
	}
	out := object{
		"type":        "timeseries",
		"fieldConfig": fieldConfig(p.Frame, defaults, overrides...),
		"options": object{
			"legend":  object{"displayMode": "list", "placement": "bottom", "showLegend": p.Bars || p.Series != "" || len(p.Colours) > 1, "calcs": list{}},
			"tooltip": object{"mode": "multi", "sort": "none"},
		},
	}
	if p.MinInterval != "" {
		out["interval"] = p.MinInterval
	}
	return out
}

// colour of the series that have none by name. Not Grafana's palette by name: it
// gives two names one colour.
func (p TimeSeries) colour() object {
	if p.Series == "" && len(p.Colours) == 0 {
		return object{"mode": "fixed", "fixedColor": blue}
	}
	return object{"mode": "palette-classic"}
}

func (p Table) model() object {
	var overrides []object
	for _, c := range p.Columns {
		overrides = append(overrides, c.override())
	}
	return object{
		"type": "table",
		"fieldConfig": fieldConfig(p.Frame, object{
			"unit": written, "custom": object{"align": "auto", "cellOptions": object{"type": "auto"}, "filterable": false, "minWidth": 80},
		}, overrides...),
		"options": object{"cellHeight": "sm", "showHeader": true},
	}
}

func (p BarChart) model() object {
	return object{
		"type": "barchart",
		"fieldConfig": fieldConfig(p.Frame, object{
			"unit": p.Unit, "decimals": decimals(p.Unit), "color": object{"mode": "palette-classic"},
			// Each bar says its value. Ticks of seconds would be 8.33 hours.
			"custom": object{"fillOpacity": 80, "lineWidth": 1, "axisSoftMin": 0, "axisPlacement": "hidden"},
		}, p.Colours.columns()...),
		"options": object{
			"orientation": "auto", "stacking": "none", "showValue": "always", "groupWidth": 0.7, "barWidth": 0.9, "xTickLabelRotation": 0,
			"legend":  object{"displayMode": "list", "placement": "bottom", "showLegend": len(p.Colours) > 1, "calcs": list{}},
			"tooltip": object{"mode": "multi", "sort": "none"},
		},
	}
}

func (p BarGauge) model() object {
	return object{
		"type":        "bargauge",
		"fieldConfig": fieldConfig(p.Frame, object{"unit": p.Unit, "min": 0, "decimals": decimals(p.Unit), "color": object{"mode": "fixed", "fixedColor": p.Colour}}),
		"options": object{
			// Each row is a bar, named by its text.
			"reduceOptions": object{"calcs": list{"lastNotNull"}, "fields": "/^value$/", "values": true},
			"orientation":   "horizontal", "displayMode": "basic", "valueMode": "text", "namePlacement": "left", "showUnfilled": false,
			"sizing": "auto", "text": object{"titleSize": 12, "valueSize": 16}, "minVizWidth": 8, "minVizHeight": 16, "maxVizHeight": 32,
			"legend": object{"displayMode": "list", "placement": "bottom", "showLegend": false, "calcs": list{}},
		},
	}
}

// decimals of a unit in which nothing else is said.
func decimals(unit string) int {
	if unit == count || unit == many {
		return 0
	}
	return 1
}

func (p Text) model() object {
	return object{"type": "text", "options": object{"mode": "markdown", "content": p.Markdown}}
}

// fieldConfig is how a panel's fields look: the default and the exceptions.
func fieldConfig(f Frame, defaults object, overrides ...object) object {
	defaults["noValue"] = f.Empty
	// Without thresholds of ours Grafana puts its own: green, red above 80. A
	// cell whose text has no colour takes this one.
	if defaults["thresholds"] == nil {
		defaults["thresholds"] = thresholds(nil)
	}
	all := list{}
	for _, o := range overrides {
		all = append(all, o)
	}
	return object{"defaults": defaults, "overrides": all}
}
