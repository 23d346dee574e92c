//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/traffic"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	spansBatch    = 512
	spansRate     = 60_000
	spansTime     = 30 * time.Second
	spansSenders  = 4
	spansServices = 12
	spanBytes     = 60
)

// spans measures OTLP over HTTP until everything is stored and counted: the rate
// is all spans ÷ the time until the backlog is empty, so a backlog that grew is
// paid for. Senders, fivekeys and its engine share the machine.
func (f *figures) spans(b *testing.B) {
	once := f.spanRun(b, f.lasting(spansTime))
	twice := f.spanRun(b, 2*f.lasting(spansTime))
	f.promised("Spans, OTLP over HTTP to stored and counted, batches of 512 × 10 attributes",
		fmt.Sprintf("%s (and %s over twice the time; drained %v after the last)", perSecond(once.rate), perSecond(twice.rate), once.drained.Round(10*time.Millisecond)),
		"≥ "+perSecond(spansRate), once.rate >= spansRate)
	f.promised("A span on disk, with its place in the index of traces", fmt.Sprintf("%.1f bytes", once.bytes), fmt.Sprintf("< %d bytes", spanBytes), once.bytes < spanBytes)
	f.beside("Processor time of a span, fivekeys and engine", fmt.Sprintf("%.1f µs", once.processor))
	f.beside("Peak memory, fivekeys and engine, and after twice the spans of the same series",
		fmt.Sprintf("%s + %s, %s + %s", megabytes(once.self.peak), megabytes(once.engine.peak), megabytes(twice.self.peak), megabytes(twice.engine.peak)))
	b.ReportMetric(once.rate, "spans/s")
	b.ReportMetric(once.bytes, "B/span")
	b.ReportMetric(0, "ns/op")
}

type spanRun struct {
	rate, bytes, processor float64
	drained                time.Duration
	self, engine           memory
}

func (f *figures) spanRun(b *testing.B, lasting time.Duration) spanRun {
	s := newServing(b, &schemas.Catalog{})
	model := traffic.Model{Start: time.Now(), Target: 0.99}
	for i := range spansServices {
		model.Services = append(model.Services, traffic.Service{Name: fmt.Sprintf("service-%02d", i)})
	}
	configure(b, s.folder, sloFiles, objectiveFiles(model))
	s.start(b)
	defer s.stop(b)
	templates := make([]*spanTemplate, spansServices)
	for i := range templates {
		templates[i] = newSpanTemplate(b, model.Services[i].Name, uint64(i))
	}
	pids := append([]int{s.command.Process.Pid}, children(s.command.Process.Pid)...)
	before := processorOf(pids...)
	begun := time.Now()
	var sent sync.WaitGroup
	var mu sync.Mutex
	total := 0
	for sender := range spansSenders {
		sent.Go(func() {
			r := rand.New(rand.NewPCG(uint64(sender), 7))
			body := make([]byte, 0, 1<<20)
			n := 0
			for time.Since(begun) < lasting {
				body = templates[r.IntN(len(templates))].fill(body[:0], r, time.Now())
				for !s.postSpans(b, body) {
					time.Sleep(50 * time.Millisecond) // as the answer asks, only sooner
				}
				n += spansBatch
			}
			mu.Lock()
			defer mu.Unlock()
			total += n
		})
	}
	sent.Wait()
	last := time.Now()
	err := waitDrained(b.Context(), func(ctx context.Context) (uint64, error) {
		left, err := backlogOf(ctx, s.url)
		if err != nil {
			return 1, nil //nolint:nilerr // asked again
		}
		return left, nil
	}, nil)
	if err != nil {
		b.Fatal(err)
	}
	ended := time.Now()
	r := spanRun{
		rate: float64(total) / ended.Sub(begun).Seconds(), drained: ended.Sub(last),
		processor: float64((processorOf(pids...) - before).Microseconds()) / float64(total),
		self:      memoryOf(pids[0]),
	}
	for _, pid := range pids[1:] {
		r.engine = r.engine.plus(memoryOf(pid))
	}
	if stored := figureOf(b, s.ask(b, "SELECT count() FROM spans")); int(stored) != total {
		b.Errorf("%.0f of %d spans are stored", stored, total)
	}
	if counted := figureOf(b, s.ask(b, "SELECT sum(total) FROM sli_minutes WHERE objective NOT LIKE '%latency%'")); int(counted) != total {
		b.Errorf("%.0f of %d spans are counted", counted, total)
	}
	r.bytes = figureOf(b, s.ask(b, "SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND table IN ('span_log', 'trace_index')")) / float64(total)
	return r
}

