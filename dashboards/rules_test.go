package dashboards

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"testing"

	ddl "github.com/fivekeys/fivekeys/schemas/clickhouse"
)

// statement is one SQL statement of a dashboard and what asks for it.
type statement struct {
	name  string // dashboard, kind and title
	file  string
	sql   string
	panel Panel // nil for a variable or an annotation
	kind  string
}

// statements lists everything that Grafana will ever ask the store.
func statements(t testing.TB) []statement {
	t.Helper()
	var out []statement
	for _, d := range All() {
		add := func(kind, title, file string, p Panel) {
			sql, err := query(file)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, statement{name: d.Title + ", " + kind + " " + title, file: file, sql: sql, panel: p, kind: kind})
		}
		for _, v := range d.Variables {
			if !v.Typed {
				add("variable", v.Name, v.Query, nil)
			}
		}
		for _, a := range d.Annotations {
			add("annotation", a.Name, a.Query, nil)
		}
		for _, r := range d.rows() {
			for _, p := range r.Panels {
				for _, q := range questions(p) {
					add("panel", p.frame().Title, q.file, p)
				}
			}
		}
	}
	return out
}

func TestNamesAreUnique(t *testing.T) {
	seen := map[string]bool{}
	unique := func(kind, name string) {
		if name == "" || seen[kind+name] {
			t.Errorf("%s %q: empty or twice", kind, name)
		}
		seen[kind+name] = true
	}
	for _, d := range All() {
		unique("uid", d.UID)
		unique("title", d.Title)
		if len(d.UID) > 40 || !strings.HasPrefix(d.UID, "fivekeys-") {
			t.Errorf("uid %q: Grafana takes 40 characters, and ours begin with fivekeys-", d.UID)
		}
		for _, r := range d.rows() {
			for _, p := range r.Panels {
				unique("panel of "+d.Title+": ", p.frame().Title)
			}
		}
		for _, v := range d.Variables {
			unique("variable of "+d.Title+": ", v.Name)
		}
		for _, a := range d.Annotations {
			unique("annotation of "+d.Title+": ", a.Name)
		}
	}
}

func TestEveryPanelSaysWhatItIs(t *testing.T) {
	for _, d := range All() {
		if d.Description == "" || d.From == "" || d.To == "" {
			t.Errorf("%s: no description or no range", d.Title)
		}
		for _, r := range d.rows() {
			for _, p := range r.Panels {
				f := p.frame()
				if len(f.Description) < 20 {
					t.Errorf("%s, %s: no description", d.Title, f.Title)
				}
				switch p := p.(type) {
				case Text:
					continue
				case TimeSeries:
					if p.Unit == "" {
						t.Errorf("%s, %s: no unit", d.Title, f.Title)
					}
				case BarGauge:
					if p.Unit == "" || p.Colour == "" {
						t.Errorf("%s, %s: no unit or no colour", d.Title, f.Title)
					}
				case NodeGraph:
					if p.Edges == "" || len(p.Arcs) == 0 {
						t.Errorf("%s, %s: no edges or arcs", d.Title, f.Title)
					}
				case BarChart:
					if p.Unit == "" {
						t.Errorf("%s, %s: no unit", d.Title, f.Title)
					}
				case Table:
					if len(p.Columns) == 0 {
						t.Errorf("%s, %s: no columns", d.Title, f.Title)
					}
					for _, c := range p.Columns {
						if c.Title == "" || strings.ContainsAny(c.Empty, "0123456789") {
							t.Errorf("%s, %s: column %s has no title, or a number for no data", d.Title, f.Title, c.Name)
						}
					}
				}
				if f.Query == "" || f.Empty == "" || strings.ContainsAny(f.Empty, "0123456789") {
					t.Errorf("%s, %s: no SQL, or no words for no data", d.Title, f.Title)
				}
			}
		}
	}
}

// decoded is what the rules below need of the JSON.
type decoded struct {
	SchemaVersion int
	Panels        []decodedPanel
	Templating    struct{ List []map[string]any }
	Annotations   struct{ List []map[string]any }
}

type decodedPanel struct {
	ID      int
	Title   string
	Type    string
	GridPos struct{ X, Y, W, H int }
}

func TestPanelsStandOnTheGridWithoutOverlap(t *testing.T) {
	for _, d := range decodeAll(t) {
		taken := map[[2]int]string{}
		ids := map[int]bool{}
		for _, p := range d.Panels {
			if ids[p.ID] {
				t.Errorf("%s: id %d twice", p.Title, p.ID)
			}
			ids[p.ID] = true
			g := p.GridPos
			if g.X < 0 || g.W < 1 || g.H < 1 || g.X+g.W > gridWidth {
				t.Errorf("%s: %+v is not on the grid", p.Title, g)
			}
			for x := g.X; x < g.X+g.W; x++ {
				for y := g.Y; y < g.Y+g.H; y++ {
					if other, ok := taken[[2]int{x, y}]; ok {
						t.Fatalf("%s overlaps %s", p.Title, other)
					}
					taken[[2]int{x, y}] = p.Title
				}
			}
		}
	}
}

func decodeAll(t testing.TB) []decoded {
	t.Helper()
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	var out []decoded
	for _, f := range files {
		var d decoded
		if err := json.Unmarshal(f.JSON, &d); err != nil {
			t.Fatal(err)
		}
		if d.SchemaVersion != schemaVersion {
			t.Errorf("%s: schemaVersion %d", f.Name, d.SchemaVersion)
		}
		out = append(out, d)
	}
	return out
}

