package spans

import (
	"encoding/binary"
	"math/bits"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

const (
	// generation is how long spans are collected before a new set begins.
	generation = time.Minute
	// generations are remembered beside the current one: a span that comes again
	// within two minutes is known, after three it is not.
	generations = 2
	// maxRemembered bounds one generation of one partition: 48 MB with room to
	// probe. What is beyond is not remembered and could count twice.
	maxRemembered = 3 << 20
)

// duplicates knows the spans of the last minutes of one partition. Whether a span
// came before depends on the messages of these minutes alone: every copy is
// remembered anew, and the bound is each generation's own.
type duplicates struct {
	number  int64 // of the current generation
	sets    [generations + 1]set
	dropped uint64 // beyond the bound
}

// generationOf is the generation of a stream time.
func generationOf(at int64) int64 { return at / int64(generation) }

// advance begins a new generation where it is time.
func (d *duplicates) advance(at int64) {
	now := generationOf(at)
	for steps := min(now-d.number, generations+1); steps > 0; steps-- {
		last := d.sets[generations]
		copy(d.sets[1:], d.sets[:generations])
		last.clear()
		d.sets[0] = last
	}
	d.number = max(d.number, now)
}

// seen says whether the span came before, and remembers it.
func (d *duplicates) seen(trace schemas.TraceID, span schemas.SpanID) bool {
	h := fingerprint(trace, span)
	if d.sets[0].has(h) {
		return true
	}
	if d.sets[0].count < maxRemembered {
		d.sets[0].add(h)
	} else {
		d.dropped++
	}
	for i := 1; i <= generations; i++ {
		if d.sets[i].has(h) {
			return true
		}
	}
	return false
}

// identityOf tells a span from the others of its trace. It is its id, which
// Zipkin's clients and servers may share without saying so: the called side is
// told from the calling one, and from that of another service.
func identityOf(span *schemas.Span) schemas.SpanID {
	if !span.Kind.Entry() {
		return span.SpanID
	}
	const fnvPrime = 1099511628211 // FNV-1a in place: hash/fnv would allocate for every span
	h := binary.BigEndian.Uint64(span.SpanID[:])
	for i := range len(span.Service) {
		h = (h ^ uint64(span.Service[i])) * fnvPrime
	}
	return schemas.SpanID(binary.BigEndian.AppendUint64(nil, h))
}

// fingerprint mixes the identity into 64 bits: among ten million spans, one in a
// trillion is taken for another.
func fingerprint(trace schemas.TraceID, span schemas.SpanID) uint64 {
	a, b, c := binary.LittleEndian.Uint64(trace[:]), binary.LittleEndian.Uint64(trace[8:]), binary.LittleEndian.Uint64(span[:])
	hi, lo := bits.Mul64(a^0x9e3779b97f4a7c15, b^0xd1b54a32d192ed03)
	hi, lo = bits.Mul64(hi^lo^c^0x8cb92ba72f3d8dd7, 0x2545f4914f6cdd1d^bits.RotateLeft64(b+c, 29))
	hi, lo = bits.Mul64(hi^c, lo^0xe7037ed1a0b428db)
	return max(hi^lo, 1) // 0 is a free place
}

// set is a hash set of fingerprints: places in a row, no pointers, no buckets.
type set struct {
	places []uint64
	count  int
}

const minPlaces = 1 << 10

func (s *set) has(h uint64) bool {
	if len(s.places) == 0 {
		return false
	}
	mask := uint64(len(s.places) - 1)
	for i := h & mask; s.places[i] != 0; i = (i + 1) & mask {
		if s.places[i] == h {
			return true
		}
	}
	return false
}

func (s *set) add(h uint64) {
	if 4*(s.count+1) > 3*len(s.places) {
		s.grow()
	}
	s.count++
	s.put(h)
}

func (s *set) put(h uint64) {
	mask := uint64(len(s.places) - 1)
	i := h & mask
	for s.places[i] != 0 {
		i = (i + 1) & mask
	}
	s.places[i] = h
}

func (s *set) grow() {
	old := s.places
	s.places = make([]uint64, max(2*len(old), minPlaces))
	for _, h := range old {
		if h != 0 {
			s.put(h)
		}
	}
}

// clear keeps the memory where the next generation will need as much.
func (s *set) clear() {
	if 8*s.count < len(s.places) {
		s.places = nil
	} else {
		clear(s.places)
	}
	s.count = 0
}
