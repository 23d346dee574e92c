package dashboards

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/schemas"
)

// TestDashboardsOnTheRealEngine runs all SQL as Grafana would: on empty tables
// and on a simulated organisation whose figures are known.
func TestDashboardsOnTheRealEngine(t *testing.T) {
	s := newSite(t)
	scenario := simulation.Generate(simulation.Config{Seed: 3, Days: 60})
	full := scenario.Expected.Full
	all := over(full.From, full.To)

	t.Run("empty tables", func(t *testing.T) {
		for _, st := range statements(t) {
			t.Run(st.name, func(t *testing.T) { emptyAnswer(t, st, s.described(t, all.expand(t, st.sql))) })
		}
	})
	s.seed(t, scenario)
	// The log forgets deliveries of half a year ago: it has days of its own.
	today := time.Now().UTC().Truncate(24 * time.Hour)
	s.seedLog(t, today)
	t.Run("shapes", func(t *testing.T) {
		for _, st := range statements(t) {
			t.Run(st.name, func(t *testing.T) {
				p := over(scenario.Expected.Recent.From, full.To) // there is something before it
				if strings.HasPrefix(st.file, "pipeline/") || st.file == sources.Query {
					p = over(today.AddDate(0, 0, -7), today)
				}
				r := s.described(t, p.expand(t, st.sql))
				shape(t, st, r)
				if len(r.rows) == 0 && !reliability(st.file) {
					t.Errorf("no rows from a whole organisation")
				}
			})
		}
	})
	t.Run("an hour in which nothing happened", func(t *testing.T) {
		long := over(full.From.AddDate(-5, 0, 0), full.From.AddDate(-5, 0, 0).Add(time.Hour))
		for _, st := range statements(t) {
			shape(t, st, s.described(t, long.expand(t, st.sql)))
		}
	})
	t.Run("bands", func(t *testing.T) { testBands(t, s) })
	t.Run("words", func(t *testing.T) { testWords(t, s) })
	t.Run("keys", func(t *testing.T) { testKeys(t, s, scenario) })
	t.Run("trends", func(t *testing.T) { testTrends(t, s, scenario) })
	t.Run("evidence", func(t *testing.T) { testEvidence(t, s, scenario) })
	t.Run("incidents", func(t *testing.T) { testIncidents(t, s, scenario) })
	t.Run("variables", func(t *testing.T) { testVariables(t, s, scenario, today) })
	t.Run("pipeline", func(t *testing.T) { testPipeline(t, s, today) })
	t.Run("import", func(t *testing.T) { testImport(t, s, today) })
}

// over is everything in whole days, as Grafana's "from … to the end of the day"
// gives them.
func over(from, to time.Time) plugin {
	return plugin{from: from, to: to.Add(-time.Millisecond), interval: 24 * time.Hour}
}

// emptyAnswer: where nothing is known nothing is shown, and never a 0.
func emptyAnswer(t *testing.T, st statement, r result) {
	t.Helper()
	shape(t, st, r)
	switch p := st.panel.(type) {
	case Stat:
	case Line:
		if line := fmt.Sprint(r.rows[0]["line"]); len(r.rows) != 1 || !strings.HasPrefix(line, "no ") || !strings.Contains(line, "no process has reported") {
			t.Errorf("freshness of nothing: %v", r.rows)
		}
		return
	case NodeGraph:
		// Grafana itself says nothing of a graph without a node, or an error.
		if st.file == p.Query {
			if len(r.rows) != 1 || r.rows[0]["arc__unknown"] != 1. || !strings.HasPrefix(fmt.Sprint(r.rows[0]["title"]), "no ") {
				t.Errorf("a graph of nothing: %v", r.rows)
			}
			return
		}
		if len(r.rows) > 0 {
			t.Errorf("edges of nothing: %v", r.rows)
		}
		return
	case Trace:
		if len(r.rows) != 1 || r.rows[0]["duration"] != 0. || !strings.Contains(fmt.Sprint(r.rows[0]["operationName"]), "trace") {
			t.Errorf("a trace of nothing: %v", r.rows)
		}
		return
	default:
		if len(r.rows) > 0 {
			t.Errorf("%d rows out of nothing: %v", len(r.rows), r.rows[0])
		}
		return
	}
	if len(r.rows) != 1 || r.rows[0]["value"] != nil || r.rows[0]["color"] != grey {
		t.Fatalf("a figure out of nothing: %v", r.rows)
	}
	if name, _ := r.rows[0]["name"].(string); !strings.HasPrefix(name, "no") {
		t.Errorf("it does not say that there is nothing: %q", name)
	}
}

