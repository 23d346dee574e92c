package otlpwire

import (
	"unsafe"

	"google.golang.org/protobuf/encoding/protowire"
)

// spanSize is what a span takes in the two lists that it stands in.
const spanSize = 2 * int(unsafe.Sizeof(span{}))

// wrapping is what a tag and a length take at most.
const wrapping = 1 + 5

// regroup writes the chunks of all partitions, as long as they stay below limit
// bytes together and there is memory for each.
func (s *splitter) regroup(limit int) ([]Chunk, error) {
	var chunks []Chunk
	if err := s.reserve(len(s.spans) * spanSize); err != nil {
		return nil, err
	}
	rest := s.byPartition()
	for p, count := range s.counts {
		own := rest[:count]
		rest = rest[count:]
		for len(own) > 0 {
			n, size := s.fill(own)
			if limit -= size; limit < 0 {
				return nil, ErrGrowth
			}
			if err := s.reserve(size); err != nil {
				return nil, err
			}
			chunks = append(chunks, Chunk{Partition: p, Spans: n, Data: s.write(own[:n], size)})
			own = own[n:]
		}
	}
	return chunks, nil
}

func (s *splitter) reserve(bytes int) error {
	if s.more == nil {
		return nil
	}
	return s.more(bytes)
}

// byPartition sorts the spans by partition and keeps their order within one.
func (s *splitter) byPartition() []span {
	next := make([]int, len(s.counts))
	at := 0
	for p, n := range s.counts {
		next[p] = at
		at += n
	}
	sorted := make([]span, len(s.spans))
	for _, sp := range s.spans {
		sorted[next[sp.partition]] = sp
		next[sp.partition]++
	}
	return sorted
}

// fill says how many of the spans go into one chunk, one at least, and how many
// bytes they take at most.
func (s *splitter) fill(spans []span) (n, size int) {
	for i := range spans {
		cost := len(spans[i].raw)
		if i == 0 || spans[i].scope != spans[i-1].scope {
			this := &s.scopes[spans[i].scope]
			cost += len(this.header) + wrapping
			if i == 0 || this.resource != s.scopes[spans[i-1].scope].resource {
				cost += len(s.resources[this.resource]) + wrapping
			}
		}
		if i > 0 && size+cost > chunkSize {
			return i, size
		}
		size += cost
	}
	return len(spans), size
}

// write goes from the last span to the first: what a message holds is then there
// before its length, which stands in front of it, has to be.
func (s *splitter) write(spans []span, size int) []byte {
	w := backwards{buf: make([]byte, size), at: size}
	scopeEnd, resourceEnd := size, size
	for i := len(spans) - 1; i >= 0; i-- {
		w.bytes(spans[i].raw)
		if i > 0 && spans[i].scope == spans[i-1].scope {
			continue
		}
		this := &s.scopes[spans[i].scope]
		w.bytes(this.header)
		w.wrap(resourceSpansScope, scopeEnd)
		scopeEnd = w.at
		if i > 0 && this.resource == s.scopes[spans[i-1].scope].resource {
			continue
		}
		w.bytes(s.resources[this.resource])
		w.wrap(tracesResourceSpans, resourceEnd)
		scopeEnd, resourceEnd = w.at, w.at
	}
	return w.buf[w.at:]
}

// backwards writes from the end of buf to its start.
type backwards struct {
	buf []byte
	at  int
}

func (w *backwards) bytes(b []byte) {
	w.at -= len(b)
	copy(w.buf[w.at:], b)
}

// wrap makes a field of what was written since end.
func (w *backwards) wrap(tag uint64, end int) {
	var prefix [wrapping]byte
	w.bytes(protowire.AppendVarint(append(prefix[:0], byte(tag)), uint64(end-w.at)))
}
