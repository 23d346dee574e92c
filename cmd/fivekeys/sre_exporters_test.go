package main

import (
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"log"
	"math"
	"net/http"
	"os/exec"
	"strings"
	"testing"
	"time"

	zipkinmodel "github.com/openzipkin/zipkin-go/model"
	reporterhttp "github.com/openzipkin/zipkin-go/reporter/http"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"

	"github.com/fivekeys/fivekeys/internal/traffic"
	"github.com/fivekeys/fivekeys/schemas"
)

// TestSpansOfRealExportersBecomeBudgets has three services trace with the
// exporters that programs use, each with another one, duplicates and latecomers
// among the spans. What comes of it is compared with the closed form, by way of
// everything that answers.
func TestSpansOfRealExportersBecomeBudgets(t *testing.T) {
	t.Parallel()
	m := recent()
	s := newServing(t, &schemas.Catalog{Services: []schemas.Service{{Name: "shop", Team: "web"}, {Name: "search", Team: "web"}, {Name: "ledger", Team: "books"}}})
	configure(t, s.folder, sloFiles, objectiveFiles(m))
	grpc := freePort(t)
	s.environ = []string{"FIVEKEYS_OTLP_LISTEN=" + grpc}
	s.start(t)

	var all []traffic.Delivery
	for service, send := range map[string]func(*testing.T, []schemas.Span){
		"shop":   overOTLP(t, otlptracehttp.NewClient(otlptracehttp.WithEndpointURL(s.url+"/v1/traces"), otlptracehttp.WithCompression(otlptracehttp.GzipCompression))),
		"search": overOTLP(t, otlptracegrpc.NewClient(otlptracegrpc.WithEndpoint(grpc), otlptracegrpc.WithInsecure())),
		"ledger": overZipkin(s.url + "/api/v2/spans"),
	} {
		var spans []schemas.Span
		for d := range only(m, service).Deliveries(traffic.Rough()) {
			spans = append(spans, d.Spans...)
			all = append(all, d)
		}
		send(t, spans)
	}
	s.drain(t)

	same(t, "by exporters", []string{minutesSQL}, []string{minutesOf(m)}, []string{s.query(t, minutesSQL)})
	if got, want := s.query(t, "SELECT count() FROM spans"), fmt.Sprintf("count()\n%d\n", countSpans(all)); got != want {
		t.Errorf("%s spans are stored, want %s", got, want)
	}
	const requestsSQL = "SELECT service, sum(requests) AS requests, sum(errors) AS errors FROM service_minutes GROUP BY service ORDER BY service"
	same(t, "by exporters", []string{requestsSQL}, []string{requestsOf(m)}, []string{s.query(t, requestsSQL)})

	s.awaitBudgets(t, m)
	s.answers(t, m, all[0].Spans[0].TraceID)
	s.stop(t)
}

// only is the model with one of its services.
func only(m traffic.Model, service string) traffic.Model {
	var left []traffic.Service
	for i, s := range m.Services {
		if s.Name == service {
			left = append(left, s)
			m.Seed += uint64(i+1) << 56 // or the services would share traces
		}
	}
	m.Services = left
	return m
}

func requestsOf(m traffic.Model) string {
	var out strings.Builder
	out.WriteString("service,requests,errors\n")
	for _, service := range []string{"ledger", "search", "shop"} {
		var good, total uint64
		for _, c := range m.Minutes() {
			if c.Objective == traffic.Key(service) {
				good, total = good+c.Good, total+c.Total
			}
		}
		_, _ = fmt.Fprintf(&out, "%s,%d,%d\n", service, total, total-good)
	}
	return out.String()
}