func TestTheDataSourceIsOnlyTheVariable(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	var walk func(where string, v any)
	found := 0
	walk = func(where string, v any) {
		switch v := v.(type) {
		case []any:
			for _, e := range v {
				walk(where, e)
			}
		case map[string]any:
			for key, e := range v {
				if key != "datasource" {
					walk(where, e)
					continue
				}
				found++
				if source, ok := e.(map[string]any); !ok || source["uid"] != "${datasource}" || source["type"] != pluginID {
					t.Errorf("%s: data source %v", where, e)
				}
			}
		}
	}
	for _, f := range files {
		var v any
		if err := json.Unmarshal(f.JSON, &v); err != nil {
			t.Fatal(err)
		}
		walk(f.Name, v)
	}
	if found < 100 {
		t.Errorf("only %d data sources found: the test looks at the wrong place", found)
	}
}

func TestEveryStatementObeysTheRange(t *testing.T) {
	for _, s := range statements(t) {
		if s.panel != nil && s.panel.frame().Now {
			if strings.Contains(s.sql, "$__") && regexp.MustCompile(`\$__(?:timeFilter|fromTime|toTime|timeInterval)`).MatchString(s.sql) {
				t.Errorf("%s is as of now, and asks for the range", s.name)
			}
			continue
		}
		if s.kind == "variable" && s.file != sources.Query && s.file != tracedServices.Query && s.file != operations.Query {
			continue // choices don't go away with the range: a service that is silent can be chosen
		}
		filter := strings.Contains(s.sql, "$__timeFilter(")
		days := strings.Contains(s.sql, "$__fromTime") && strings.Contains(s.sql, "$__toTime")
		if !filter && !days {
			t.Errorf("%s has no time filter", s.name)
		}
		if p, ok := s.panel.(TimeSeries); ok {
			if weekly := strings.Contains(s.sql, "step_start(") || strings.Contains(s.sql, "week_mark("); !weekly && !strings.Contains(s.sql, "$__timeInterval(") {
				t.Errorf("%s: neither weeks nor $__timeInterval", s.name)
			} else if !weekly && p.MinInterval == "" {
				t.Errorf("%s: no narrowest interval", s.name)
			}
		}
		if strings.Contains(s.sql, "--") || strings.Contains(s.sql, "{{") || strings.Contains(s.sql, ";") {
			t.Errorf("%s: a comment, a template or a semicolon is left:\n%s", s.name, s.sql)
		}
	}
}

func TestEveryVariableNarrowsSomething(t *testing.T) {
	for _, d := range All() {
		for _, v := range d.Variables {
			narrowed, all := 0, 0
			for _, s := range statements(t) {
				if s.panel == nil || !strings.HasPrefix(s.name, d.Title+", ") {
					continue
				}
				if _, ok := s.panel.(Line); ok {
					continue // how fresh everything is
				}
				all++
				if strings.Contains(s.sql, "${"+v.Name+":singlequote}") {
					narrowed++
				}
				if strings.Contains(s.sql, "${"+v.Name+"}") {
					t.Errorf("%s: %s is not quoted", s.name, v.Name)
				}
			}
			if narrowed == 0 || !v.Some && narrowed != all {
				t.Errorf("%s: variable %s narrows %d of %d panels", d.Title, v.Name, narrowed, all)
			}
		}
		for _, s := range statements(t) {
			if !strings.HasPrefix(s.name, d.Title+", ") {
				continue
			}
			for _, used := range interpolation.FindAllStringSubmatch(s.sql, -1) {
				if !slices.ContainsFunc(d.Variables, func(v Variable) bool { return v.Name == used[1] }) {
					t.Errorf("%s uses the variable %s, which the dashboard does not have", s.name, used[1])
				}
			}
		}
	}
}

var (
	reads   = regexp.MustCompile(`(?i)\b(?:FROM|JOIN)\s+([A-Za-z_.]+)`)
	defines = regexp.MustCompile(`(?i)\b([a-z_]+) AS \(\s*(?:SELECT|WITH)\b`)
	private = regexp.MustCompile(`(?i)_facts\b|_log\b|folded_rules|\bsystem\.|\b(?:url|file|remote|s3|executable)\(`)
)

// TestOnlyPublicViewsAreRead holds the dashboards to the contract with
// analysts: whatever they show, anybody may query.
func TestOnlyPublicViewsAreRead(t *testing.T) {
	views := publicViews(t)
	for _, s := range statements(t) {
		allowed := slices.Clone(views)
		for _, cte := range defines.FindAllStringSubmatch(s.sql, -1) {
			allowed = append(allowed, cte[1])
		}
		found := reads.FindAllStringSubmatch(s.sql, -1)
		if len(found) == 0 {
			t.Errorf("%s reads nothing: the test looks at the wrong place", s.name)
		}
		for _, table := range found {
			if !slices.Contains(allowed, table[1]) {
				t.Errorf("%s reads %s, which is no public view", s.name, table[1])
			}
		}
		if hit := private.FindString(s.sql); hit != "" {
			t.Errorf("%s touches %s", s.name, hit)
		}
	}
}

// publicViews are the files from 100 on.
func publicViews(t testing.TB) []string {
	t.Helper()
	migrations, err := ddl.Migrations(ddl.Layout{})
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, m := range migrations {
		if m.Version >= 100 {
			_, name, _ := strings.Cut(m.Name, "_")
			out = append(out, strings.TrimSuffix(name, "_view"))
		}
	}
	return out
}

func TestLinksLeadToDashboardsThatExist(t *testing.T) {
	to := regexp.MustCompile(`/d/([a-z-]+)`)
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	found := 0
	for _, f := range files {
		for _, link := range to.FindAllStringSubmatch(string(f.JSON), -1) {
			found++
			if !slices.ContainsFunc(All(), func(d Dashboard) bool { return d.UID == link[1] }) {
				t.Errorf("%s links to %s, which does not exist", f.Name, link[1])
			}
		}
	}
	if found == 0 {
		t.Error("no links found")
	}
}
