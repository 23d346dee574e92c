package sli

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/traffic"
	"github.com/fivekeys/fivekeys/schemas"
)

// of is an objective with the key "o".
func of(i schemas.Indicator) []schemas.Objective {
	return []schemas.Objective{{Key: "o", Indicator: i}}
}

func shop() *schemas.SpanSelector { return &schemas.SpanSelector{Service: "shop"} }

func span(change ...func(*schemas.Span)) schemas.Span {
	s := schemas.Span{
		Service: "shop", Name: "GET /cart/{id}", Kind: schemas.KindServer, Duration: int64(100 * time.Millisecond),
		Attributes: []schemas.Attribute{{Key: "http.route", Value: "/cart/{id}"}, {Key: "http.response.status_code", Value: "200"}},
		Resource:   []schemas.Attribute{{Key: "cloud.region", Value: "eu-west-1"}},
	}
	for _, c := range change {
		c(&s)
	}
	return s
}

const (
	nothing = "nothing"
	good    = "good"
	bad     = "bad"
)

func outcome(objectives []schemas.Objective, s schemas.Span) string {
	got := nothing
	Compile(objectives).Count(&s, func(_ string, g, total uint64) {
		switch {
		case got != nothing || total != 1 || g > 1:
			got = fmt.Sprintf("%s and %d of %d", got, g, total)
		case g == 1:
			got = good
		default:
			got = bad
		}
	})
	return got
}