func (s *serving) ask(b *testing.B, sql string) string {
	b.Helper()
	out, err := s.fivekeys(b.Context(), "query", "--format", "csv", sql).Output()
	if err != nil {
		b.Fatalf("%s: %v", sql, err)
	}
	lines := strings.Split(strings.TrimSpace(string(out)), "\n")
	return lines[len(lines)-1]
}

func figureOf(b *testing.B, text string) float64 {
	b.Helper()
	n, err := strconv.ParseFloat(text, 64)
	if err != nil {
		b.Fatal(err)
	}
	return n
}

// postSpans posts a body; false means that it should come again.
func (s *serving) postSpans(b *testing.B, body []byte) bool {
	response, err := s.client.Post(s.url+"/v1/traces", "application/x-protobuf", bytes.NewReader(body))
	if err != nil {
		b.Error(err)
		return true
	}
	answer, _ := io.ReadAll(response.Body)
	_ = response.Body.Close()
	switch response.StatusCode {
	case http.StatusOK:
		return true
	case http.StatusServiceUnavailable:
		return false
	}
	b.Errorf("%s: %s", response.Status, answer)
	return true
}

// spanTemplate is a request's bytes with the places of what differs between two
// requests, so that making one costs next to nothing of the shared processors.
type spanTemplate struct {
	body  []byte
	spans []spanPlace
}

type spanPlace struct{ trace, span, start, end int }

func newSpanTemplate(b *testing.B, service string, seed uint64) *spanTemplate {
	b.Helper()
	r := rand.New(rand.NewPCG(seed, 1))
	spans := make([]schemas.Span, spansBatch)
	base := time.Now().UnixNano()
	for i := range spans {
		s := &spans[i]
		binary.BigEndian.PutUint64(s.TraceID[:], r.Uint64()|1)
		binary.BigEndian.PutUint64(s.TraceID[8:], r.Uint64())
		binary.BigEndian.PutUint64(s.SpanID[:], r.Uint64()|1)
		s.Service, s.Version, s.Environment = service, "v1.4.2", "production"
		s.Name = []string{"GET /orders/{id}", "POST /orders", "GET /basket", "PUT /basket/{item}"}[i%4]
		s.Kind = schemas.KindServer
		s.Start, s.Duration = base+int64(i)*1009, int64(1+r.IntN(400))*int64(time.Millisecond)+int64(i)
		if r.IntN(100) == 0 {
			s.Status = schemas.StatusError
		}
		for _, a := range [][2]string{
			{"http.request.method", "GET"}, {"http.route", s.Name[4:]}, {"http.response.status_code", "200"}, {"url.path", fmt.Sprintf("/orders/%d", r.IntN(100_000))},
			{"url.scheme", "https"}, {"server.address", "shop.example.com"}, {"network.protocol.version", "1.1"}, {"user_agent.original", "Mozilla/5.0 (X11; Linux x86_64)"},
			{"client.address", fmt.Sprintf("10.0.%d.%d", r.IntN(256), r.IntN(256))}, {"enduser.tier", []string{"free", "gold"}[r.IntN(2)]},
		} {
			s.Attributes = append(s.Attributes, schemas.Attribute{Key: a[0], Value: a[1]})
		}
	}
	t := &spanTemplate{body: encodeOTLP(b, spans)}
	for i := range spans {
		s := &spans[i]
		// Every mark is there once, wherever the encoder puts it.
		p := spanPlace{
			trace: bytes.Index(t.body, s.TraceID[:]), span: bytes.Index(t.body, s.SpanID[:]),
			start: bytes.Index(t.body, binary.LittleEndian.AppendUint64(nil, uint64(s.Start))),
			end:   bytes.Index(t.body, binary.LittleEndian.AppendUint64(nil, uint64(s.Start+s.Duration))),
		}
		if min(p.trace, p.span, p.start, p.end) < 0 {
			b.Fatalf("a span is not where it was expected: %+v", p)
		}
		t.spans = append(t.spans, p)
	}
	return t
}

// fill writes a request of new spans, four to a trace, that have just ended.
func (t *spanTemplate) fill(into []byte, r *rand.Rand, now time.Time) []byte {
	into = append(into, t.body...)
	var high, low uint64
	for i, p := range t.spans {
		if i%4 == 0 {
			high, low = r.Uint64()|1, r.Uint64()
		}
		binary.BigEndian.PutUint64(into[p.trace:], high)
		binary.BigEndian.PutUint64(into[p.trace+8:], low)
		binary.BigEndian.PutUint64(into[p.span:], r.Uint64()|1)
		lasted := binary.LittleEndian.Uint64(t.body[p.end:]) - binary.LittleEndian.Uint64(t.body[p.start:])
		end := uint64(now.UnixNano())
		binary.LittleEndian.PutUint64(into[p.start:], end-lasted)
		binary.LittleEndian.PutUint64(into[p.end:], end)
	}
	return into
}
