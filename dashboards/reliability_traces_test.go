package dashboards

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"
)

// lastHour ends now; rates are of its 3,600 seconds.
func lastHour(end time.Time) plugin {
	return plugin{from: end.Add(-time.Hour), to: end, interval: time.Minute}
}

func near(t *testing.T, what string, got any, want float64) {
	t.Helper()
	if g, ok := got.(float64); !ok || math.Abs(g-want) > 0.02*want {
		t.Errorf("%s is %v, want %v within 2 %%", what, got, want)
	}
}

func testRequests(t *testing.T, s site, end time.Time) {
	p := lastHour(end)
	const orders = "checkout POST /orders"
	rates := s.run(t, p, "traces/rate.sql")
	same(t, "the rate of a minute", rates.row(t, "series", "gateway GET /"), map[string]any{"time": end.Add(-10 * time.Minute), "rate": 2})
	same(t, "the errors of a minute", s.run(t, p, "traces/errors.sql").row(t, "series", orders), map[string]any{"errors": 0.1})
	near(t, "p95", s.run(t, p, "traces/p95.sql").row(t, "series", orders)["p95"], 100)
	latency := s.run(t, p, "traces/latency.sql").rows
	if len(latency) != 2 {
		t.Fatalf("latency %v", latency)
	}
	near(t, "pooled p50", latency[0]["p50"], 10) // 120 of 180 are the gateway's
	near(t, "pooled p95", latency[0]["p95"], 100)
	near(t, "p50 of the operation chosen", s.run(t, p.choose("operation", "POST /orders"), "traces/latency.sql").rows[0]["p50"], 100)
	operations := s.run(t, p, "traces/operations.sql")
	same(t, "an operation", operations.row(t, "service", "checkout"), map[string]any{"operation": "POST /orders", "kind": "server", "requests": 90, "rate": 90. / 3600, "error_ratio": 6. / 90})
	for variable, want := range map[string]string{"traced_service": "checkout cron gateway postgres", "operation": "GET / POST /orders"} {
		var names []string
		for _, row := range s.run(t, p, "variables/"+variable+".sql").rows {
			names = append(names, fmt.Sprint(row["name"]))
		}
		if got := strings.Join(names, " "); got != want {
			t.Errorf("%s: %s", variable, got)
		}
	}
}

func testGraph(t *testing.T, s site, end time.Time) {
	p := lastHour(end)
	graph := func(p plugin) (nodes, edges result, drawn string) {
		t.Helper()
		nodes, edges = s.run(t, p, "traces/nodes.sql"), s.run(t, p, "traces/edges.sql")
		var ids []string
		for _, n := range nodes.rows {
			ids = append(ids, fmt.Sprint(n["id"]))
		}
		var lines []string
		for _, e := range edges.rows {
			lines = append(lines, fmt.Sprint(e["id"]))
			for _, endpoint := range []string{"source", "target"} {
				if !slices.Contains(ids, fmt.Sprint(e[endpoint])) {
					t.Errorf("%v has no node %v", e["id"], e[endpoint])
				}
			}
		}
		return nodes, edges, strings.Join(ids, " ") + " | " + strings.Join(lines, ", ")
	}
	nodes, edges, drawn := graph(p)
	if drawn != "checkout cron gateway postgres | checkout → postgres, cron → checkout, gateway → checkout" {
		t.Errorf("drawn %s", drawn)
	}
	same(t, "one that fails", nodes.row(t, "id", "checkout"), map[string]any{"subtitle": "6.7 % errors", "mainstat": "1.5/min", "arc__ok": 84. / 90, "arc__errors": 6. / 90, "arc__unknown": 0})
	same(t, "one that does not", nodes.row(t, "id", "gateway"), map[string]any{"subtitle": "no errors", "arc__ok": 1, "arc__errors": 0})
	same(t, "one that sends no spans", nodes.row(t, "id", "postgres"), map[string]any{"mainstat": "50/h", "arc__errors": 0.1, "secondarystat": ""})
	same(t, "one that nobody calls", nodes.row(t, "id", "cron"), map[string]any{"subtitle": "no requests known", "mainstat": "", "secondarystat": "", "arc__ok": 0, "arc__unknown": 1})
	same(t, "a call", edges.row(t, "id", "gateway → checkout"), map[string]any{"source": "gateway", "target": "checkout", "mainstat": "1/min", "secondarystat": "110 ms"})
	if _, _, drawn := graph(p.choose("service", "gateway")); drawn != "checkout gateway | gateway → checkout" {
		t.Errorf("around the gateway: %s", drawn)
	}
	same(t, "the table of calls", s.run(t, p, "traces/dependencies.sql").rows[0], map[string]any{"caller": "gateway", "callee": "checkout", "calls": 60, "error_ratio": 0.1})
}

