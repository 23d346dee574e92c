package dashboards

import (
	"encoding/json"
	"fmt"
	"testing"
)

// Grafana tells the frames of a graph apart by their names, and takes a frame
// for a trace by the format of the question.
func TestGraphAndTraceAreAskedAsGrafanaReadsThem(t *testing.T) {
	text, err := traces().JSON()
	if err != nil {
		t.Fatal(err)
	}
	var d struct {
		Panels []struct {
			Type    string
			Targets []struct {
				RefID, QueryType string
				Format           int
			}
		}
		Templating struct {
			List []struct{ Name, Type string }
		}
	}
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	asked := map[string]string{}
	for _, p := range d.Panels {
		for _, q := range p.Targets {
			asked[p.Type] += fmt.Sprintf("%s %s %d;", q.RefID, q.QueryType, q.Format)
		}
	}
	if got := asked["nodeGraph"]; got != "nodes table 1;edges table 1;" {
		t.Errorf("the graph asks %s", got)
	}
	if got := asked["traces"]; got != "A traces 3;" {
		t.Errorf("the trace asks %s", got)
	}
	for _, v := range d.Templating.List {
		if want := v.Name == chosenTrace.Name; want != (v.Type == "textbox") {
			t.Errorf("variable %s is a %s", v.Name, v.Type)
		}
	}
}
