package otlpwire_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"go.opentelemetry.io/collector/pdata/pcommon"
	"go.opentelemetry.io/collector/pdata/ptrace"
	"google.golang.org/protobuf/encoding/protowire"

	"github.com/fivekeys/fivekeys/internal/otlpwire"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestSpansThatMakeNoSense(t *testing.T) {
	deep := func(v pcommon.Value) {
		for range 40 {
			v = v.SetEmptySlice().AppendEmpty()
		}
	}
	for sentence, tt := range map[string]struct {
		spoil func(ptrace.Span)
		want  string // of the reason; empty: accepted
	}{
		"no trace id":                             {func(s ptrace.Span) { s.SetTraceID(pcommon.TraceID{}) }, "trace id"},
		"no span id":                              {func(s ptrace.Span) { s.SetSpanID(pcommon.SpanID{}) }, "span id"},
		"no start":                                {func(s ptrace.Span) { s.SetStartTimestamp(0) }, "start time"},
		"microseconds for nanoseconds":            {func(s ptrace.Span) { s.SetStartTimestamp(noon / 1000); s.SetEndTimestamp(noon/1000 + 1) }, "start time"},
		"an end before the start":                 {func(s ptrace.Span) { s.SetEndTimestamp(noon - 1) }, "ends before"},
		"no end":                                  {func(s ptrace.Span) { s.SetEndTimestamp(0) }, "ends before"},
		"an end in another age":                   {func(s ptrace.Span) { s.SetEndTimestamp(1 << 63) }, "2100"},
		"an event in another age":                 {func(s ptrace.Span) { s.Events().AppendEmpty().SetTimestamp(1 << 63) }, "2100"},
		"a name that isn't UTF-8":                 {func(s ptrace.Span) { s.SetName("\xff") }, "UTF-8"},
		"a value that isn't UTF-8":                {func(s ptrace.Span) { s.Attributes().PutStr("a", "\xff") }, "UTF-8"},
		"a key that isn't UTF-8":                  {func(s ptrace.Span) { s.Attributes().PutInt("\xff", 1) }, "UTF-8"},
		"a value deep within that isn't UTF-8":    {func(s ptrace.Span) { s.Attributes().PutEmptySlice("a").AppendEmpty().SetStr("\xff") }, "UTF-8"},
		"a state that isn't UTF-8":                {func(s ptrace.Span) { s.TraceState().FromRaw("\xff") }, "UTF-8"},
		"an event's name that isn't UTF-8":        {func(s ptrace.Span) { s.Events().AppendEmpty().SetName("\xff") }, "UTF-8"},
		"a link's attribute that isn't UTF-8":     {func(s ptrace.Span) { s.Links().AppendEmpty().Attributes().PutStr("a", "\xff") }, "UTF-8"},
		"a status message that isn't UTF-8":       {func(s ptrace.Span) { s.Status().SetMessage("\xff") }, "UTF-8"},
		"nesting without end":                     {func(s ptrace.Span) { deep(s.Attributes().PutEmpty("a")) }, "nested"},
		"more than a message can hold":            {func(s ptrace.Span) { s.Attributes().PutStr("a", strings.Repeat("x", 800<<10)) }, "768 KiB"},
		"attributes without end":                  {func(s ptrace.Span) { many(s.Attributes(), 1025) }, "1024"},
		"events without end":                      {func(s ptrace.Span) { times(1025, func() { s.Events().AppendEmpty() }) }, "1024"},
		"links without end":                       {func(s ptrace.Span) { times(1025, func() { s.Links().AppendEmpty() }) }, "1024"},
		"an event's attributes without end":       {func(s ptrace.Span) { many(s.Events().AppendEmpty().Attributes(), 1025) }, "1024"},
		"a link's attributes without end":         {func(s ptrace.Span) { many(s.Links().AppendEmpty().Attributes(), 1025) }, "1024"},
		"a thousand attributes are fine":          {func(s ptrace.Span) { s.Attributes().Clear(); many(s.Attributes(), 1024) }, ""},
		"a thousand events are fine":              {func(s ptrace.Span) { s.Events().RemoveIf(all); times(1024, func() { s.Events().AppendEmpty() }) }, ""},
		"no name is fine":                         {func(s ptrace.Span) { s.SetName("") }, ""},
		"no duration is fine":                     {func(s ptrace.Span) { s.SetEndTimestamp(noon) }, ""},
		"a large span is fine":                    {func(s ptrace.Span) { s.Attributes().PutStr("a", strings.Repeat("x", 700<<10)) }, ""},
		"a kind of a later version is fine":       {func(s ptrace.Span) { s.SetKind(17) }, ""},
		"a status of a later version is fine":     {func(s ptrace.Span) { s.Status().SetCode(17) }, ""},
		"bytes that are no text are fine":         {func(s ptrace.Span) { s.Attributes().PutEmptyBytes("a").FromRaw([]byte{0xff}) }, ""},
		"the same attribute twice is fine":        {func(s ptrace.Span) { s.Attributes().PutStr("a", "1"); s.Attributes().PutStr("a", "2") }, ""},
		"an event without a time is fine":         {func(s ptrace.Span) { s.Events().AppendEmpty().SetName("it happened") }, ""},
		"a span that is its own parent is a root": {func(s ptrace.Span) { s.SetParentSpanID(s.SpanID()) }, ""},
	} {
		t.Run(sentence, func(t *testing.T) {
			traces := typical(3)
			tt.spoil(traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0))
			chunks, report, err := otlpwire.Split(marshal(t, traces), 1)
			if err != nil {
				t.Fatal(err)
			}
			left := decodeRaw(t, chunks)
			if len(left) != report.Accepted {
				t.Errorf("%d spans in the chunks, %+v", len(left), report)
			}
			if tt.want == "" {
				if report.Accepted != 3 || report.Reason != nil {
					t.Errorf("%+v", report)
				}
				if !left[0].ParentID.IsZero() {
					t.Errorf("a root has the parent %v", left[0].ParentID)
				}
				return
			}
			if report.Accepted != 2 || report.Rejected != 1 || !strings.Contains(report.Reason.Error(), tt.want) {
				t.Errorf("%+v, want %q as the reason", report, tt.want)
			}
		})
	}
}