func testTrace(t *testing.T, s site, end time.Time) {
	p := lastHour(end)
	began := end.Add(-10 * time.Minute)
	slow := s.run(t, p, "traces/slowest.sql").rows
	if len(slow) != 2 {
		t.Fatalf("slowest %v", slow)
	}
	same(t, "the slowest", slow[0], map[string]any{"trace": slowTrace.String(), "duration_ns": 250e6, "service": "gateway", "state": "ok"})
	same(t, "the slowest of a service", s.run(t, p.choose("service", "checkout"), "traces/slowest.sql").rows[0], map[string]any{"trace": slowTrace.String(), "duration_ns": 200e6, "state": "error", "version": "2.0"})
	failing := s.run(t, p, "traces/failing.sql").rows
	if len(failing) != 1 {
		t.Fatalf("failing %v", failing)
	}
	same(t, "a failing one", failing[0], map[string]any{"trace": slowTrace.String(), "service": "checkout", "message": "no money", "time": began.Add(20 * time.Millisecond)})

	spans := s.run(t, p.choose("trace", slowTrace.String()), "traces/trace.sql").rows
	if len(spans) != 2 {
		t.Fatalf("spans %v", spans)
	}
	same(t, "the root", spans[0], map[string]any{
		"traceID": slowTrace.String(), "spanID": "0100000000000000", "parentSpanID": "", "serviceName": "gateway", "operationName": "GET /",
		"startTime": float64(began.UnixMilli()), "duration": 250, "statusCode": 0, "kind": "server",
	})
	same(t, "its child", spans[1], map[string]any{"parentSpanID": "0100000000000000", "duration": 200, "statusCode": 2, "statusMessage": "no money"})
	if tags := fmt.Sprint(spans[1]["tags"]); !strings.Contains(tags, "map[key:http.response.status_code value:500]") || !strings.Contains(tags, "exception") {
		t.Errorf("tags %s", tags)
	}
	if tags := fmt.Sprint(spans[1]["serviceTags"]); !strings.Contains(tags, "map[key:host.name value:a1]") {
		t.Errorf("tags of the service %s", tags)
	}
	for what, c := range map[string]struct {
		typed string
		want  string
	}{
		"in capitals, with blanks":   {" " + strings.ToUpper(slowTrace.String()) + " ", "GET /, POST /orders"},
		"Zipkin's short id":          {"fe00000000000001", "GET /"},
		"nothing":                    {"", "choose a trace above, or paste its id at the top"},
		"longer than any id":         {strings.Repeat("a", 40), "no span of this trace is stored around this range"},
		"an attempt to end the text": {"' OR 1=1", "no span of this trace is stored around this range"},
	} {
		var got []string
		for _, row := range s.run(t, p.choose("trace", c.typed), "traces/trace.sql").rows {
			got = append(got, fmt.Sprint(row["operationName"]))
		}
		if strings.Join(got, ", ") != c.want {
			t.Errorf("%s: %q, want %q", what, got, c.want)
		}
	}
}

func testVitals(t *testing.T, s site, end time.Time) {
	p := lastHour(end)
	at := func(minute int) time.Time { return end.Add(-10 * time.Minute).Add(time.Duration(minute) * time.Minute) }
	s.figure(t, p, "pipeline/waiting", 12, "short", bluishGreen, "most for spans")
	s.figure(t, p, "pipeline/dead", 2, "short", vermillion, "wait for somebody to decide")
	// 3 until the process began again, and 1 since; of 14 + 16 + 20 requests.
	s.figure(t, p, "pipeline/refused", 4, "short", orange, "of 40 requests · unauthorized")
	s.figure(t, p, "pipeline/spans", 600, "short", grey, "1 rejected · tables 2.5 s behind")
	same(t, "backlog", s.run(t, p, "pipeline/backlog_over_time.sql").row(t, "stage", "dora"), map[string]any{"time": at(0), "messages": 9000})
	same(t, "lag", s.run(t, p, "pipeline/spans_delay.sql").rows[1], map[string]any{"time": at(1), "series": "behind, seconds", "lag": 90})
	same(t, "memory", s.run(t, p, "pipeline/memory_over_time.sql").rows[1], map[string]any{"process": "a/1", "memory": 2e8})
	spans := map[string]float64{}
	for _, row := range s.run(t, p, "pipeline/spans_over_time.sql").rows {
		n, _ := row["spans"].(float64)
		spans[fmt.Sprint(row["outcome"])] += n * 60
	}
	if fmt.Sprint(spans) != "map[accepted:600 counted:590 duplicate:10 rejected:1]" {
		t.Errorf("spans %v", spans)
	}
	unwell := s.run(t, p, "pipeline/unwell.sql")
	if len(unwell.rows) != 2 {
		t.Fatalf("unwell %v", unwell.rows)
	}
	same(t, "refused", unwell.rows[0], map[string]any{"stage": "intake", "who": "github", "outcome": "unauthorized", "times": 4, "last": at(2)})
	same(t, "not decoded", unwell.rows[1], map[string]any{"stage": "decoding", "who": "gitlab", "outcome": "payload", "times": 2, "last": at(1)})
}
