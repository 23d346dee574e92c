package zipkin

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/openzipkin/zipkin-go/proto/zipkin_proto3"
	"google.golang.org/protobuf/proto"

	"github.com/fivekeys/fivekeys/ingest/spanintake"
	"github.com/fivekeys/fivekeys/internal/jsonshape"
)

// many is a span in both encodings, with so many tags and annotations.
func many(t *testing.T, tags, annotations int) map[string][]byte {
	t.Helper()
	p := &zipkin_proto3.Span{TraceId: []byte{1}, Id: []byte{2}, Timestamp: 1753963200000000, Tags: map[string]string{}}
	var inJSON, notes []string
	for i := range tags {
		key := fmt.Sprintf("key-%07d", i)
		p.Tags[key] = "v"
		inJSON = append(inJSON, fmt.Sprintf("%q:%q", key, "v"))
	}
	for range annotations {
		p.Annotations = append(p.Annotations, &zipkin_proto3.Annotation{Timestamp: 1753963200000000, Value: "a"})
		notes = append(notes, `{"timestamp":1753963200000000,"value":"a"}`)
	}
	list, err := proto.Marshal(&zipkin_proto3.ListOfSpans{Spans: []*zipkin_proto3.Span{p}})
	if err != nil {
		t.Fatal(err)
	}
	return map[string][]byte{
		"JSON": fmt.Appendf(nil, `[{"traceId":"1","id":"2","timestamp":1753963200000000,"tags":{%s},"annotations":[%s]}]`,
			strings.Join(inJSON, ","), strings.Join(notes, ",")),
		"protobuf": list,
	}
}

var parsers = map[string]func(context.Context, []byte) ([]span, error){"JSON": parseJSON, "protobuf": parseProtobuf}

func TestASpanCarriesABoundedNumberOfTagsAndAnnotations(t *testing.T) {
	for sentence, tt := range map[string]struct {
		tags, annotations int
		err               error
	}{
		"as many as may be":          {maxTags, maxAnnotations, nil},
		"one tag more":               {maxTags + 1, 0, errTags},
		"one annotation more":        {0, maxAnnotations + 1, errAnnotations},
		"hundred thousand of either": {100_000, 100_000, errTags},
	} {
		for encoding, body := range many(t, tt.tags, tt.annotations) {
			t.Run(sentence+" in "+encoding, func(t *testing.T) {
				spans, err := parsers[encoding](t.Context(), body)
				if tt.err != nil {
					// Which of the two is told first is no matter.
					if !errors.Is(err, errTags) && !errors.Is(err, errAnnotations) {
						t.Errorf("got %v", err)
					}
					return
				}
				if err != nil || len(spans) != 1 || len(spans[0].tags) != tt.tags || len(spans[0].events) != tt.annotations {
					t.Errorf("%d spans, %v", len(spans), err)
				}
			})
		}
	}
}

// Tags that are too many cost no objects: what is allocated for them stays the
// same however many they are.
func TestTagsBeyondTheBoundCostNothing(t *testing.T) {
	for encoding, small := range many(t, 2*maxTags, 0) {
		t.Run(encoding, func(t *testing.T) {
			allocations := func(body []byte) float64 {
				return testing.AllocsPerRun(3, func() { _, _ = parsers[encoding](t.Context(), body) })
			}
			large := many(t, 40*maxTags, 0)[encoding]
			if few, lots := allocations(small), allocations(large); lots > 2*few+20 {
				t.Errorf("%.0f allocations for %d tags, %.0f for %d", few, 2*maxTags, lots, 40*maxTags)
			}
		})
	}
}

// A thousand tags of one span cost what ten times a hundred do. A list that is
// searched for each of them would cost ten times that.
func TestWritingTagsIsLinear(t *testing.T) {
	spans := func(count, tags int) []span {
		out := make([]span, count)
		for i := range out {
			out[i] = span{trace: [16]byte{1}, id: [8]byte{2}, tags: make(map[string]string, tags)}
			for n := range tags {
				out[i].tags[fmt.Sprintf("key-%07d", n)] = "v"
			}
		}
		return out
	}
	took := func(spans []span) time.Duration {
		best := time.Hour
		for range 50 {
			start := time.Now()
			if _, err := marshal(t.Context(), spans, time.Time{}); err != nil {
				t.Fatal(err)
			}
			best = min(best, time.Since(start))
		}
		return best
	}
	if apart, together := took(spans(maxTags/100, 100)), took(spans(1, maxTags)); together > 4*apart {
		t.Errorf("%s for tags of ten spans, %s for the same of one", apart, together)
	}
}

func TestWhatIsKnownOfASpanCountsBeforeItsTags(t *testing.T) {
	s := span{remote: endpoint{service: "b"}, tags: map[string]string{"peer.service": "other", "a": "1"}}
	got := map[string]string{}
	for _, a := range s.attributes() {
		if _, twice := got[a.Key]; twice {
			t.Errorf("%s is there twice", a.Key)
		}
		got[a.Key] = a.GetValue().GetStringValue()
	}
	if want := map[string]string{"a": "1", "peer.service": "b"}; !maps.Equal(got, want) {
		t.Errorf("got %v", got)
	}
}

func TestReadingEndsWithTheRequest(t *testing.T) {
	gone, leave := context.WithCancel(t.Context())
	leave()
	for encoding, body := range many(t, 1, 1) {
		if _, err := parsers[encoding](gone, body); !errors.Is(err, context.Canceled) {
			t.Errorf("%s is read to its end: %v", encoding, err)
		}
	}
	if _, err := marshal(gone, make([]span, 1), time.Time{}); !errors.Is(err, context.Canceled) {
		t.Errorf("spans are written to their end: %v", err)
	}
}

// What a body becomes is known before it is read: a byte or two of it may be an
// object of hundreds.
func TestTheCostOfABody(t *testing.T) {
	emptySpans := slices.Repeat([]byte{0x0a, 0}, maxSpans+1)
	for sentence, tt := range map[string]struct {
		cost func([]byte) (int, error)
		body []byte
		err  error
	}{
		"a span in JSON":                {costOfJSON, []byte(`[{"traceId":"1","id":"2"}]`), nil},
		"a span in protobuf":            {costOfProtobuf, []byte{0x0a, 0}, nil},
		"empty objects without end":     {costOfJSON, []byte("[" + strings.Repeat("{},", maxObjects)), spanintake.ErrTooMany},
		"empty spans without end":       {costOfProtobuf, emptySpans, spanintake.ErrTooMany},
		"a million levels":              {costOfJSON, []byte(`[{"tags":` + strings.Repeat(`{"a":`, 1_000_000)), jsonshape.ErrDeep},
		"an unknown field of that kind": {costOfJSON, []byte(`[{"x":` + strings.Repeat(`[`, 1_000_000)), jsonshape.ErrDeep},
	} {
		t.Run(sentence, func(t *testing.T) {
			cost, err := tt.cost(tt.body)
			if !errors.Is(err, tt.err) || err == nil && cost < len(tt.body)+spanSize/4 {
				t.Errorf("costs %d, %v", cost, err)
			}
		})
	}
}