func all(ptrace.SpanEvent) bool { return true }

func times(n int, do func()) {
	for range n {
		do()
	}
}

func many(m pcommon.Map, n int) {
	for i := range n {
		m.PutStr(fmt.Sprint(i), "v")
	}
}

// What it takes is asked for before it is made, and nothing is made without it.
func TestMemoryIsAskedForFirst(t *testing.T) {
	body := marshal(t, typical(3000))
	asked := 0
	chunks, _, err := otlpwire.Splitter{Partitions: 3, More: func(n int) error { asked += n; return nil }}.Split(body)
	if err != nil {
		t.Fatal(err)
	}
	made := 0
	for _, c := range chunks {
		made += len(c.Data)
	}
	if asked < made {
		t.Errorf("%d bytes were asked for, %d made", asked, made)
	}
	full := errors.New("full")
	for allowed := range 3 {
		calls := 0
		chunks, _, err := otlpwire.Splitter{Partitions: 3, More: func(int) error {
			if calls++; calls > allowed {
				return full
			}
			return nil
		}}.Split(body)
		if !errors.Is(err, full) || chunks != nil {
			t.Errorf("after %d times: %d chunks, %v", allowed, len(chunks), err)
		}
	}
}

func TestSpansOfOtherTimesAreLeftOut(t *testing.T) {
	at := time.Unix(0, noon).UTC()
	for sentence, tt := range map[string]struct {
		accepted otlpwire.Range
		want     string
	}{
		"any time":                {otlpwire.Range{}, ""},
		"at the beginning":        {otlpwire.Range{From: at.Add(time.Second), To: at.Add(time.Hour)}, ""},
		"at the end":              {otlpwire.Range{From: at.Add(-time.Hour), To: at.Add(time.Second)}, ""},
		"older than spans get":    {otlpwire.Range{From: at.Add(time.Second + 1), To: at.Add(time.Hour)}, "spans are kept from " + at.Add(time.Second).Format(time.RFC3339)},
		"of a clock that's ahead": {otlpwire.Range{From: at.Add(-time.Hour), To: at.Add(time.Second - 1)}, "it ends at " + at.Add(time.Second).Format(time.RFC3339)},
	} {
		t.Run(sentence, func(t *testing.T) {
			traces := typical(1)
			s := traces.ResourceSpans().At(0).ScopeSpans().At(0).Spans().At(0)
			s.SetStartTimestamp(noon)
			s.SetEndTimestamp(noon + 1e9)
			_, report, err := otlpwire.Splitter{Partitions: 1, Accepted: tt.accepted}.Split(marshal(t, traces))
			if err != nil {
				t.Fatal(err)
			}
			if tt.want == "" && report.Accepted != 1 || tt.want != "" && (report.Rejected != 1 || !strings.Contains(report.Reason.Error(), tt.want)) {
				t.Errorf("%+v", report)
			}
		})
	}
}

