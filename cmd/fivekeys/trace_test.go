package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/rivo/uniseg"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/report"
	"github.com/fivekeys/fivekeys/processors/traces"
	"github.com/fivekeys/fivekeys/schemas"
)

var updateTraces = flag.Bool("update", false, "write the golden files")

// traceSpanOf makes a span of trace n; from and to are ms after the trace's
// start.
func traceSpanOf(id, parent int, kind schemas.SpanKind, service, name string, from, to int64) schemas.Span {
	start := time.Date(2026, 3, 14, 9, 26, 53, 589e6, time.UTC).UnixNano()
	s := schemas.Span{
		TraceID: traceOf(1), Kind: kind, Service: service, Name: name, Version: "2.4.1", Environment: "production",
		Start: start + from*1e6, Duration: (to - from) * 1e6, Status: schemas.StatusUnset,
	}
	binary.BigEndian.PutUint64(s.SpanID[:], uint64(id))
	binary.BigEndian.PutUint64(s.ParentID[:], uint64(parent))
	return s
}

func traceOf(n int) (id schemas.TraceID) {
	binary.BigEndian.PutUint64(id[:8], 0x4bf92f3577b34da6)
	binary.BigEndian.PutUint64(id[8:], 0xa3ce929d0e0e4736+uint64(n)-1)
	return id
}

func toPeer(peer string, s schemas.Span) schemas.Span {
	s.Peer = peer
	return s
}

func withError(message string, s schemas.Span) schemas.Span {
	s.Status, s.StatusMessage = schemas.StatusError, message
	return s
}

// checkoutTrace is a checkout: 12 spans of 5 services, the payment works at the
// third try, the mail is sent after the answer.
func checkoutTrace() []schemas.Span {
	const server, client = schemas.KindServer, schemas.KindClient
	spans := []schemas.Span{
		traceSpanOf(1, 0, server, "web", "POST /checkout", 0, 845),
		traceSpanOf(2, 1, client, "web", "POST cart", 4, 42),
		traceSpanOf(3, 2, server, "cart", "POST /cart/lock", 9, 38),
		traceSpanOf(4, 1, client, "web", "POST orders", 45, 840),
		traceSpanOf(5, 4, server, "orders", "POST /orders", 50, 836),
		withError("503", traceSpanOf(6, 5, client, "orders", "POST payments", 60, 264)),
		withError("503", traceSpanOf(7, 5, client, "orders", "POST payments", 310, 512)),
		traceSpanOf(8, 5, client, "orders", "POST payments", 560, 760),
		traceSpanOf(9, 8, server, "payments", "POST /charges", 565, 757),
		toPeer("postgres", traceSpanOf(10, 5, client, "orders", "INSERT orders", 765, 798)),
		toPeer("kafka", traceSpanOf(11, 5, schemas.KindProducer, "orders", "orders publish", 800, 806)),
		toPeer("kafka", traceSpanOf(12, 11, schemas.KindConsumer, "mail", "orders process", 850, 1320)),
	}
	spans[0].Attributes = []schemas.Attribute{{Key: "http.request.method", Value: "POST"}, {Key: "http.response.status_code", Value: "200"}}
	return spans
}

// traceScenes are the traces that have golden files.
func traceScenes() map[string][]schemas.Span {
	const server, client, local = schemas.KindServer, schemas.KindClient, schemas.KindInternal
	doubtful := []schemas.Span{
		traceSpanOf(1, 0, client, "web", "GET app", 0, 100),
		traceSpanOf(2, 1, server, "app", "GET /", 1010, 1090),
		traceSpanOf(2, 1, server, "app", "GET /", 1010, 1090),
		traceSpanOf(3, 2, local, "app", "render", 1020, 1080),
		traceSpanOf(4, 99, server, "search", "GET /search", 20, 60),
		traceSpanOf(5, 6, local, "loop", "a", 5, 6),
		traceSpanOf(6, 5, local, "loop", "b", 5, 6),
		traceSpanOf(7, 0, server, "web", "GET /favicon.ico", 90, 95),
	}
	many := []schemas.Span{traceSpanOf(1, 0, server, "batch", "import", 0, 3000)}
	for i := range 400 {
		s := traceSpanOf(i+2, 1, client, "batch", "INSERT rows", int64(i), int64(i)+1200+int64(i*7%300))
		if i == 333 {
			s = withError("deadlock", s)
		}
		many = append(many, s)
	}
	var deep []schemas.Span
	for i := range 30 {
		deep = append(deep, traceSpanOf(i+1, i, local, "deep", strings.Repeat("very ", 9)+"long name", int64(i), int64(60-i)))
	}
	return map[string][]schemas.Span{
		"checkout": checkoutTrace(), "doubtful": doubtful, "many": many, "deep": deep,
		"hostile": {traceSpanOf(1, 0, server, "a\x1b[31mb", "c\r\nd\u202e 日本語の名前", 0, 1)},
		"instant": {traceSpanOf(1, 0, server, "web", "GET", 0, 0)},
	}
}