// overOTLP sends spans with an exporter of the OpenTelemetry SDK.
func overOTLP(t *testing.T, client otlptrace.Client) func(*testing.T, []schemas.Span) {
	exporter, err := otlptrace.New(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	return func(t *testing.T, spans []schemas.Span) {
		t.Helper()
		// The SDK's own processor makes the batches.
		batches := sdk.NewBatchSpanProcessor(exporter, sdk.WithBlocking())
		for i := range spans {
			batches.OnEnd(asSDK(&spans[i]))
		}
		if err := batches.Shutdown(t.Context()); err != nil {
			t.Errorf("shut the exporter down: %v", err)
		}
	}
}

func asSDK(s *schemas.Span) sdk.ReadOnlySpan {
	context := func(id schemas.SpanID) trace.SpanContext {
		return trace.NewSpanContext(trace.SpanContextConfig{TraceID: trace.TraceID(s.TraceID), SpanID: trace.SpanID(id), TraceFlags: trace.FlagsSampled})
	}
	about := []attribute.KeyValue{attribute.String("service.name", s.Service), attribute.String("deployment.environment.name", s.Environment)}
	if s.Version != "" {
		about = append(about, attribute.String("service.version", s.Version))
	}
	stub := tracetest.SpanStub{
		Name: s.Name, SpanContext: context(s.SpanID), SpanKind: trace.SpanKind(s.Kind),
		StartTime: time.Unix(0, s.Start), EndTime: time.Unix(0, s.Start+s.Duration), Resource: resource.NewSchemaless(about...),
	}
	if !s.ParentID.IsZero() {
		stub.Parent = context(s.ParentID)
	}
	if s.Status == schemas.StatusError {
		stub.Status = sdk.Status{Code: codes.Error}
	}
	for _, a := range s.Attributes {
		stub.Attributes = append(stub.Attributes, attribute.String(a.Key, a.Value))
	}
	return stub.Snapshot()
}

// overZipkin sends spans with zipkin-go's reporter.
func overZipkin(url string) func(*testing.T, []schemas.Span) {
	return func(t *testing.T, spans []schemas.Span) {
		t.Helper()
		reporter := reporterhttp.NewReporter(url, reporterhttp.MaxBacklog(len(spans)), reporterhttp.Logger(log.New(failing{t}, "", 0)))
		for i := range spans {
			reporter.Send(asZipkin(&spans[i]))
		}
		if err := reporter.Close(); err != nil {
			t.Error(err)
		}
	}
}

// failing makes what the reporter logs, which are errors alone, the test's.
type failing struct{ *testing.T }

func (f failing) Write(text []byte) (int, error) {
	f.Errorf("zipkin-go says: %s", text)
	return len(text), nil
}

func asZipkin(s *schemas.Span) zipkinmodel.SpanModel {
	id := func(id schemas.SpanID) zipkinmodel.ID { return zipkinmodel.ID(binary.BigEndian.Uint64(id[:])) }
	out := zipkinmodel.SpanModel{
		SpanContext: zipkinmodel.SpanContext{
			TraceID: zipkinmodel.TraceID{High: binary.BigEndian.Uint64(s.TraceID[:]), Low: binary.BigEndian.Uint64(s.TraceID[8:])}, ID: id(s.SpanID),
		},
		Name: s.Name, Timestamp: time.Unix(0, s.Start), Duration: time.Duration(s.Duration),
		LocalEndpoint: &zipkinmodel.Endpoint{ServiceName: s.Service}, Tags: map[string]string{"deployment.environment.name": s.Environment},
	}
	if s.Kind == schemas.KindServer {
		out.Kind = zipkinmodel.Server
	}
	if !s.ParentID.IsZero() {
		parent := id(s.ParentID)
		out.ParentID = &parent
	}
	if s.Status == schemas.StatusError {
		out.Tags["error"] = "true"
	}
	if s.Version != "" {
		out.Tags["service.version"] = s.Version
	}
	return out
}

// query asks the store, through a serve that runs or without one.
func (s *serving) query(t *testing.T, sql string) string {
	t.Helper()
	return s.say(t, "query", "--format", "csv", sql)
}

// say gives what a command prints that must not fail.
func (s *serving) say(t *testing.T, args ...string) string {
	t.Helper()
	out, err := s.fivekeys(t.Context(), args...).Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("fivekeys %s: %v: %s", strings.Join(args, " "), err, exit.Stderr)
		}
		t.Fatal(err)
	}
	return string(out)
}

// drain waits until everything accepted is in the tables.
func (s *serving) drain(t *testing.T) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := waitDrained(ctx, func(ctx context.Context) (uint64, error) {
		left, err := backlogOf(ctx, s.url)
		if err != nil {
			return 1, nil //nolint:nilerr // asked again: NATS may be coming up
		}
		return left, nil
	}, nil); err != nil {
		t.Fatalf("drain: %v\n%s", err, s.log())
	}
}