var (
	numeric = regexp.MustCompile(`^(Nullable\()?(U?Int|Float)\d+`)
	instant = regexp.MustCompile(`^DateTime`)
	word    = regexp.MustCompile(`String`)
	commit  = regexp.MustCompile(`\b[0-9a-f]{40}\b`)
)

// shape checks that the answer has the columns its visualisation needs.
func shape(t *testing.T, st statement, r result) {
	t.Helper()
	typed := func(column string, want *regexp.Regexp) {
		t.Helper()
		i := slices.Index(r.columns, column)
		if i < 0 {
			t.Fatalf("%s: no column %s among %v", st.name, column, r.columns)
		}
		if !want.MatchString(r.types[i]) {
			t.Errorf("%s: column %s is %s", st.name, column, r.types[i])
		}
	}
	switch p := st.panel.(type) {
	case nil:
		if st.kind == "variable" {
			if len(r.columns) != 1 {
				t.Errorf("%s: a variable has one column, got %v", st.name, r.columns)
			}
			typed(r.columns[0], word)
			return
		}
		typed("time", instant)
		typed("text", word)
		typed("tags", word)
	case Stat:
		typed("name", word)
		typed("value", regexp.MustCompile(`^Nullable\((U?Int|Float)`))
		typed("unit", word)
		typed("color", word)
		if len(r.rows) != 1 {
			t.Errorf("%s: a figure is one row, got %d", st.name, len(r.rows))
		}
	case Line:
		typed("line", word)
		if len(r.rows) != 1 || len(r.columns) != 1 {
			t.Errorf("%s: a line is one text, got %v", st.name, r.rows)
		}
	case TimeSeries:
		seriesShape(t, st, p, r)
	case BarGauge:
		typed("name", word)
		typed("value", numeric)
	case NodeGraph:
		graphShape(t, st, p, r, typed)
	case Trace:
		traceShape(t, st, r, typed)
	case BarChart:
		typed(r.columns[0], word)
		for _, c := range r.columns[1:] {
			typed(c, numeric)
			if _, ok := p.Colours[c]; !ok {
				t.Errorf("%s: series %s has no colour", st.name, c)
			}
		}
	case Table:
		var described []string
		for _, c := range p.Columns {
			described = append(described, c.Name)
			switch c.Unit {
			case timestamp, date, clock:
				typed(c.Name, regexp.MustCompile(`^(Nullable\()?DateTime`))
			case "":
			default:
				typed(c.Name, numeric)
			}
		}
		// Grafana shows columns in the order of the SELECT, whatever order they are
		// described in.
		if !slices.Equal(described, r.columns) {
			t.Errorf("%s: the SQL gives %v, the table shows %v", st.name, r.columns, described)
		}
		for _, row := range r.rows {
			for column, v := range row {
				if text, _ := v.(string); column != "url" && commit.MatchString(text) {
					t.Fatalf("%s: all forty digits of a commit in %s: %q", st.name, column, text)
				}
			}
		}
	}
}

