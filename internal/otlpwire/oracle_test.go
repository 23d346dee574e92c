package otlpwire_test

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	gocmp "github.com/google/go-cmp/cmp"
	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"

	"github.com/fivekeys/fivekeys/internal/otlpwire"
	"github.com/fivekeys/fivekeys/schemas"
)

// What the collector's own library reads of a body is what comes out of the
// decoder after a split, whatever the number of partitions.
func TestSameAsTheCollector(t *testing.T) {
	for seed := range uint64(300) {
		r := rand.New(rand.NewPCG(seed, 5))
		traces := generated(r)
		want := view(t, traces)
		partitions := 1 + r.IntN(20)
		chunks, report, err := otlpwire.Split(marshal(t, traces), partitions)
		if err != nil {
			t.Fatalf("seed %d: %v", seed, err)
		}
		if report.Accepted != len(want) || report.Rejected != 0 {
			t.Fatalf("seed %d: %+v of %d spans", seed, report, len(want))
		}
		got := decode(t, chunks, partitions)
		sortSpans(want)
		sortSpans(got)
		if diff := gocmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d: collector (-), decoder (+):\n%s", seed, diff)
		}
	}
}

// decode takes chunks apart and checks what they say of themselves. The
// collector's library reads them too: they are OTLP like any other.
func decode(t *testing.T, chunks []otlpwire.Chunk, partitions int) []schemas.Span {
	t.Helper()
	var out []schemas.Span
	var d otlpwire.Decoder
	for _, c := range chunks {
		n := 0
		err := d.Decode(c.Data, func(s *schemas.Span) error {
			if p := schemas.TracePartition(s.TraceID, partitions); p != c.Partition {
				t.Errorf("trace %v of partition %d is in a chunk of %d", s.TraceID, p, c.Partition)
			}
			n++
			out = append(out, clone(s))
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		traces, err := (&ptrace.ProtoUnmarshaler{}).UnmarshalTraces(c.Data)
		if err != nil {
			t.Fatal(err)
		}
		if n != c.Spans || traces.SpanCount() != n {
			t.Errorf("a chunk of %d spans decodes to %d, in the collector to %d", c.Spans, n, traces.SpanCount())
		}
	}
	return out
}

// clone is what a consumer does that keeps a span.
func clone(s *schemas.Span) schemas.Span {
	c := *s
	for _, text := range []*string{&c.Service, &c.Version, &c.Environment, &c.Name, &c.StatusMessage, &c.Peer} {
		*text = strings.Clone(*text)
	}
	c.Attributes, c.Resource = cloneAttributes(s.Attributes), cloneAttributes(s.Resource)
	c.Events = nil
	for _, e := range s.Events {
		c.Events = append(c.Events, schemas.SpanEvent{Time: e.Time, Name: strings.Clone(e.Name), Attributes: cloneAttributes(e.Attributes)})
	}
	return c
}

func cloneAttributes(in []schemas.Attribute) (out []schemas.Attribute) {
	for _, a := range in {
		out = append(out, schemas.Attribute{Key: strings.Clone(a.Key), Value: canonical(strings.Clone(a.Value))})
	}
	return out
}

// canonical sorts the keys of JSON: the collector's maps lose the order, ours
// keep it.
func canonical(value string) string {
	if !strings.HasPrefix(value, "{") && !strings.HasPrefix(value, "[") {
		return value
	}
	d := json.NewDecoder(strings.NewReader(value))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return value
	}
	var out bytes.Buffer
	e := json.NewEncoder(&out)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return value
	}
	return out.String()
}

// view is the collector's picture of traces in our words.
func view(t *testing.T, traces ptrace.Traces) []schemas.Span {
	t.Helper()
	var out []schemas.Span
	for _, rs := range traces.ResourceSpans().All() {
		resource := attributes(rs.Resource().Attributes())
		named := schemas.Span{Resource: resource}
		get := func(key string) string { v, _ := named.Attribute(key); return v }
		for _, ss := range rs.ScopeSpans().All() {
			for _, s := range ss.Spans().All() {
				peer := func(key string) string {
					v, ok := s.Attributes().Get(key)
					if !ok {
						return ""
					}
					return v.AsString()
				}
				span := schemas.Span{
					TraceID: schemas.TraceID(s.TraceID()), SpanID: schemas.SpanID(s.SpanID()), ParentID: schemas.SpanID(s.ParentSpanID()),
					Service: cmp.Or(get("service.name"), "unknown_service"), Version: get("service.version"),
					Environment: cmp.Or(get("deployment.environment.name"), get("deployment.environment")),
					Name:        s.Name(), Kind: schemas.SpanKind(s.Kind()),
					Start: int64(s.StartTimestamp()), Duration: int64(s.EndTimestamp() - s.StartTimestamp()),
					Status: schemas.SpanStatus(s.Status().Code()), StatusMessage: s.Status().Message(),
					Peer:       cmp.Or(peer("service.peer.name"), peer("peer.service")),
					Attributes: attributes(s.Attributes()), Resource: resource,
				}
				for _, name := range []*string{&span.Service, &span.Version, &span.Environment, &span.Name, &span.Peer} {
					*name = schemas.CleanName(*name)
				}
				for _, e := range s.Events().All() {
					span.Events = append(span.Events, schemas.SpanEvent{Time: int64(e.Timestamp()), Name: e.Name(), Attributes: attributes(e.Attributes())})
				}
				out = append(out, span)
			}
		}
	}
	return out
}

