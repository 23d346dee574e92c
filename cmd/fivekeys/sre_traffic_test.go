package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/internal/traffic"
	"github.com/fivekeys/fivekeys/schemas"
)

// recent is traffic of three services that ended some minutes ago. A tenth may
// fail: the shop has most of its budget left, the search next to nothing, and
// the ledger has overspent.
func recent() traffic.Model {
	m := traffic.Example(time.Now().UTC().Truncate(time.Minute).Add(-185 * time.Minute))
	m.Target = 0.9
	return m
}

// objectiveFiles are the objectives of a model as somebody writes them. The
// default alerts can't fire where a tenth may fail.
func objectiveFiles(m traffic.Model) map[string]string {
	files := map[string]string{}
	for _, s := range m.Services {
		files["slos/"+s.Name+".yaml"] = fmt.Sprintf(`apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: %[1]s-burns}
spec:
  alertWhenBreaching: true
  conditions:
    - kind: AlertCondition
      metadata: {name: fast}
      spec: {severity: page, condition: {kind: burnrate, op: gt, threshold: 5, lookbackWindow: 1h, alertAfter: 5m}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: %[1]s-availability}
spec:
  service: %[1]s
  indicator:
    metadata: {name: %[1]s-works}
    spec:
      ratioMetric:
        good: {metricSource: {type: fivekeys, spec: {status: ok}}}
        total: {metricSource: {type: fivekeys, spec: {service: %[1]s}}}
  timeWindow: [{duration: 4h, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: %[2]v}]
  alertPolicies: [{alertPolicyRef: %[1]s-burns}]
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: %[1]s-latency}
spec:
  service: %[1]s
  indicator:
    metadata: {name: %[1]s-duration}
    spec:
      thresholdMetric: {metricSource: {type: fivekeys, spec: {service: %[1]s}}}
  timeWindow: [{duration: 4h, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{op: lt, value: %[3]d, target: %[2]v}]
  alertPolicies: [{alertPolicyRef: %[1]s-burns}]
`, s.Name, m.Target, traffic.Limit.Milliseconds())
	}
	return files
}

// configure adds to a folder's configuration, and files beside it.
func configure(t testing.TB, folder, text string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(folder, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	path := filepath.Join(folder, defaultConfigFile)
	before, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, append(before, text...), 0o600); err != nil {
		t.Fatal(err)
	}
}

const sloFiles = "slos: [\"slos/*.yaml\"]\n"

// freePort is an address that nobody listens on.
func freePort(t testing.TB) string {
	t.Helper()
	return fmt.Sprintf("127.0.0.1:%d", testkit.FreePort(t))
}

// minutesSQL asks for what minutesOf expects.
const minutesSQL = "SELECT objective, toUnixTimestamp(minute) AS minute, version, good, total FROM sli_minutes ORDER BY objective, minute, version"

// minutesOf is what the objectives of a model count, in closed form.
func minutesOf(m traffic.Model) string {
	var out strings.Builder
	out.WriteString("objective,minute,version,good,total\n")
	for _, c := range m.Minutes() {
		_, _ = fmt.Fprintf(&out, "%s,%d,%s,%d,%d\n", c.Objective, c.Minute.Unix(), c.Version, c.Good, c.Total)
	}
	return out.String()
}

// recentWindow is the window of objectiveFiles: longer than the traffic of recent.
const recentWindow = 4 * time.Hour

// budgetsOf is how much of each objective's budget is left at a time, in closed
// form: 1 − burn × elapsed ÷ window, as all objectives are younger than that.
func budgetsOf(m traffic.Model, at time.Time) map[string]float64 {
	bad, total := map[string]float64{}, map[string]float64{}
	for _, c := range m.Minutes() {
		bad[c.Objective] += float64(c.Total - c.Good)
		total[c.Objective] += float64(c.Total)
	}
	left := map[string]float64{}
	for key := range total {
		left[key] = 1 - bad[key]/(total[key]*(1-m.Target))*at.Sub(m.Start).Minutes()/recentWindow.Minutes()
	}
	return left
}

// countSpans counts the different ones among deliveries.
func countSpans(deliveries []traffic.Delivery) int {
	type identity struct {
		trace schemas.TraceID
		span  schemas.SpanID
	}
	seen := map[identity]bool{}
	for _, d := range deliveries {
		for _, s := range d.Spans {
			seen[identity{s.TraceID, s.SpanID}] = true
		}
	}
	return len(seen)
}

// withCalls adds to each delivery some calls of one service by another, neither
// of which has an objective: traces of three spans, shuffled in among the rest.
// Both sides of a call have the same times, so that it is the same call
// whichever of them is seen.
func withCalls(m traffic.Model, d traffic.Disorder, perMinute int) []traffic.Delivery {
	random := rand.New(rand.NewPCG(m.Seed, 2))
	var deliveries []traffic.Delivery
	for delivery := range m.Deliveries(d) {
		for range perMinute {
			var trace schemas.TraceID
			binary.BigEndian.PutUint64(trace[:], random.Uint64())
			binary.BigEndian.PutUint64(trace[8:], random.Uint64())
			id := func() (id schemas.SpanID) {
				binary.BigEndian.PutUint64(id[:], random.Uint64()|1)
				return id
			}
			start := delivery.At.Add(-time.Duration(1+random.IntN(50)) * time.Second).UnixNano()
			duration := int64(time.Millisecond) << random.IntN(8)
			front := schemas.Span{TraceID: trace, SpanID: id(), Service: "front", Name: "GET /", Kind: schemas.KindServer, Start: start, Duration: 2 * duration}
			call := schemas.Span{TraceID: trace, SpanID: id(), ParentID: front.SpanID, Service: "front", Name: "GET", Kind: schemas.KindClient, Start: start, Duration: duration, Peer: "back"}
			back := schemas.Span{TraceID: trace, SpanID: id(), ParentID: call.SpanID, Service: "back", Name: "GET /", Kind: schemas.KindServer, Start: start, Duration: duration}
			if random.IntN(5) == 0 {
				call.Status, back.Status = schemas.StatusError, schemas.StatusError
			}
			delivery.Spans = append(delivery.Spans, front, call, back)
		}
		if d.Shuffle {
			random.Shuffle(len(delivery.Spans), func(a, b int) {
				delivery.Spans[a], delivery.Spans[b] = delivery.Spans[b], delivery.Spans[a]
			})
		}
		deliveries = append(deliveries, delivery)
	}
	return deliveries
}

func encodeOTLP(t testing.TB, spans []schemas.Span) []byte {
	t.Helper()
	body, err := traffic.OTLP(spans)
	if err != nil {
		t.Fatal(err)
	}
	return body
}

// requests cuts deliveries into bodies of at most so many spans.
func requests(t testing.TB, deliveries []traffic.Delivery, most int) [][]byte {
	t.Helper()
	var bodies [][]byte
	for _, d := range deliveries {
		for part := range slices.Chunk(d.Spans, most) {
			bodies = append(bodies, encodeOTLP(t, part))
		}
	}
	return bodies
}

// postTo posts one body and gives the status and the answer.
func postTo(t testing.TB, client *http.Client, url, media string, body []byte) (int, string) {
	t.Helper()
	response, err := client.Post(url, media, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var text bytes.Buffer
	if _, err := text.ReadFrom(response.Body); err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, text.String()
}