func seriesShape(t *testing.T, st statement, p TimeSeries, r result) {
	t.Helper()
	if r.columns[0] != "time" || !instant.MatchString(r.types[0]) {
		t.Fatalf("%s: the first column is %s %s, not the time", st.name, r.columns[0], r.types[0])
	}
	labels := 0
	for i, c := range r.columns[1:] {
		if word.MatchString(r.types[i+1]) {
			labels++
			if p.Series != "${__field.labels."+c+"}" {
				t.Errorf("%s: series are named %q, the label is %s", st.name, p.Series, c)
			}
			continue
		}
		if !numeric.MatchString(r.types[i+1]) {
			t.Errorf("%s: column %s is %s", st.name, c, r.types[i+1])
		}
		if _, ok := p.Colours[c]; !ok && len(p.Colours) > 0 && p.Series == "" {
			t.Errorf("%s: series %s has no colour", st.name, c)
		}
	}
	if labels > 1 || labels == 0 && p.Series != "" {
		t.Errorf("%s: %d label columns", st.name, labels)
	}
	for _, row := range r.rows {
		label, labelled := row["series"].(string)
		name, unit, _ := strings.Cut(label, ", ")
		if _, ok := p.Colours[name]; labelled && len(p.Colours) > 0 && (!ok || !slices.Contains([]string{"seconds", "minutes", "hours", "days"}, unit)) {
			t.Fatalf("%s: series %q has no colour or no unit", st.name, label)
		}
	}
	for i := 1; i < len(r.rows); i++ {
		if at(t, r.rows[i]).Before(at(t, r.rows[i-1])) {
			t.Fatalf("%s: times are not ascending", st.name)
		}
	}
}

func at(t *testing.T, row map[string]any) time.Time {
	t.Helper()
	when, ok := row["time"].(time.Time)
	if !ok {
		t.Fatalf("no time in %v", row)
	}
	return when
}

// Known answers of the log: six deliveries and four events of one day, and what
// was sent again: counts when it was known first.
func (s site) seedLog(t *testing.T, end time.Time) {
	t.Helper()
	noon := end.Add(-12 * time.Hour)
	delivery := func(source string, n int, after time.Duration) schemas.Delivery {
		return schemas.Delivery{Source: source, ID: source + string(rune('a'+n)), Kind: "push", Body: []byte("{}"), ReceivedAt: noon.Add(after)}
	}
	if err := s.store.AppendDeliveries(t.Context(), []schemas.Delivery{
		delivery("github", 0, 0), delivery("github", 1, time.Hour), delivery("github", 2, 2*time.Hour), delivery("github", 3, 8*time.Hour),
		delivery("github", 4, 9*time.Hour), delivery("gitlab", 0, 3*time.Hour),
	}); err != nil {
		t.Fatal(err)
	}
	event := func(id, source string, kind schemas.EventType, after, delay time.Duration) schemas.Event {
		return schemas.Event{ID: id, Source: source, Type: kind, Subject: "shop", Data: []byte("{}"), Time: noon.Add(after - delay), KnownAt: noon.Add(after)}
	}
	if err := s.store.AppendEvents(t.Context(), []schemas.Event{
		event("1", "github/acme/shop", schemas.TypeDeployment, 0, 2*time.Second), event("2", "github/acme/shop", schemas.TypeChange, time.Hour, 4*time.Second),
		event("3", "github/acme/cart", schemas.TypeChange, time.Hour, 6*time.Second), event("4", "jenkins", schemas.TypeDeployment, 2*time.Hour, 100*time.Second),
	}); err != nil {
		t.Fatal(err)
	}
	older := event("0", "jenkins", schemas.TypeDeployment, -48*time.Hour, time.Second)
	for _, again := range []schemas.Event{
		older, event("0", "jenkins", schemas.TypeDeployment, 0, 48*time.Hour), // known before the day
		event("1", "github/acme/shop", schemas.TypeDeployment, 3*time.Hour, 3*time.Hour), event("2", "github/acme/shop", schemas.TypeChange, time.Hour, 4*time.Second),
		event("4", "jenkins", schemas.TypeChange, 2*time.Hour+time.Minute, 160*time.Second),
	} {
		if err := s.store.AppendEvents(t.Context(), []schemas.Event{again}); err != nil {
			t.Fatal(err)
		}
	}
}