func TestCount(t *testing.T) {
	failed := func(s *schemas.Span) { s.Status = schemas.StatusError }
	client := func(s *schemas.Span) { s.Kind = schemas.KindClient }
	consumer := func(s *schemas.Span) { s.Kind = schemas.KindConsumer }
	search := func(s *schemas.Span) { s.Service = "search" }
	named := func(n string) func(*schemas.Span) { return func(s *schemas.Span) { s.Name = n } }
	took := func(d time.Duration) func(*schemas.Span) { return func(s *schemas.Span) { s.Duration = int64(d) } }
	ok := func() *schemas.SpanSelector { return &schemas.SpanSelector{Status: "ok"} }
	total := func(change func(*schemas.SpanSelector)) schemas.Indicator {
		i := schemas.Indicator{Total: shop(), Good: ok()}
		change(i.Total)
		return i
	}
	where := func(m ...schemas.AttributeMatch) schemas.Indicator {
		return total(func(s *schemas.SpanSelector) { s.Attributes = m })
	}
	threshold := func(op schemas.ThresholdOp) schemas.Indicator {
		return schemas.Indicator{Total: shop(), Threshold: &schemas.Threshold{Limit: 100 * time.Millisecond, Op: op}}
	}
	ratio := schemas.Indicator{Total: shop(), Good: ok()}
	for name, c := range map[string]struct {
		indicator schemas.Indicator
		span      schemas.Span
		want      string
	}{
		"a request that went well is good":              {ratio, span(), good},
		"one that failed is bad":                        {ratio, span(failed), bad},
		"one of another service doesn't count":          {ratio, span(search), nothing},
		"a call to others is not the service's work":    {ratio, span(client), nothing},
		"a message consumed is":                         {ratio, span(consumer), good},
		"clients count where they are asked for":        {total(func(s *schemas.SpanSelector) { s.Kinds = []string{"client"} }), span(client), good},
		"and then servers don't":                        {total(func(s *schemas.SpanSelector) { s.Kinds = []string{"client"} }), span(), nothing},
		"bad of total: a failure is bad":                {schemas.Indicator{Total: shop(), Bad: &schemas.SpanSelector{Status: "error"}}, span(failed), bad},
		"bad of total: the rest is good":                {schemas.Indicator{Total: shop(), Bad: &schemas.SpanSelector{Status: "error"}}, span(), good},
		"good only within total":                        {schemas.Indicator{Total: &schemas.SpanSelector{Service: "search"}, Good: shop()}, span(), nothing},
		"good is of one operation":                      {schemas.Indicator{Total: shop(), Good: &schemas.SpanSelector{Operation: "GET /cart/**"}}, span(), good},
		"and not of another":                            {schemas.Indicator{Total: shop(), Good: &schemas.SpanSelector{Operation: "GET /cart"}}, span(), bad},
		"good is of one service of all":                 {schemas.Indicator{Total: &schemas.SpanSelector{}, Good: shop()}, span(), good},
		"a service nobody names is bad then":            {schemas.Indicator{Total: &schemas.SpanSelector{}, Good: shop()}, span(search), bad},
		"an operation by its name, without case":        {total(func(s *schemas.SpanSelector) { s.Operation = "get /CART/{id}" }), span(), good},
		"another operation":                             {total(func(s *schemas.SpanSelector) { s.Operation = "GET /cart" }), span(), nothing},
		"an operation by a glob":                        {total(func(s *schemas.SpanSelector) { s.Operation = "GET /cart/*" }), span(), good},
		"a star stays within a segment":                 {total(func(s *schemas.SpanSelector) { s.Operation = "GET /*" }), span(), nothing},
		"two stars don't":                               {total(func(s *schemas.SpanSelector) { s.Operation = "GET /**" }), span(), good},
		"no operation at all":                           {total(func(s *schemas.SpanSelector) { s.Operation = "**" }), span(named("")), good},
		"only what failed":                              {total(func(s *schemas.SpanSelector) { s.Status = "error" }), span(), nothing},
		"as long as the most":                           {total(func(s *schemas.SpanSelector) { s.MaxDuration = 100 * time.Millisecond }), span(), good},
		"longer than the most":                          {total(func(s *schemas.SpanSelector) { s.MaxDuration = 100*time.Millisecond - 1 }), span(), nothing},
		"as long as the least":                          {total(func(s *schemas.SpanSelector) { s.MinDuration = 100 * time.Millisecond }), span(), good},
		"shorter than the least":                        {total(func(s *schemas.SpanSelector) { s.MinDuration = 100*time.Millisecond + 1 }), span(), nothing},
		"an attribute":                                  {where(schemas.AttributeMatch{Key: "http.route", Values: []string{"/cart/{id}"}}), span(), good},
		"one of several values":                         {where(schemas.AttributeMatch{Key: "http.response.status_code", Values: []string{"204", "2?0"}}), span(), good},
		"none of the values":                            {where(schemas.AttributeMatch{Key: "http.response.status_code", Values: []string{"204", "4*"}}), span(), nothing},
		"an attribute of the resource":                  {where(schemas.AttributeMatch{Key: "cloud.region", Values: []string{"eu-*"}}), span(), good},
		"not a value":                                   {where(schemas.AttributeMatch{Key: "http.route", Values: []string{"/health"}, Not: true}), span(), good},
		"not, and it is":                                {where(schemas.AttributeMatch{Key: "http.route", Values: []string{"/cart/**"}, Not: true}), span(), nothing},
		"a missing attribute has no value":              {where(schemas.AttributeMatch{Key: "x", Values: []string{"**"}}), span(), nothing},
		"a missing attribute is not the value":          {where(schemas.AttributeMatch{Key: "x", Values: []string{"**"}, Not: true}), span(), good},
		"all attributes must hold":                      {where(schemas.AttributeMatch{Key: "http.route", Values: []string{"**"}}, schemas.AttributeMatch{Key: "x", Values: []string{"y"}}), span(), nothing},
		"below the limit":                               {threshold(schemas.OpLT), span(took(99 * time.Millisecond)), good},
		"lt excludes the limit":                         {threshold(schemas.OpLT), span(), bad},
		"lte includes it":                               {threshold(schemas.OpLTE), span(), good},
		"lte excludes what is above":                    {threshold(schemas.OpLTE), span(took(101 * time.Millisecond)), bad},
		"gt excludes it":                                {threshold(schemas.OpGT), span(), bad},
		"gte includes it":                               {threshold(schemas.OpGTE), span(), good},
		"a slow failure is in time by a threshold":      {threshold(schemas.OpLTE), span(failed), good},
		"reported counts aren't counted":                {schemas.Indicator{Reported: true}, span(), nothing},
		"an indicator that says nothing counts nothing": {schemas.Indicator{Total: shop()}, span(), nothing},
	} {
		t.Run(name, func(t *testing.T) {
			if got := outcome(of(c.indicator), c.span); got != c.want {
				t.Errorf("the span is %s, want %s", got, c.want)
			}
		})
	}
	t.Run("a composite objective counts nothing itself", func(t *testing.T) {
		o := of(ratio)
		o[0].Parts = []schemas.WeightedPart{{Objective: "p", Weight: 1}}
		if got := outcome(o, span()); got != nothing {
			t.Error(got)
		}
	})
}

