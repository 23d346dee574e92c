package dashboards

import (
	"math"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// reliability says whether SQL is about what spans, objectives and toil tell:
// seeded apart, in TestReliabilityOnTheRealEngine.
func reliability(file string) bool {
	folder, name, _ := strings.Cut(file, "/")
	switch folder {
	case "budgets", "toil", "traces":
		return true
	case "service", "five_keys":
		return strings.HasPrefix(name, "budget") || name == "toil.sql"
	case "pipeline":
		return !slices.Contains([]string{
			"silence.sql", "deliveries.sql", "events.sql", "delay.sql", "deliveries_over_time.sql", "events_over_time.sql", "delay_over_time.sql",
			"sources.sql", "types.sql",
		}, name)
	case "variables":
		return slices.Contains([]string{"objective.sql", "toil_team.sql", "traced_service.sql", "operation.sql"}, name)
	case "annotations":
		return slices.Contains([]string{"alerts.sql", "budgets.sql"}, name)
	default:
		return false
	}
}

// graphShape: the columns Grafana looks for, of nodes with arcs that are a whole.
func graphShape(t *testing.T, st statement, p NodeGraph, r result, typed func(string, *regexp.Regexp)) {
	t.Helper()
	if st.file == p.Edges {
		if !slices.Equal(r.columns, edgeColumns) {
			t.Errorf("%s: edges have the columns %v", st.name, r.columns)
		}
		for _, c := range edgeColumns[:3] {
			typed(c, word)
		}
		typed("mainstat", word)
		typed("secondarystat", word)
		return
	}
	want := slices.Clone(nodeColumns)
	for _, a := range p.Arcs {
		want = append(want, a.Column)
		if !strings.HasPrefix(a.Column, "arc__") {
			t.Errorf("%s: %s is no arc", st.name, a.Column)
		}
		typed(a.Column, numeric)
	}
	if !slices.Equal(r.columns, want) {
		t.Errorf("%s: nodes have the columns %v, want %v", st.name, r.columns, want)
	}
	seen := map[any]bool{}
	for _, row := range r.rows {
		sum := 0.0
		for _, a := range p.Arcs {
			part, _ := row[a.Column].(float64)
			sum += part
		}
		if math.Abs(sum-1) > 1e-9 || seen[row["id"]] {
			t.Errorf("%s: the ring of %v is %v, or the node is there twice", st.name, row["id"], sum)
		}
		seen[row["id"]] = true
	}
}

var pairs = regexp.MustCompile(`^Array\(Map\(String, String\)\)$`)

func traceShape(t *testing.T, st statement, r result, typed func(string, *regexp.Regexp)) {
	t.Helper()
	if !slices.Equal(r.columns, traceColumns) {
		t.Errorf("%s: spans have the columns %v", st.name, r.columns)
	}
	for _, c := range []string{"traceID", "spanID", "parentSpanID", "serviceName", "operationName", "kind", "statusMessage"} {
		typed(c, regexp.MustCompile(`^String$`))
	}
	for _, c := range []string{"tags", "serviceTags"} {
		typed(c, pairs)
	}
	for _, c := range []string{"startTime", "duration", "statusCode"} {
		typed(c, numeric)
	}
}