func TestResourceThatMakesNoSense(t *testing.T) {
	for sentence, tt := range map[string]struct {
		spoil func(ptrace.ResourceSpans)
		want  string
	}{
		"a resource that isn't UTF-8":   {func(rs ptrace.ResourceSpans) { rs.Resource().Attributes().PutStr("a", "\xff") }, "UTF-8"},
		"a schema that isn't UTF-8":     {func(rs ptrace.ResourceSpans) { rs.SetSchemaUrl("\xff") }, "UTF-8"},
		"a scope that isn't UTF-8":      {func(rs ptrace.ResourceSpans) { rs.ScopeSpans().At(0).Scope().SetName("\xff") }, "UTF-8"},
		"a resource without end":        {func(rs ptrace.ResourceSpans) { many(rs.Resource().Attributes(), 1025) }, "1024"},
		"a scope without end":           {func(rs ptrace.ResourceSpans) { many(rs.ScopeSpans().At(0).Scope().Attributes(), 1025) }, "1024"},
		"a resource of a hundred pages": {func(rs ptrace.ResourceSpans) { rs.Resource().Attributes().PutStr("a", strings.Repeat("x", 70<<10)) }, "64 KiB"},
	} {
		t.Run(sentence, func(t *testing.T) {
			traces := typical(3)
			tt.spoil(traces.ResourceSpans().At(0))
			typical(2).ResourceSpans().MoveAndAppendTo(traces.ResourceSpans())
			_, report, err := otlpwire.Split(marshal(t, traces), 4)
			if err != nil {
				t.Fatal(err)
			}
			if report.Accepted != 2 || report.Rejected != 3 || !strings.Contains(report.Reason.Error(), tt.want) {
				t.Errorf("%+v, want %q as the reason", report, tt.want)
			}
		})
	}
}

func TestMalformed(t *testing.T) {
	whole := marshal(t, typical(2))
	field := func(number protowire.Number, b []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), b)
	}
	inSpan := func(b []byte) []byte { return field(1, field(2, field(2, b))) }
	for sentence, body := range map[string][]byte{
		"cut off":                          whole[:len(whole)-1],
		"text":                             []byte(`{"resourceSpans":[]}`),
		"a field number of zero":           {0x02, 0x00},
		"a length beyond the end":          {0x0a, 0x7f},
		"a varint without end":             {0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff},
		"a group without end":              {0x0b},
		"the end of no group":              {0x0c},
		"a resource that is cut off":       field(1, field(1, []byte{0x0a, 0x7f})),
		"a scope that is cut off":          field(1, field(2, field(1, []byte{0x0a, 0x7f}))),
		"a span that is cut off":           inSpan([]byte{0x0a, 0x7f}),
		"an attribute that is cut off":     inSpan(field(9, []byte{0x0a, 0x7f})),
		"a value that is cut off":          inSpan(field(9, field(2, []byte{0x0a, 0x7f}))),
		"an array that is cut off":         inSpan(field(9, field(2, field(5, []byte{0x0a, 0x7f})))),
		"a map's entry that is cut off":    inSpan(field(9, field(2, field(6, field(1, []byte{0x0a, 0x7f}))))),
		"an event that is cut off":         inSpan(field(11, []byte{0x0a, 0x7f})),
		"a link that is cut off":           inSpan(field(13, []byte{0x0a, 0x7f})),
		"a status that is cut off":         inSpan(field(15, []byte{0x0a, 0x7f})),
		"a good span before a broken one":  slices.Concat(whole, []byte{0x0a, 0x7f}),
		"a fixed time of three bytes only": inSpan([]byte{7<<3 | 1, 0, 0, 0}),
	} {
		t.Run(sentence, func(t *testing.T) {
			if chunks, _, err := otlpwire.Split(body, 2); !errors.Is(err, otlpwire.ErrMalformed) || chunks != nil {
				t.Errorf("split says %v and gives %d chunks", err, len(chunks))
			}
			var d otlpwire.Decoder
			if err := d.Decode(body, func(*schemas.Span) error { return nil }); err == nil && !decoderSkips(sentence) {
				t.Error("the decoder reads it")
			}
		})
	}
}

// decoderSkips tells what the decoder doesn't look into.
func decoderSkips(sentence string) bool {
	return strings.Contains(sentence, "scope") || strings.Contains(sentence, "link")
}

