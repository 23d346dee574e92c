package otlpwire_test

import (
	"math/rand/v2"
	"testing"
	"unicode/utf8"

	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/fivekeys/fivekeys/internal/otlpwire"
	"github.com/fivekeys/fivekeys/schemas"
)

// FuzzSplit: whatever is accepted is readable behind, by us and by the
// collector's library, and splitting it again changes nothing.
func FuzzSplit(f *testing.F) {
	f.Add(marshal(f, typical(3)), 2)
	for seed := range uint64(8) {
		f.Add(marshal(f, generated(rand.New(rand.NewPCG(seed, 7)))), 3)
	}
	f.Fuzz(func(t *testing.T, body []byte, partitions int) {
		partitions = 1 + int(uint(partitions)%8)
		chunks, report, err := otlpwire.Split(body, partitions)
		if err != nil {
			return
		}
		if (report.Rejected > 0) != (report.Reason != nil) {
			t.Fatalf("%+v", report)
		}
		total := 0
		for _, c := range chunks {
			total += c.Spans
			var d otlpwire.Decoder
			n := 0
			err := d.Decode(c.Data, func(s *schemas.Span) error {
				n++
				if s.Duration < 0 || s.TraceID == (schemas.TraceID{}) || s.SpanID.IsZero() || s.Service == "" {
					t.Errorf("accepted %+v", s)
				}
				for _, a := range s.Attributes {
					if !utf8.ValidString(a.Key) || !utf8.ValidString(a.Value) {
						t.Errorf("accepted the attribute %q %q", a.Key, a.Value)
					}
				}
				return nil
			})
			if err != nil || n != c.Spans {
				t.Fatalf("%d of %d spans: %v", n, c.Spans, err)
			}
			again, report, err := otlpwire.Split(c.Data, partitions)
			if err != nil || len(again) != 1 || report.Accepted != c.Spans || string(again[0].Data) != string(c.Data) {
				t.Fatalf("split again: %d chunks, %+v, %v", len(again), report, err)
			}
		}
		if total != report.Accepted {
			t.Fatalf("%d spans in chunks, %+v", total, report)
		}
	})
}

// FuzzDecode: no bytes make the decoder panic or hand out what isn't there, and
// what it has read before doesn't show.
func FuzzDecode(f *testing.F) {
	f.Add(marshal(f, typical(3)))
	for seed := range uint64(8) {
		f.Add(marshal(f, generated(rand.New(rand.NewPCG(seed, 7)))))
	}
	before := marshal(f, typical(2))
	f.Fuzz(func(t *testing.T, chunk []byte) {
		read := func(d *otlpwire.Decoder) (out []schemas.Span, err error) {
			err = d.Decode(chunk, func(s *schemas.Span) error { out = append(out, clone(s)); return nil })
			return out, err
		}
		var fresh, used otlpwire.Decoder
		if err := used.Decode(before, func(*schemas.Span) error { return nil }); err != nil {
			t.Fatal(err)
		}
		want, err := read(&fresh)
		got, again := read(&used)
		if len(got) != len(want) || (err == nil) != (again == nil) {
			t.Fatalf("%d spans, %v; then %d, %v", len(want), err, len(got), again)
		}
		for i := range want {
			if want[i].Name != got[i].Name || want[i].Peer != got[i].Peer || len(want[i].Attributes) != len(got[i].Attributes) {
				t.Fatalf("a used decoder reads %+v, a fresh one %+v", got[i], want[i])
			}
		}
		if err != nil {
			return
		}
		if _, _, err := otlpwire.Split(chunk, 1); err != nil {
			return // it looks into more than the decoder needs
		}
		if _, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(chunk); err != nil {
			t.Skip("the collector takes a field of another type for malformed, as protobuf does not")
		}
	})
}