func TestTracePrintsTheGoldenFiles(t *testing.T) {
	for scene, spans := range traceScenes() {
		for suffix, render := range map[string]func(io.Writer, *traces.Reading) error{
			"table": func(w io.Writer, r *traces.Reading) error { return traceTable(w, r, false, report.TableOptions{}) },
			"narrow": func(w io.Writer, r *traces.Reading) error {
				return traceTable(w, r, false, report.TableOptions{Width: 64})
			},
			"color": func(w io.Writer, r *traces.Reading) error {
				return traceTable(w, r, false, report.TableOptions{Width: 130, Color: true})
			},
			"json": traceJSON,
		} {
			if suffix != "table" && scene != "checkout" {
				continue
			}
			t.Run(scene+"."+suffix, func(t *testing.T) {
				reading := traces.Read(spans)
				var got bytes.Buffer
				if err := render(&got, &reading); err != nil {
					t.Fatal(err)
				}
				path := filepath.Join("testdata", "trace", scene+"."+suffix)
				if *updateTraces {
					if err := os.WriteFile(path, got.Bytes(), 0o600); err != nil {
						t.Fatal(err)
					}
				}
				want, err := os.ReadFile(path)
				if err != nil {
					t.Fatalf("%v (hint: run the test with -update)", err)
				}
				if diff := cmp.Diff(string(want), got.String()); diff != "" {
					t.Errorf("%s differs (-want +got):\n%s", path, diff)
				}
			})
		}
	}
}

func TestTraceKeepsToTheWidth(t *testing.T) {
	for scene, spans := range traceScenes() {
		reading := traces.Read(spans)
		for _, width := range []int{0, 1, 60, 61, 80, 99, 120, 160, 500} {
			var got bytes.Buffer
			if err := traceTable(&got, &reading, true, report.TableOptions{Width: width}); err != nil {
				t.Fatal(err)
			}
			most := min(max(width, narrowestTrace), widestTrace)
			if width == 0 {
				most = widestPiped
			}
			for line := range strings.Lines(got.String()) {
				if n := uniseg.StringWidth(strings.TrimSuffix(line, "\n")); n > most {
					t.Errorf("%s at width %d: %d wide: %s", scene, width, n, line)
				}
			}
		}
	}
}

func TestParseTraceID(t *testing.T) {
	const id = "4bf92f3577b34da6a3ce929d0e0e4736"
	for text, want := range map[string]string{
		id: id, strings.ToUpper(id): id, " " + id + "\n": id, "0x" + id: id, "00-" + id + "-00f067aa0ba902b7-01": id,
		"4bf9": "4bf9", "a3ce929d0e0e4736": "a3ce929d0e0e4736",
	} {
		if got, err := parseTraceID(text); err != nil || got != want {
			t.Errorf("%q is %q, %v; want %q", text, got, err, want)
		}
	}
	for text, want := range map[string]string{
		"": "at least 4 digits", "4bf": "at least 4 digits", "checkout": "32 hexadecimal digits", id + "0": "33 digits",
		"4bf9%": "32 hexadecimal digits", "00-" + id: "32 hexadecimal digits",
	} {
		if _, err := parseTraceID(text); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v; want %q", text, err, want)
		}
	}
}

func traceEnvironment(out io.Writer) *environment {
	return &environment{stdin: strings.NewReader(""), stdout: out, stderr: io.Discard, getenv: func(string) string { return "" }, logger: slog.New(slog.DiscardHandler)}
}