// Fields may come in any order and twice; unknown ones are not passed on.
func TestOtherOrders(t *testing.T) {
	tag := func(number protowire.Number, b []byte) []byte {
		return protowire.AppendBytes(protowire.AppendTag(nil, number, protowire.BytesType), b)
	}
	attribute := func(key, value string) []byte {
		return slices.Concat(tag(1, []byte(key)), tag(2, tag(1, []byte(value))))
	}
	span := slices.Concat(
		protowire.AppendFixed64(protowire.AppendTag(nil, 8, protowire.Fixed64Type), noon+5),
		protowire.AppendFixed64(protowire.AppendTag(nil, 7, protowire.Fixed64Type), noon),
		tag(99, []byte("from the future")),
		tag(2, []byte("12345678")), tag(1, []byte("1234567890123456")),
		protowire.AppendFixed32(protowire.AppendTag(nil, 16, protowire.Fixed32Type), 1),
		tag(5, []byte("first")), tag(5, []byte("second")),
	)
	body := tag(1, slices.Concat(
		tag(2, slices.Concat(tag(2, span), tag(1, tag(1, []byte("scope"))))),
		tag(1, tag(1, attribute("service.name", "checkout"))),
		tag(1000, []byte("long gone")),
		tag(1, tag(1, attribute("service.version", "1.0"))),
	))
	chunks, report, err := otlpwire.Split(body, 3)
	if err != nil || report.Accepted != 1 {
		t.Fatal(report, err)
	}
	s := decodeRaw(t, chunks)[0]
	if s.Service != "checkout" || s.Version != "1.0" || s.Name != "second" || s.Duration != 5 {
		t.Errorf("got %+v", s)
	}
	if strings.Contains(string(chunks[0].Data), "long gone") {
		t.Error("an unknown field of a resource is repeated in the chunk")
	}
}

func TestChunksAreBounded(t *testing.T) {
	traces := typical(4000)
	chunks, report, err := otlpwire.Split(marshal(t, traces), 2)
	if err != nil || report.Accepted != 4000 {
		t.Fatal(report, err)
	}
	if len(chunks) < 4 {
		t.Fatalf("%d chunks", len(chunks))
	}
	total := 0
	for _, c := range chunks {
		total += c.Spans
		if len(c.Data) > 256<<10 {
			t.Errorf("a chunk has %d bytes", len(c.Data))
		}
	}
	if total != 4000 {
		t.Errorf("%d spans", total)
	}
}

func TestOrderWithinAPartitionStays(t *testing.T) {
	chunks, _, err := otlpwire.Split(marshal(t, typical(3000)), 3)
	if err != nil {
		t.Fatal(err)
	}
	last := map[int]int64{}
	for _, c := range chunks {
		for _, s := range decodeRaw(t, []otlpwire.Chunk{c}) {
			if s.Start <= last[c.Partition] {
				t.Fatalf("partition %d is out of order", c.Partition)
			}
			last[c.Partition] = s.Start
		}
	}
}

// A resource that is repeated for every span is written once.
func TestRepeatedResourcesAreJoined(t *testing.T) {
	traces := ptrace.NewTraces()
	for range 50 {
		typical(1).ResourceSpans().MoveAndAppendTo(traces.ResourceSpans())
	}
	chunks, report, err := otlpwire.Split(marshal(t, traces), 1)
	if err != nil || report.Accepted != 50 || len(chunks) != 1 {
		t.Fatal(len(chunks), report, err)
	}
	if n := strings.Count(string(chunks[0].Data), "service.name"); n != 1 {
		t.Errorf("the resource is there %d times", n)
	}
}

// A stranger doesn't make us write many times what was sent.
func TestResourcesLargerThanTheirSpans(t *testing.T) {
	traces := ptrace.NewTraces()
	for i := range 100 {
		one := typical(400)
		one.ResourceSpans().At(0).Resource().Attributes().PutStr("a", strings.Repeat("x", 60<<10))
		one.ResourceSpans().At(0).Resource().Attributes().PutInt("b", int64(i))
		for _, s := range one.ResourceSpans().At(0).ScopeSpans().At(0).Spans().All() {
			s.Attributes().Clear()
		}
		one.ResourceSpans().MoveAndAppendTo(traces.ResourceSpans())
	}
	if _, _, err := otlpwire.Split(marshal(t, traces), 100); !errors.Is(err, otlpwire.ErrGrowth) {
		t.Errorf("got %v", err)
	}
}

