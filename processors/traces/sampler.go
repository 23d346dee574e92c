package traces

import (
	"encoding/binary"
	"math"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// A span that comes when its trace is closed follows the verdict on the trace
// where that is remembered. Only traces kept for their own sake need to be:
// whether the share takes one is told by its id.
const (
	remembered     = 5 * time.Minute
	mostRemembered = 1 << 15
)

// sampler decides which traces are stored: those with an error, those in which
// a service or the whole took long, and a share of the others. Spans of others
// are held back until their trace closes, encoded, for that may still change.
type sampler struct {
	below  uint64 // the share takes ids whose hash is at most that
	none   bool
	slow   int64 // ns, 0 for none
	held   map[uint32][]byte
	bytes  int // in held
	kept   map[schemas.TraceID]int64
	queue  []verdict // of kept, the oldest first
	reused schemas.Span
}

type verdict struct {
	id schemas.TraceID
	at int64
}

func newSampler(r schemas.SpanRules) sampler {
	s := sampler{slow: int64(r.Slow), held: map[uint32][]byte{}, kept: map[schemas.TraceID]int64{}}
	switch {
	case r.Keep >= 1:
		s.below = math.MaxUint64
	case r.Keep > 0:
		s.below = uint64(r.Keep * (1 << 32) * (1 << 32))
	default:
		s.none = true // no number says so
	}
	return s
}

// interesting says whether the span is reason enough to keep its trace.
func (s *sampler) interesting(span *schemas.Span) bool {
	return span.Status == schemas.StatusError ||
		s.slow > 0 && span.Duration >= s.slow && (span.Kind.Entry() || span.ParentID.IsZero())
}

// keeps says what is known of a trace before any of its spans is seen.
func (s *sampler) keeps(id schemas.TraceID, at int64) bool {
	if !s.none && mix(id) <= s.below {
		return true
	}
	since, ok := s.kept[id]
	return ok && at-since <= int64(remembered)
}

func (s *sampler) remember(id schemas.TraceID, at int64) {
	if _, ok := s.kept[id]; !ok && len(s.kept) >= mostRemembered || len(s.queue) >= 2*mostRemembered {
		s.forgetOldest()
	}
	s.kept[id] = at
	s.queue = append(s.queue, verdict{id, at})
}

func (s *sampler) forgetOldest() {
	for len(s.queue) > 0 {
		oldest := s.queue[0]
		s.queue = s.queue[1:]
		if s.kept[oldest.id] == oldest.at {
			delete(s.kept, oldest.id)
			return
		}
	}
}

func (s *sampler) hold(trace uint32, span *schemas.Span) {
	before := s.held[trace]
	after := appendSpan(before, span)
	s.held[trace] = after
	s.bytes += cap(after) - cap(before)
}

// release stores what was held back of a trace.
func (s *sampler) release(trace uint32, to Sink) {
	for rest := s.held[trace]; len(rest) > 0; {
		rest = readSpan(rest, &s.reused)
		to.Keep(&s.reused)
	}
	s.discard(trace)
}

func (s *sampler) discard(trace uint32) {
	s.bytes -= cap(s.held[trace])
	delete(s.held, trace)
}

// mix spreads trace ids evenly: not every sender draws them at random. It must
// never change, or processes of two versions keep different traces. (The
// finaliser of SplitMix64, over both halves.)
func mix(id schemas.TraceID) uint64 {
	scramble := func(x uint64) uint64 {
		x += 0x9e3779b97f4a7c15
		x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
		x = (x ^ x>>27) * 0x94d049bb133111eb
		return x ^ x>>31
	}
	return scramble(scramble(binary.BigEndian.Uint64(id[:8])) ^ binary.BigEndian.Uint64(id[8:]))
}
