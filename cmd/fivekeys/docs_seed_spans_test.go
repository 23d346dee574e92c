package main

import (
	"context"
	"encoding/binary"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/schemas"
)

// docsDay is the day whose spans are known: the last one.
var docsDay = docsNow.AddDate(0, 0, -1)

// docsOperation is what an operation gets in every tenth minute; in the hour
// from noon every answer takes ten times as long and as many again fail.
type docsOperation struct {
	service, name string
	fast, slow    int // requests
	errors        uint64
	took, tail    time.Duration
}

var docsOperations = []docsOperation{
	{"checkout", "POST /orders", 90, 10, 1, 120 * time.Millisecond, 900 * time.Millisecond},
	{"checkout", "GET /orders/{id}", 198, 2, 0, 20 * time.Millisecond, 250 * time.Millisecond},
	{"payments", "POST /charges", 95, 5, 1, 80 * time.Millisecond, 700 * time.Millisecond},
	{"catalogue", "GET /products", 400, 0, 0, 8 * time.Millisecond, 0},
}

// planSpans makes a day's counts, a few traces and what the pipeline said of
// itself.
func (d *docsData) planSpans() {
	for at := docsDay; at.Before(docsNow); at = at.Add(10 * time.Minute) {
		factor := time.Duration(1)
		if at.Hour() == 12 {
			factor = 10
		}
		for _, o := range docsOperations {
			m := schemas.ServiceMinute{
				Service: o.service, Operation: o.name, Kind: "server", Minute: at,
				Requests: uint64(o.fast + o.slow), Errors: o.errors * uint64(factor),
			}
			for i := range o.fast + o.slow {
				took := o.took
				if i >= o.fast {
					took = o.tail
				}
				m.Latency.Add(int64(took) * int64(factor))
			}
			d.services = append(d.services, m)
		}
		for _, callee := range []string{"payments", "catalogue"} {
			call := schemas.Dependency{Caller: "checkout", Callee: callee, Minute: at, Calls: 100}
			if callee == "payments" {
				call.Errors = uint64(factor)
			}
			for range call.Calls {
				call.Latency.Add((85 * time.Millisecond).Nanoseconds() * int64(factor))
			}
			d.calls = append(d.calls, call)
		}
		d.vital(at, "fivekeys_backlog_messages", "stage=dora", float64(at.Hour()*10))
		d.vital(at, "fivekeys_backlog_messages", "stage=archive", float64(at.Minute()))
	}
	for i := range 6 {
		d.trace(i)
	}
}

func (d *docsData) vital(at time.Time, metric, label string, value float64) {
	d.vitals = append(d.vitals, schemas.Vital{At: at, Process: "one/1", Metric: metric, Label: label, Value: value})
}

// trace is an order that charges a card; of every second the card's bank
// doesn't answer, and the slowest takes a second longer than the one before.
func (d *docsData) trace(i int) {
	start := docsDay.Add(12*time.Hour + time.Duration(i)*time.Minute)
	span := func(number int, service, name string, kind schemas.SpanKind, after, took time.Duration) *schemas.Span {
		s := schemas.Span{
			Service: service, Version: "v42", Environment: "production", Name: name, Kind: kind,
			Start: start.Add(after).UnixNano(), Duration: int64(took),
		}
		binary.BigEndian.PutUint64(s.TraceID[8:], uint64(i+1))
		binary.BigEndian.PutUint64(s.SpanID[:], uint64(number))
		if number > 1 {
			binary.BigEndian.PutUint64(s.ParentID[:], uint64(number-1))
		}
		if i%2 == 1 {
			s.Status = schemas.StatusError
			if service == "payments" {
				s.StatusMessage = "bank does not answer"
			}
		}
		d.spans = append(d.spans, s)
		return &d.spans[len(d.spans)-1]
	}
	bank := time.Duration(i+1) * time.Second
	span(1, "checkout", "POST /orders", schemas.KindServer, 0, bank+200*time.Millisecond)
	span(2, "checkout", "charge", schemas.KindClient, 50*time.Millisecond, bank+100*time.Millisecond).Peer = "payments"
	span(3, "payments", "POST /charges", schemas.KindServer, 80*time.Millisecond, bank)
}

func (d *docsData) storeSpans(ctx context.Context) error {
	var batch clickhouse.SpanBatch
	for i := range d.spans {
		batch.Add(&d.spans[i])
	}
	if err := d.store.InsertSpans(ctx, &batch); err != nil {
		return err
	}
	var counts clickhouse.SpanCounts
	for _, m := range d.services {
		counts.Services = append(counts.Services, clickhouse.Counted[schemas.ServiceMinute]{Sequence: 1, Row: m})
	}
	for _, c := range d.calls {
		counts.Dependencies = append(counts.Dependencies, clickhouse.Counted[schemas.Dependency]{Sequence: 1, Row: c})
	}
	return d.store.WriteSpanCounts(ctx, &counts)
}
