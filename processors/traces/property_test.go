package traces

import (
	"encoding/binary"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

// anyTrace makes spans of any bytes: 8 for each span. Ids are few, so that
// parents are found, missing, doubled and run in circles.
func anyTrace(data []byte) []schemas.Span {
	var spans []schemas.Span
	for ; len(data) >= 8 && len(spans) < 200; data = data[8:] {
		s := span(int(data[0]%32), int(data[1]%32), schemas.SpanKind(data[2]%7), string('a'+rune(data[3]%4)), string('A'+rune(data[3]/4%4)), 0, 0)
		s.Start += int64(int8(data[4])) * ms
		s.Duration = int64(binary.LittleEndian.Uint16(data[5:])) * 10_000
		s.Status = schemas.SpanStatus(data[7] % 3)
		switch data[7] / 3 {
		case 0:
			s.Peer = "p"
		case 1:
			s.Start = -1 << 63
		case 2:
			s.Duration = 1<<63 - 1
		case 3:
			s.Start = 1<<63 - 1
		case 4:
			s.Duration = -1
		}
		spans = append(spans, s)
	}
	return spans
}

// check holds what is true of every reading.
func check(t *testing.T, spans []schemas.Span) {
	t.Helper()
	r := Read(spans)
	if len(spans) == 0 {
		return
	}
	if len(r.Nodes)+r.Duplicates != len(spans) {
		t.Fatalf("%d nodes and %d duplicates of %d spans", len(r.Nodes), r.Duplicates, len(spans))
	}
	root := &r.Nodes[r.Root]
	at, total := root.Start, int64(0)
	for _, s := range r.Path {
		n := &r.Nodes[s.Node]
		if s.From != at || s.To <= s.From {
			t.Fatalf("the path has a gap: %+v begins at %d, want %d", s, s.From, at)
		}
		if s.From < n.Start || s.To > n.End()+rounding {
			t.Fatalf("the path holds %+v, the span is from %d to %d", s, n.Start, n.End())
		}
		at = s.To
		total += s.To - s.From
	}
	if total != root.Duration {
		t.Fatalf("the path takes %d, the root %d", total, root.Duration)
	}
	var critical, shares int64
	for i := range r.Nodes {
		n := &r.Nodes[i]
		critical += n.Critical
		if n.Self < 0 || n.Self > n.Duration || n.Critical < 0 || n.Critical > n.Duration {
			t.Fatalf("self %d, critical %d of %d", n.Self, n.Critical, n.Duration)
		}
		if n.Start < r.Start || n.End() > r.End || n.Parent >= i || n.Depth > i {
			t.Fatalf("node %d lies wrong: %+v", i, n)
		}
	}
	for _, s := range r.Shares {
		shares += s.Time
	}
	if critical != root.Duration || shares != root.Duration {
		t.Fatalf("critical times sum to %d, shares to %d, the root took %d", critical, shares, root.Duration)
	}
	shuffled := slices.Clone(spans)
	rand.Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	if again := Read(shuffled); !reflect.DeepEqual(r, again) {
		t.Fatalf("another order is read differently (-this +other):\n%s", cmp.Diff(r, again))
	}
	if r.Sentence() == "" {
		t.Fatal("nothing is said")
	}
}

func TestAnyTraceIsRead(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		data := make([]byte, 8*r.IntN(40))
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		check(t, anyTrace(data))
	}
}

// Where every child lies within its parent and no two overlap, the time on the
// critical path is the self time of every span.
func TestOfWorkInTurnsAllSelfTimeIsCritical(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		var spans []schemas.Span
		var grow func(parent int, from, to int64)
		grow = func(parent int, from, to int64) {
			id := len(spans) + 1
			spans = append(spans, span(id, parent, local, "web", "work", from, to))
			for at := from; at < to && len(spans) < 60; {
				begin := at + r.Int64N(to-at)
				end := begin + 1 + r.Int64N(to-begin)
				grow(id, begin, end)
				at = end
			}
		}
		grow(0, 0, 1+r.Int64N(1000))
		check(t, spans)
		reading := Read(spans)
		for _, n := range reading.Nodes {
			if n.Self != n.Critical {
				t.Fatalf("self %d, critical %d of span %s", n.Self, n.Critical, n.SpanID)
			}
		}
	}
}

func TestADeepAndAWideTrace(t *testing.T) {
	const many = 50_000
	deep, wide := make([]schemas.Span, many), make([]schemas.Span, many)
	for i := range many {
		deep[i] = span(i+1, i, local, "web", "deeper", int64(i), 2*many-int64(i))
		wide[i] = span(i+1, min(i, 1), local, "web", "wider", int64(i), int64(i)+1)
	}
	wide[0].Duration = many * ms
	for _, spans := range [][]schemas.Span{deep, wide} {
		if r := Read(spans); len(r.Nodes) != many || len(r.Path) < many {
			t.Errorf("%d nodes, %d stretches", len(r.Nodes), len(r.Path))
		}
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte("\x01\x00\x02\x01\x00\x10\x27\x00\x02\x01\x03\x01\x05\x00\x10\x09"))
	f.Fuzz(func(t *testing.T, data []byte) {
		spans := anyTrace(data)
		check(t, spans)
		got := collect(spans)
		if len(got.lines) > 2*len(spans) {
			t.Fatalf("%d calls of %d spans", len(got.lines), len(spans))
		}
	})
}
