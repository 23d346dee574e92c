package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/internal/traffic"
	"github.com/fivekeys/fivekeys/schemas"
)

// TestBadInputIsRefusedWholeAndNamed sends what makes no sense to a running
// pipeline. Each is answered so that its sender can mend it, and none of it
// leaves anything behind; what makes sense counts all the same.
func TestBadInputIsRefusedWholeAndNamed(t *testing.T) {
	t.Parallel()
	m := recent()
	m.Services = m.Services[2:]
	folder := siteFolder(t, schemas.Catalog{})
	configure(t, folder, sloFiles, objectiveFiles(m))
	s := startSiteOn(t, folder, nil, func(_ *settings, o *pipelineOptions) { o.tokens = []string{apiToken} })

	var first []schemas.Span
	for d := range m.Deliveries(traffic.Disorder{}) {
		first = d.Spans
		break
	}
	valid := encodeOTLP(t, first)
	event := func(data string) string {
		return `{"specversion":"1.0","id":"1","source":"test","type":"fivekeys.sli.v1","time":"2026-03-02T08:00:00Z","data":` + data + `}`
	}
	const protobuf, zipkin = "application/x-protobuf", "/api/v2/spans"
	for name, c := range map[string]struct {
		path, media, encoding string
		body                  []byte
		status                int
		says                  []string
	}{
		"garbage for OTLP":               {"/v1/traces", protobuf, "", []byte("no spans"), 400, nil},
		"OTLP cut short":                 {"/v1/traces", protobuf, "", valid[:len(valid)-3], 400, nil},
		"OTLP as JSON that isn't":        {"/v1/traces", "application/json", "", []byte(`{"resourceSpans":[{`), 400, nil},
		"OTLP of another type":           {"/v1/traces", "text/plain", "", valid, 415, []string{"text/plain"}},
		"OTLP in an unknown compression": {"/v1/traces", protobuf, "br", valid, 415, []string{"br"}},
		"OTLP that isn't compressed":     {"/v1/traces", protobuf, "gzip", valid, 400, nil},
		"OTLP that grows beyond bounds":  {"/v1/traces", protobuf, "gzip", zipped(t, make([]byte, 65<<20)), 413, []string{"smaller"}},
		"garbage for Zipkin":             {zipkin, "application/json", "", []byte(`[{"id":`), 400, nil},
		"a Zipkin span among others that has no id": {zipkin, "application/json", "",
			[]byte(`[{"traceId":"0000000000000001","id":"0000000000000001","timestamp":1},{"traceId":"0000000000000001"}]`), 400, []string{"id"}},
		"Zipkin of another type":               {zipkin, "text/plain", "", []byte(`[]`), 415, []string{"text/plain"}},
		"counts without good":                  {"/v1/events", "application/json", "", []byte(event(`{"slo":"ledger-availability","total":3}`)), 400, []string{"good"}},
		"counts that are more good than total": {"/v1/events", "application/json", "", []byte(event(`{"slo":"ledger-availability","good":4,"total":3}`)), 400, []string{"total"}},
		"counts of nothing":                    {"/v1/events", "application/json", "", []byte(event(`{"good":3,"total":3}`)), 400, []string{"slo"}},
		"counts in words":                      {"/v1/events", "application/json", "", []byte(event(`{"slo":"ledger-availability","good":"three","total":3}`)), 400, []string{"good"}},
		"right counts beside wrong ones": {"/v1/events", "application/cloudevents-batch+json", "",
			[]byte("[" + event(`{"slo":"ledger-availability","good":3,"total":3}`) + "," + event(`{"slo":"ledger-availability","good":-1,"total":3}`) + "]"), 400, []string{"1", "good"}},
	} {
		t.Run(name, func(t *testing.T) {
			request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+c.path, bytes.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			request.Header.Set("Content-Type", c.media)
			request.Header.Set("Authorization", "Bearer "+apiToken)
			if c.encoding != "" {
				request.Header.Set("Content-Encoding", c.encoding)
			}
			response, err := s.client.Do(request)
			if err != nil {
				t.Fatal(err)
			}
			defer func() { _ = response.Body.Close() }()
			text, err := io.ReadAll(response.Body)
			if err != nil {
				t.Fatal(err)
			}
			if response.StatusCode != c.status || len(text) == 0 {
				t.Errorf("answered with %s %q, want %d", response.Status, text, c.status)
			}
			for _, word := range c.says {
				if !bytes.Contains(text, []byte(word)) {
					t.Errorf("the answer %q does not name %q", text, word)
				}
			}
		})
	}
	queries := []string{"SELECT count() AS n FROM spans", "SELECT count() AS n FROM sli_minutes", "SELECT count() AS n FROM events"}
	s.drain(t)
	same(t, "after bad input", queries, []string{"n\n0\n", "n\n0\n", "n\n0\n"}, contents(t, s.store, queries))

	// A span that makes no sense is left out, said so, and holds up no other.
	bad := first[0]
	bad.TraceID = schemas.TraceID{}
	status, text := postTo(t, s.client, s.url+"/v1/traces", protobuf, encodeOTLP(t, append([]schemas.Span{bad}, first...)))
	if status != http.StatusOK || text == "" {
		t.Errorf("answered with %d %q, want a partial success", status, text)
	}
	s.drain(t)
	same(t, "after one bad span", queries[:1], []string{fmt.Sprintf("n\n%d\n", len(first))}, contents(t, s.store, queries[:1]))
}

func zipped(t *testing.T, text []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := w.Write(text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// TestServeRefusesAnSLOWithAMistake says where it is, and touches nothing.
func TestServeRefusesAnSLOWithAMistake(t *testing.T) {
	t.Parallel()
	s := newServing(t, &schemas.Catalog{})
	m := recent()
	files := objectiveFiles(m)
	lines := strings.Split(files["slos/shop.yaml"], "\n")
	at := 0
	for i, line := range lines {
		if strings.Contains(line, "budgetingMethod") && at == 0 {
			lines[i], at = "  budgetingMethods: Occurrences", i+1
		}
	}
	files["slos/shop.yaml"] = strings.Join(lines, "\n")
	configure(t, s.folder, sloFiles, files)
	var stderr bytes.Buffer
	command := s.fivekeys(t.Context(), "serve", "--listen", s.addr)
	command.Stderr = &stderr
	if err := command.Run(); err == nil {
		t.Fatal("serve ended as if all were well")
	}
	want := fmt.Sprintf("%s:%d:", filepath.Join(s.folder, "slos/shop.yaml"), at)
	if !strings.Contains(stderr.String(), want) || !strings.Contains(stderr.String(), "budgetingMethods") {
		t.Errorf("serve says %q, want %s", stderr.String(), want)
	}
	for _, folder := range []string{"nats", "clickhouse"} {
		if _, err := os.Stat(filepath.Join(s.folder, folder)); err == nil {
			t.Errorf("%s was made", folder)
		}
	}
}