// One span may count for many objectives; who counts does not depend on which
// spans came before.
func TestOneSpanCountsForAllItMatches(t *testing.T) {
	objectives := []schemas.Objective{
		{Key: "shop", Indicator: schemas.Indicator{Total: shop(), Good: &schemas.SpanSelector{Status: "ok"}}},
		{Key: "cart", Indicator: schemas.Indicator{Total: &schemas.SpanSelector{Service: "shop", Operation: "GET /cart/*"}, Good: &schemas.SpanSelector{Status: "ok"}}},
		{Key: "all", Indicator: schemas.Indicator{Total: &schemas.SpanSelector{}, Threshold: &schemas.Threshold{Op: schemas.OpLT, Limit: time.Second}}},
		{Key: "search", Indicator: schemas.Indicator{Total: &schemas.SpanSelector{Service: "search"}, Good: &schemas.SpanSelector{Status: "ok"}}},
	}
	c := Compile(objectives)
	for range 2 {
		for _, x := range []struct {
			service, operation string
			want               []string
		}{
			{"shop", "GET /cart/1", []string{"shop", "all", "cart"}},
			{"shop", "GET /", []string{"shop", "all"}},
			{"search", "GET /cart/1", []string{"all", "search"}},
			{"unknown", "GET /", []string{"all"}},
		} {
			s := span(func(s *schemas.Span) { s.Service, s.Name = x.service, x.operation })
			var got []string
			c.Count(&s, func(o string, _, _ uint64) { got = append(got, o) })
			if diff := cmp.Diff(x.want, got); diff != "" {
				t.Errorf("%s %s: %s", x.service, x.operation, diff)
			}
		}
	}
}

// The counts of the traffic model, known in closed form, are what the counter
// counts; the internal spans in it must not show.
func TestTraffic(t *testing.T) {
	m := traffic.Example(time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC))
	c := Compile(m.Objectives())
	type key struct {
		objective, version string
		minute             time.Time
	}
	got := map[key]schemas.SLIMinute{}
	for s := range m.Spans() {
		minute := time.Unix(0, s.Start+s.Duration).UTC().Truncate(time.Minute)
		c.Count(&s, func(o string, good, total uint64) {
			n := got[key{o, s.Version, minute}]
			n.Good, n.Total = n.Good+good, n.Total+total
			got[key{o, s.Version, minute}] = n
		})
	}
	for _, w := range m.Minutes() {
		k := key{w.Objective, w.Version, w.Minute}
		if got[k].Good != w.Good || got[k].Total != w.Total {
			t.Errorf("%s at %s: %d of %d, want %d of %d", w.Objective, w.Minute, got[k].Good, got[k].Total, w.Good, w.Total)
		}
		delete(got, k)
	}
	if len(got) > 0 {
		t.Errorf("%d minutes too many", len(got))
	}
}

// Operations without end (names that hold identities) fit into bounded memory.
func TestOperationsAreBounded(t *testing.T) {
	c := Compile(of(schemas.Indicator{Total: &schemas.SpanSelector{Service: "shop", Operation: "GET /**"}, Good: &schemas.SpanSelector{}}))
	n := 0
	for i := range 3 * operationsKept {
		s := span(func(s *schemas.Span) { s.Name = fmt.Sprintf("GET /%d", i) })
		c.Count(&s, func(string, uint64, uint64) { n++ })
	}
	if kept := len(c.services["shop"].seen); n != 3*operationsKept || kept > operationsKept {
		t.Errorf("%d counted, %d operations kept", n, kept)
	}
}

func BenchmarkCount(b *testing.B) {
	objectives := func(n int, services int) []schemas.Objective {
		var all []schemas.Objective
		for i := range n {
			service := fmt.Sprintf("service-%d", i%services)
			o := schemas.Objective{Key: fmt.Sprintf("objective-%d", i)}
			o.Indicator.Total = &schemas.SpanSelector{Service: service}
			switch i / services % 4 {
			case 0:
				o.Indicator.Good = &schemas.SpanSelector{Status: "ok"}
			case 1:
				o.Indicator.Threshold = &schemas.Threshold{Limit: time.Second, Op: schemas.OpLT}
			case 2:
				o.Indicator.Total.Operation = fmt.Sprintf("GET /v%d/**", i)
				o.Indicator.Good = &schemas.SpanSelector{Status: "ok"}
			default:
				o.Indicator.Total.Attributes = []schemas.AttributeMatch{{Key: "http.route", Values: []string{"/cart/*"}}}
				o.Indicator.Bad = &schemas.SpanSelector{Status: "error"}
			}
			all = append(all, o)
		}
		return all
	}
	spans := make([]schemas.Span, 1024)
	for i := range spans {
		spans[i] = span(func(s *schemas.Span) {
			s.Service, s.Name = fmt.Sprintf("service-%d", i%300), fmt.Sprintf("GET /cart/%d", i%40)
		})
	}
	for name, c := range map[string]*Counter{
		"1000 objectives of 250 services": Compile(objectives(1000, 250)),
		"1000 objectives of 1 service":    Compile(objectives(1000, 1)),
		"no objectives":                   Compile(nil),
	} {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			total := uint64(0)
			for i := 0; b.Loop(); i++ {
				s := &spans[i%len(spans)]
				if len(c.services) == 1 {
					s = &spans[0] // service-0
				}
				c.Count(s, func(_ string, _, n uint64) { total += n })
			}
			b.ReportMetric(float64(total)/float64(b.N), "counted/op")
		})
	}
}
