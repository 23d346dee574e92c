package dashboards

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
)

// object and list are JSON; encoding/json sorts the keys of a map, so equal
// dashboards give equal bytes.
type (
	object map[string]any
	list   []any
)

const (
	// schemaVersion is that of Grafana 12.4's dashboards, which 11.6 reads.
	schemaVersion = 42
	pluginID      = "grafana-clickhouse-datasource"
	pluginVersion = "4.14.1"
	tag           = "fivekeys"
)

// dataSource is the only one there is: what the variable says.
var dataSource = object{"type": pluginID, "uid": "${datasource}"}

// The shapes of a query's result, in the plugin's numbers.
const (
	shapeSeries = 0
	shapeTable  = 1
	shapeTrace  = 3
)

// File is one dashboard as Grafana loads it.
type File struct {
	Name string // its UID.json
	JSON []byte
}

// Files gives the JSON of all dashboards.
func Files() ([]File, error) {
	var out []File
	for _, d := range All() {
		text, err := d.JSON()
		if err != nil {
			return nil, fmt.Errorf("build dashboard %s: %w", d.UID, err)
		}
		out = append(out, File{Name: d.UID + ".json", JSON: text})
	}
	return out, nil
}

// JSON gives the dashboard as Grafana loads it.
func (d Dashboard) JSON() ([]byte, error) {
	panels, err := d.panels()
	if err != nil {
		return nil, err
	}
	variables := list{object{
		"type": "datasource", "name": "datasource", "label": "Data source", "query": pluginID, "regex": "",
		"multi": false, "includeAll": false, "hide": 0, "refresh": 1, "options": list{},
	}}
	for _, v := range d.Variables {
		m, err := v.model()
		if err != nil {
			return nil, err
		}
		variables = append(variables, m)
	}
	annotations := list{}
	for _, a := range d.Annotations {
		m, err := a.model()
		if err != nil {
			return nil, err
		}
		annotations = append(annotations, m)
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err = encoder.Encode(object{
		"uid": d.UID, "title": d.Title, "description": d.Description, "tags": list{tag}, "schemaVersion": schemaVersion,
		"id": nil, "version": 0, "editable": true, "fiscalYearStartMonth": 0, "graphTooltip": 1, "refresh": "",
		// Days are UTC in every figure; another time zone would shift the range
		// against them.
		"timezone": "utc", "weekStart": "monday", "time": object{"from": d.From, "to": d.To}, "timepicker": object{},
		"templating": object{"list": variables}, "annotations": object{"list": annotations},
		"links":  list{dashboardLink(object{"type": "dashboards", "title": "fivekeys", "tags": list{tag}, "includeVars": true, "keepTime": true})},
		"panels": panels,
	})
	return out.Bytes(), err
}

func (v Variable) model() (object, error) {
	if v.Typed {
		return object{
			"type": "textbox", "name": v.Name, "label": v.Label, "query": "", "hide": 0, "options": list{},
			"current": object{"text": "", "value": ""},
		}, nil
	}
	sql, err := query(v.Query)
	if err != nil {
		return nil, err
	}
	return object{
		"type": "query", "name": v.Name, "label": v.Label, "datasource": dataSource, "query": sql, "regex": "",
		// On a change of the range too: new services appear.
		"refresh": 2, "sort": 0, "multi": true, "includeAll": true, "hide": 0, "options": list{},
		"current": object{"text": list{"All"}, "value": list{"$__all"}},
	}, nil
}

func (a Annotation) model() (object, error) {
	sql, err := query(a.Query)
	if err != nil {
		return nil, err
	}
	return object{
		"name": a.Name, "datasource": dataSource, "enable": !a.Off, "hide": false, "iconColor": a.Colour,
		"target": target("A", sql, shapeTable),
	}, nil
}

func target(refID, sql string, shape int) object {
	kind := map[int]string{shapeSeries: "timeseries", shapeTable: "table", shapeTrace: "traces"}[shape]
	return object{
		"refId": refID, "datasource": dataSource, "editorType": "sql", "rawSql": sql, "queryType": kind, "format": shape,
		"pluginVersion": pluginVersion,
	}
}

// dashboardLink is a link of a dashboard or of a panel. Nothing of it may be
// missing.
func dashboardLink(link object) object {
	all := object{
		"type": "link", "url": "", "tags": list{}, "asDropdown": false, "includeVars": false, "keepTime": false, "targetBlank": false,
		"icon": "external link", "tooltip": "",
	}
	maps.Copy(all, link)
	return all
}

// model is a link of a field.
func (l Link) model() object {
	return object{"title": l.Title, "url": l.URL, "targetBlank": l.NewTab}
}
