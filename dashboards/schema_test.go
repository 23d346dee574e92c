package dashboards

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// published holds Grafana's own types of a dashboard: dashboard.ts puts them
// together, the compiler checks literals against them, so a property they don't
// know is a mistake as well as one of another type.
const published = "testdata/schema"

func TestDashboardsAreWhatGrafanaPublishes(t *testing.T) {
	dashboards := map[string]string{}
	for _, d := range All() {
		dashboards[d.UID] = committed(t, d.UID)
	}
	// That the check finds what is wrong.
	wrong := map[string]struct{ uid, old, new string }{
		"a misspelt property of the dashboard":   {incidentsUID, `"weekStart":`, `"weekstart":`},
		"a misspelt property of a panel":         {incidentsUID, `"gridPos":`, `"gridpos":`},
		"a misspelt option of a panel":           {incidentsUID, `"graphMode":`, `"graphmode":`},
		"an option with a value that isn't one":  {incidentsUID, `"colorMode": "background_solid"`, `"colorMode": "solid"`},
		"an option of another type of panel":     {incidentsUID, `"showHeader":`, `"graphMode":`},
		"a misspelt setting of all fields":       {incidentsUID, `"noValue":`, `"novalue":`},
		"a misspelt setting of a graph":          {incidentsUID, `"drawStyle":`, `"drawstyle":`},
		"a misspelt setting of one field":        {incidentsUID, `"id": "custom.width"`, `"id": "custom.wide"`},
		"a setting of one field of another type": {incidentsUID, `"value": 135`, `"value": "135"`},
		"a mapping of an unknown kind":           {incidentsUID, `"type": "value"`, `"type": "text"`},
		"a variable of an unknown kind":          {incidentsUID, `"type": "datasource"`, `"type": "source"`},
		"a panel of an unknown type":             {tracesUID, `"type": "nodeGraph"`, `"type": "nodegraph"`},
	}
	for name, w := range wrong {
		right := committed(t, w.uid)
		if dashboards[name] = strings.Replace(right, w.old, w.new, 1); dashboards[name] == right {
			t.Fatalf("%s: %s has no %s", name, w.uid, w.old)
		}
	}
	mistakes := typeCheck(t, dashboards)
	for name := range dashboards {
		t.Run(name, func(t *testing.T) {
			_, isWrong := wrong[name]
			switch {
			case isWrong && len(mistakes[name]) == 0:
				t.Error("is accepted")
			case !isWrong && len(mistakes[name]) > 0:
				t.Errorf("Grafana's types refuse it:\n%s", strings.Join(mistakes[name], "\n"))
			}
		})
	}
}

func committed(t *testing.T, uid string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("json", uid+".json"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

// typeCheck gives what the TypeScript compiler says of each dashboard.
func typeCheck(t *testing.T, dashboards map[string]string) map[string][]string {
	t.Helper()
	types, err := filepath.Abs(published)
	if err != nil {
		t.Fatal(err)
	}
	compiler := filepath.Join(types, "node_modules/typescript/bin/tsc")
	if _, err := os.Stat(compiler); err != nil {
		t.Fatalf("%v (hint: make schema)", err)
	}
	folder := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	var files []string
	for name, text := range dashboards {
		files = append(files, name+".ts")
		// Only a literal is searched for properties that the type doesn't know.
		write(name+".ts", fmt.Sprintf("import type { Dashboard } from %q;\nexport const dashboard: Dashboard = %s;\n", filepath.Join(types, "dashboard"), text))
	}
	project, err := json.Marshal(map[string]any{"extends": filepath.Join(types, "tsconfig.json"), "files": files})
	if err != nil {
		t.Fatal(err)
	}
	write("tsconfig.json", string(project))
	check := exec.CommandContext(t.Context(), "node", compiler, "--project", ".", "--pretty", "false")
	check.Dir = folder
	output, err := check.CombinedOutput()
	if exit := new(exec.ExitError); err != nil && !errors.As(err, &exit) {
		t.Fatalf("run the TypeScript compiler: %v (hint: it needs Node)", err)
	}
	mistakes := map[string][]string{}
	file := ""
	for line := range strings.Lines(string(output)) {
		// A line that is set in goes on with the mistake before it.
		if !strings.HasPrefix(line, " ") {
			file, _, _ = strings.Cut(line, ".ts(")
		}
		if _, ours := dashboards[file]; !ours {
			t.Fatalf("the compiler, of none of the dashboards: %s", output)
		}
		mistakes[file] = append(mistakes[file], strings.TrimRight(line, "\n"))
	}
	if (err != nil) != (len(mistakes) > 0) {
		t.Fatalf("the compiler ends with %v, but says %q", err, output)
	}
	return mistakes
}
