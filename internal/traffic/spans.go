package traffic

import (
	"encoding/binary"
	"iter"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// minute is a minute's spans, by end time.
func (m Model) minute(number int) []schemas.Span {
	var spans []schemas.Span
	at := m.Start.Add(time.Duration(number) * time.Minute)
	for i, s := range m.Services {
		p := s.at(number)
		for r := range p.PerMinute {
			spans = m.request(spans, s, at, p, r, uint64(i)<<48|uint64(number)<<24|uint64(r))
		}
	}
	slices.SortStableFunc(spans, func(a, b schemas.Span) int { return int(a.Start + a.Duration - b.Start - b.Duration) })
	return spans
}

// request adds the spans of request r of a minute: two, and the caller's if
// there is one. The first one ends with
// the minute's first nanosecond and began in the minute before: a span counts
// where it ends.
func (m Model) request(spans []schemas.Span, of Service, at time.Time, p Phase, r int, number uint64) []schemas.Span {
	end := at.UnixNano() + int64(r)*int64(time.Minute)/int64(p.PerMinute)
	duration := fast
	if spread(r, p.Slow, p.PerMinute) {
		duration = slow
		if r%2 == 0 {
			duration = Limit // not below the limit either
		}
	}
	span := schemas.Span{
		Service: of.Name, Version: p.Version, Environment: "production", Name: "GET /" + of.Name, Kind: schemas.KindServer,
		Start: end - int64(duration), Duration: int64(duration),
		Attributes: []schemas.Attribute{{Key: "http.request.method", Value: "GET"}, {Key: "http.response.status_code", Value: "200"}},
	}
	if spread(r, p.Bad, p.PerMinute) {
		span.Status = schemas.StatusError
		span.Attributes[1].Value = "500"
	}
	binary.BigEndian.PutUint64(span.TraceID[:], mix(m.Seed^number))
	binary.BigEndian.PutUint64(span.TraceID[8:], mix(^m.Seed^number))
	binary.BigEndian.PutUint64(span.SpanID[:], mix(number+1)|1)
	inner := span
	inner.ParentID, inner.Name, inner.Kind, inner.Status, inner.Attributes = span.SpanID, "work", schemas.KindInternal, schemas.StatusError, nil
	binary.BigEndian.PutUint64(inner.SpanID[:], mix(number+1)&^1|2)
	if of.Caller != "" {
		call := span
		call.Service, call.Version, call.Kind, call.Peer = of.Caller, "", schemas.KindClient, of.Name
		// The way there and back takes a while.
		call.Start, call.Duration = span.Start-int64(time.Millisecond), span.Duration+2*int64(time.Millisecond)
		binary.BigEndian.PutUint64(call.SpanID[:], mix(number+1)&^3|4)
		span.ParentID = call.SpanID
		spans = append(spans, call)
	}
	return append(spans, span, inner)
}

// spread picks exactly `of` out of n numbers, evenly.
func spread(i, of, n int) bool { return (i+1)*of/n != i*of/n }

// mix is splitmix64's finisher: neighbours get far apart, so that traces spread
// over the partitions.
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Spans are all spans once, minute by minute, by end time.
func (m Model) Spans() iter.Seq[schemas.Span] {
	return func(yield func(schemas.Span) bool) {
		for d := range m.Deliveries(Disorder{}) {
			for _, s := range d.Spans {
				if !yield(s) {
					return
				}
			}
		}
	}
}

// Disorder is what networks and senders do to spans. None of it may change what
// is counted.
type Disorder struct {
	// Twice sends every n-th span again; 0 none.
	Twice int
	// Late holds every n-th span back by LateBy; 0 none.
	Late   int
	LateBy time.Duration
	// Shuffle sends the spans of a delivery in any order.
	Shuffle bool
}

// Rough is a little of everything.
func Rough() Disorder { return Disorder{Twice: 7, Late: 11, LateBy: 4 * time.Minute, Shuffle: true} }

// Delivery is what is sent at one time.
type Delivery struct {
	At    time.Time
	Spans []schemas.Span
}

// Deliveries are the spans as they are sent: after each minute those that ended
// in it, and as long as Late wants after the last one those held back. The same
// Model and Disorder give the same deliveries.
func (m Model) Deliveries(d Disorder) iter.Seq[Delivery] {
	return func(yield func(Delivery) bool) {
		minutes := int(m.End().Sub(m.Start) / time.Minute)
		random := rand.New(rand.NewPCG(m.Seed, 1)) //nolint:gosec // traffic must be the same each time
		held := map[int][]schemas.Span{}
		lateBy, count := int(d.LateBy/time.Minute), 0
		for i := 0; i < minutes || len(held) > 0; i++ {
			delivery := Delivery{At: m.Start.Add(time.Duration(i+1) * time.Minute), Spans: held[i]}
			delete(held, i)
			for _, s := range m.minute(i) {
				count++
				if d.Late > 0 && count%d.Late == 0 && lateBy > 0 {
					held[i+lateBy] = append(held[i+lateBy], s)
				} else {
					delivery.Spans = append(delivery.Spans, s)
				}
				if d.Twice > 0 && count%d.Twice == 0 {
					delivery.Spans = append(delivery.Spans, s)
				}
			}
			if d.Shuffle {
				random.Shuffle(len(delivery.Spans), func(a, b int) {
					delivery.Spans[a], delivery.Spans[b] = delivery.Spans[b], delivery.Spans[a]
				})
			}
			if !yield(delivery) {
				return
			}
		}
	}
}