func TestTraceReadsTheStore(t *testing.T) {
	g := &globals{Data: t.TempDir()}
	const first = "4bf92f3577b34da6a3ce929d0e0e4736"
	if err := (&migrateCommand{}).Run(t.Context(), g, traceEnvironment(io.Discard)); err != nil {
		t.Fatal(err)
	}
	if err := (&traceCommand{ID: first}).Run(t.Context(), g, traceEnvironment(io.Discard)); err == nil || !strings.Contains(err.Error(), "no spans are stored yet") {
		t.Errorf("an empty store: %v", err)
	}
	env := traceEnvironment(io.Discard)
	s, err := g.settings(env)
	if err != nil {
		t.Fatal(err)
	}
	store, done, err := g.openStore(t.Context(), env, s, false)
	if err != nil {
		t.Fatal(err)
	}
	var batch clickhouse.SpanBatch
	now := time.Now().Add(-time.Hour).UnixNano() // spans of long ago are not kept
	var stored []schemas.Span
	for n := range 3 {
		spans := checkoutTrace()
		shift := now + int64(n)*int64(time.Minute) - spans[0].Start
		for i := range spans {
			spans[i].TraceID = traceOf(n + 1)
			if n == 2 { // an id of 64 bits
				spans[i].TraceID = schemas.TraceID{8: 0xab, 15: 0xcd}
			}
			spans[i].Start += shift
			batch.Add(&spans[i])
			if n == 0 {
				batch.Add(&spans[i]) // inserted again after a crash
				stored = append(stored, spans[i])
			}
		}
	}
	err = store.InsertSpans(t.Context(), &batch)
	done()
	if err != nil {
		t.Fatal(err)
	}
	store, done, err = g.openStore(t.Context(), env, s, true) // as the command does
	if err != nil {
		t.Fatal(err)
	}
	defer done()
	run := func(c traceCommand) (string, error) {
		id, err := parseTraceID(c.ID)
		if err != nil {
			return "", err
		}
		var out bytes.Buffer
		err = c.show(t.Context(), traceEnvironment(&out), traceRows{store.Conn()}, id)
		return out.String(), err
	}
	reading := traces.Read(stored)
	var want bytes.Buffer
	if err := traceTable(&want, &reading, false, report.TableOptions{}); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		command  traceCommand
		out, err string
	}{
		"a whole id":                       {traceCommand{ID: strings.ToUpper(first)}, want.String(), ""},
		"a beginning that is one trace's":  {traceCommand{ID: first[:31] + "6"}, want.String(), ""},
		"an id of 64 bits":                 {traceCommand{ID: "ab000000000000cd"}, "Trace 0000000000000000ab000000000000cd", ""},
		"a beginning that is two traces'":  {traceCommand{ID: "4bf9"}, "web POST /checkout", "trace 4bf9: 2 traces begin like that; give more digits"},
		"a beginning that is nobody's":     {traceCommand{ID: "ffff"}, "", "trace ffff: no trace begins like that; it may be older than spans are kept"},
		"a whole id that is nobody's":      {traceCommand{ID: first[:31] + "0"}, "", "no such trace"},
		"the latest is named as a way out": {traceCommand{ID: "ffff"}, "", "0000000000000000ab000000000000cd"},
		"what is no id":                    {traceCommand{ID: "checkout"}, "", "32 hexadecimal digits"},
		"an injection":                     {traceCommand{ID: "4bf9' OR '1'='1"}, "", "32 hexadecimal digits"},
	} {
		t.Run(name, func(t *testing.T) {
			out, err := run(c.command)
			if !strings.Contains(out, c.out) {
				t.Errorf("printed\n%s\nwant\n%s", out, c.out)
			}
			if fmt.Sprint(err) == "<nil>" != (c.err == "") || c.err != "" && !strings.Contains(err.Error(), c.err) {
				t.Errorf("error %v, want %q", err, c.err)
			}
		})
	}
	t.Run("as JSON", func(t *testing.T) {
		out, err := run(traceCommand{ID: first, Format: "json"})
		if err != nil {
			t.Fatal(err)
		}
		var got traceReport
		if err := json.Unmarshal([]byte(out), &got); err != nil {
			t.Fatal(err)
		}
		if len(got.Spans) != 12 || got.Bottleneck.Operation != "POST payments" || got.Spans[0].Attributes["http.response.status_code"] != "200" {
			t.Errorf("unexpected %s", out)
		}
	})
}