// awaitBudgets waits until the budgets include all that was counted, and wants
// them to be the closed form's.
func (s *serving) awaitBudgets(t *testing.T, m traffic.Model) {
	t.Helper()
	var total uint64
	for _, c := range m.Minutes() {
		total += c.Total
	}
	until(t, func() (bool, string) {
		got := s.query(t, "SELECT sum(total) AS total FROM slo_status")
		return got == fmt.Sprintf("total\n%d\n", total), fmt.Sprintf("budgets are of %s events, want %d\n%s", got, total, s.log())
	})
	var lines []budgetLine
	if err := json.Unmarshal([]byte(s.say(t, "slo", "status", "--format", "json")), &lines); err != nil {
		t.Fatal(err)
	}
	want := budgetsOf(m, time.Time{})
	for _, l := range lines {
		if _, known := want[l.Objective]; known {
			want[l.Objective] = budgetsOf(m, l.At)[l.Objective]
		}
		if l.Remaining == nil || math.Abs(*l.Remaining-want[l.Objective]) > 1e-9 {
			t.Errorf("of the budget of %s %v is left, want %v", l.Objective, l.Remaining, want[l.Objective])
		}
		delete(want, l.Objective)
	}
	if len(want) > 0 {
		t.Errorf("slo status does not tell of %v", want)
	}
}

// gateAnswer is what a script reads of the gate's document.
type gateAnswer struct {
	Allow      bool                   `json:"allow"`
	Ground     string                 `json:"ground"`
	Reason     string                 `json:"reason"`
	AgeSeconds *float64               `json:"age_seconds"`
	Budget     []schemas.BudgetStatus `json:"budget"`
	Exhausted  []string               `json:"exhausted"`
	Exception  *struct {
		Author string `json:"author"`
	} `json:"exception"`
}

func askGate(t *testing.T, client *http.Client, url, service string) gateAnswer {
	t.Helper()
	return askGateAs(t, client, url, "", service)
}

func askGateAs(t *testing.T, client *http.Client, url, token, service string) gateAnswer {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url+"/v1/gate?service="+service, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	var a gateAnswer
	if err := json.NewDecoder(response.Body).Decode(&a); err != nil || response.StatusCode != http.StatusOK {
		t.Fatalf("the gate answers %s: %v", response.Status, err)
	}
	return a
}

// answers asks the gate in both ways, and for a trace.
func (s *serving) answers(t *testing.T, m traffic.Model, id schemas.TraceID) {
	t.Helper()
	for service, ground := range map[string]string{"shop": "within_budget", "search": "within_budget", "ledger": "exhausted", "nobody": "no_budget"} {
		var a gateAnswer
		until(t, func() (bool, string) { // the gate is told a moment after the tables
			a = askGate(t, s.client, s.url, service)
			for _, b := range a.Budget {
				if left := budgetsOf(m, b.At)[b.Objective]; b.Remaining == nil || math.Abs(*b.Remaining-left) > 1e-9 {
					return false, fmt.Sprintf("the gate does not know yet that %v is left of %s", left, b.Objective)
				}
			}
			return a.Ground != "unknown", fmt.Sprintf("the gate says %+v", a)
		})
		if a.Ground != ground || a.Allow != (ground != "exhausted") {
			t.Errorf("of %s the gate says %+v, want %s", service, a, ground)
		}
		err := s.fivekeys(t.Context(), "gate", service).Run()
		var exit *exec.ExitError
		if errors.As(err, &exit); (err == nil) != a.Allow || err != nil && exit.ExitCode() != exitFailed {
			t.Errorf("fivekeys gate %s: %v", service, err)
		}
	}
	// A name that came through Zipkin is in lower case.
	if text := s.say(t, "trace", id.String()); !strings.Contains(strings.ToUpper(text), "GET /") || !strings.Contains(text, "work") {
		t.Errorf("fivekeys trace says\n%s", text)
	}
	if text := s.say(t, "slo", "status"); !strings.Contains(text, "ledger-availability") || !strings.Contains(text, "spent") {
		t.Errorf("fivekeys slo status says\n%s", text)
	}
}