func TestNothing(t *testing.T) {
	chunks, report, err := otlpwire.Split(nil, 4)
	if err != nil || len(chunks) != 0 || report != (otlpwire.Report{}) {
		t.Errorf("%d chunks, %+v, %v", len(chunks), report, err)
	}
	var d otlpwire.Decoder
	if err := d.Decode(nil, func(*schemas.Span) error { return errors.New("called") }); err != nil {
		t.Error(err)
	}
}

func TestTheFunctionsErrorEndsDecoding(t *testing.T) {
	chunks, _, err := otlpwire.Split(marshal(t, typical(10)), 1)
	if err != nil {
		t.Fatal(err)
	}
	enough, n := errors.New("enough"), 0
	var d otlpwire.Decoder
	err = d.Decode(chunks[0].Data, func(*schemas.Span) error {
		if n++; n == 3 {
			return enough
		}
		return nil
	})
	if err != enough || n != 3 { //nolint:errorlint // it is to be the very same
		t.Errorf("%d spans, %v", n, err)
	}
}

func TestSpansOutsideTheAcceptedTimesAreLeftOut(t *testing.T) {
	now := time.Date(2026, 1, 31, 12, 0, 0, 0, time.UTC)
	o := otlpwire.Splitter{Partitions: 1, Accepted: otlpwire.Range{From: now.Add(-7 * 24 * time.Hour), To: now.Add(time.Hour)}}
	for ended, reason := range map[time.Time]string{
		now:                          "",
		now.Add(time.Hour):           "",
		now.Add(time.Hour + 1):       "the clock here and an hour more",
		now.Add(-7 * 24 * time.Hour): "",
		now.Add(-7*24*time.Hour - 1): "spans are kept from",
		time.Date(2150, 1, 1, 0, 0, 0, 0, time.UTC):   "2100",
		time.Date(1979, 12, 31, 0, 0, 0, 0, time.UTC): "before the year 1980",
	} {
		traces := ptrace.NewTraces()
		span := traces.ResourceSpans().AppendEmpty().ScopeSpans().AppendEmpty().Spans().AppendEmpty()
		span.SetTraceID([16]byte{1})
		span.SetSpanID([8]byte{1})
		span.SetStartTimestamp(pcommon.NewTimestampFromTime(ended))
		span.SetEndTimestamp(pcommon.NewTimestampFromTime(ended))
		body, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
		if err != nil {
			t.Fatal(err)
		}
		_, report, err := o.Split(body)
		switch {
		case err != nil:
			t.Error(err)
		case reason == "" && report.Accepted != 1:
			t.Errorf("a span that ended at %v: %v", ended, report.Reason)
		case reason != "" && (report.Rejected != 1 || !strings.Contains(report.Reason.Error(), reason)):
			t.Errorf("a span that ended at %v: %+v, want %q", ended, report, reason)
		}
	}
}

func TestNamesThatCannotBeReadAreCleaned(t *testing.T) {
	traces := ptrace.NewTraces()
	resource := traces.ResourceSpans().AppendEmpty()
	for _, key := range []string{"service.name", "service.version", "deployment.environment.name"} {
		resource.Resource().Attributes().PutStr(key, "a\x1b[31m\u202eb\x00")
	}
	span := resource.ScopeSpans().AppendEmpty().Spans().AppendEmpty()
	span.SetTraceID([16]byte{1})
	span.SetSpanID([8]byte{1})
	span.SetName("GET\n/größe")
	span.SetStartTimestamp(1_767_225_600_000_000_000)
	span.SetEndTimestamp(1_767_225_600_000_000_000)
	span.Attributes().PutStr("peer.service", "c\u2028d")
	span.Attributes().PutStr("text", "a\nb")
	body, err := (&ptrace.ProtoMarshaler{}).MarshalTraces(traces)
	if err != nil {
		t.Fatal(err)
	}
	chunks, _, err := otlpwire.Split(body, 1)
	if err != nil {
		t.Fatal(err)
	}
	err = new(otlpwire.Decoder).Decode(chunks[0].Data, func(s *schemas.Span) error {
		const clean = "a�[31m�b�"
		if s.Service != clean || s.Version != clean || s.Environment != clean || s.Name != "GET�/größe" || s.Peer != "c�d" {
			t.Errorf("got %q %q %q %q %q", s.Service, s.Version, s.Environment, s.Name, s.Peer)
		}
		if text, _ := s.Attribute("text"); text != "a\nb" {
			t.Errorf("an attribute's text became %q", text)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
}