func attributes(m pcommon.Map) (out []schemas.Attribute) {
	for k, v := range m.All() {
		out = append(out, schemas.Attribute{Key: k, Value: canonical(v.AsString())})
	}
	return out
}

func sortSpans(spans []schemas.Span) {
	slices.SortStableFunc(spans, func(a, b schemas.Span) int {
		return cmp.Or(bytes.Compare(a.TraceID[:], b.TraceID[:]), bytes.Compare(a.SpanID[:], b.SpanID[:]))
	})
}

func TestValuesAsText(t *testing.T) {
	for sentence, tt := range map[string]struct {
		set  func(pcommon.Value)
		want string
	}{
		"a string is itself":                      {func(v pcommon.Value) { v.SetStr("a\nb") }, "a\nb"},
		"no value is empty":                       {func(pcommon.Value) {}, ""},
		"a bool is a word":                        {func(v pcommon.Value) { v.SetBool(true) }, "true"},
		"an integer has all of its digits":        {func(v pcommon.Value) { v.SetInt(-1 << 63) }, "-9223372036854775808"},
		"a small number has no exponent":          {func(v pcommon.Value) { v.SetDouble(0.25) }, "0.25"},
		"a tiny number has one":                   {func(v pcommon.Value) { v.SetDouble(1.5e-9) }, "1.5e-9"},
		"a huge number too":                       {func(v pcommon.Value) { v.SetDouble(1e21) }, "1e+21"},
		"not a number is a word":                  {func(v pcommon.Value) { v.SetDouble(nan()) }, "NaN"},
		"bytes are base64":                        {func(v pcommon.Value) { v.SetEmptyBytes().FromRaw([]byte{0xff, 0}) }, "/wA="},
		"an array is JSON":                        {func(v pcommon.Value) { must(t, v.SetEmptySlice().FromRaw([]any{"a", int64(1), 2.5, true, nil})) }, `["a",1,2.5,true,null]`},
		"an empty array is JSON":                  {func(v pcommon.Value) { v.SetEmptySlice() }, `[]`},
		"a map keeps its order":                   {func(v pcommon.Value) { m := v.SetEmptyMap(); m.PutStr("z", `"`); m.PutStr("a", "\x01") }, `{"z":"\"","a":"\u0001"}`},
		"not a number within an array is a text":  {func(v pcommon.Value) { v.SetEmptySlice().AppendEmpty().SetDouble(nan()) }, `["NaN"]`},
		"what isn't ASCII stays as it is in JSON": {func(v pcommon.Value) { v.SetEmptySlice().AppendEmpty().SetStr("Grüße 🛒") }, `["Grüße 🛒"]`},
	} {
		t.Run(sentence, func(t *testing.T) {
			traces := typical(1)
			tt.set(traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0).Attributes().PutEmpty("it"))
			tt.set(traces.ResourceSpans().At(0).Resource().Attributes().PutEmpty("it"))
			chunks, _, err := otlpwire.Split(marshal(t, traces), 1)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range decodeRaw(t, chunks) {
				if got, _ := s.Attribute("it"); got != tt.want {
					t.Errorf("got %q, want %q", got, tt.want)
				}
				s.Attributes = nil
				if got, _ := s.Attribute("it"); got != tt.want {
					t.Errorf("as a resource's: got %q, want %q", got, tt.want)
				}
			}
		})
	}
}

func decodeRaw(t *testing.T, chunks []otlpwire.Chunk) (out []schemas.Span) {
	t.Helper()
	for _, c := range chunks {
		var d otlpwire.Decoder // one for each, so that what they point to stays
		if err := d.Decode(c.Data, func(s *schemas.Span) error { out = append(out, *s); return nil }); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func nan() float64 { zero := 0.0; return zero / zero }

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(fmt.Errorf("prepare: %w", err))
	}
}
