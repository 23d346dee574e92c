package sli

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

// plainly selects by the words of the documentation, one objective and one span
// at a time: what the index must agree with.
func plainly(s *schemas.SpanSelector, span *schemas.Span, kinds []string) bool {
	if len(s.Kinds) > 0 {
		kinds = s.Kinds
	}
	failed := span.Status == schemas.StatusError
	return (s.Service == "" || s.Service == span.Service) &&
		(s.Operation == "" || schemas.MatchGlob(s.Operation, span.Name)) &&
		slices.Contains(kinds, span.Kind.String()) &&
		(s.Status == "" || (s.Status == "error") == failed) &&
		(s.MaxDuration == 0 || span.Duration <= int64(s.MaxDuration)) &&
		span.Duration >= int64(s.MinDuration) &&
		!slices.ContainsFunc(s.Attributes, func(a schemas.AttributeMatch) bool {
			v, ok := span.Attribute(a.Key)
			is := ok && slices.ContainsFunc(a.Values, func(g string) bool { return schemas.MatchGlob(g, v) })
			return is == a.Not
		})
}

func count(o *schemas.Objective, span *schemas.Span) (good, total uint64) {
	i := &o.Indicator
	kinds := []string{"server", "consumer"}
	if i.Total == nil || !plainly(i.Total, span, kinds) {
		return 0, 0
	}
	if len(i.Total.Kinds) > 0 {
		kinds = i.Total.Kinds
	}
	var isGood bool
	switch {
	case i.Threshold != nil:
		isGood = span.Duration < int64(i.Threshold.Limit)
	case i.Good != nil:
		isGood = plainly(i.Good, span, kinds)
	default:
		isGood = !plainly(i.Bad, span, kinds)
	}
	if isGood {
		return 1, 1
	}
	return 0, 1
}

func pick[T any](r *rand.Rand, all ...T) T { return all[r.IntN(len(all))] }

func randomSelector(r *rand.Rand) *schemas.SpanSelector {
	s := &schemas.SpanSelector{
		Service:     pick(r, "", "a", "a", "b", "c"),
		Operation:   pick(r, "", "", "get /x", "GET /x/*", "GET /**", "**", "?ET /y", "POST /x"),
		Status:      pick(r, "", "", "ok", "error"),
		MaxDuration: pick(r, 0, 0, 2*time.Second),
		MinDuration: pick(r, 0, 0, time.Second),
	}
	if r.IntN(3) == 0 {
		s.Kinds = pick(r, []string{"client"}, []string{"server"}, []string{"internal", "server"})
	}
	if r.IntN(3) == 0 {
		s.Attributes = []schemas.AttributeMatch{{Key: pick(r, "k", "l"), Values: pick(r, []string{"v"}, []string{"V", "w*"}, []string{"**"}), Not: r.IntN(2) == 0}}
	}
	return s
}

func randomSpan(r *rand.Rand) schemas.Span {
	s := schemas.Span{
		Service: pick(r, "a", "b", "c", "d", ""), Name: pick(r, "GET /x", "GET /x/1", "GET /x/1/2", "GET /y", "post /x", "", "/"),
		Kind: schemas.SpanKind(r.IntN(6)), Status: schemas.SpanStatus(r.IntN(3)),
		Duration: int64(pick(r, 0, time.Second-1, time.Second, 2*time.Second, 2*time.Second+1)),
	}
	if r.IntN(2) == 0 {
		s.Attributes = []schemas.Attribute{{Key: "k", Value: pick(r, "v", "w1", "")}}
	}
	if r.IntN(2) == 0 {
		s.Resource = []schemas.Attribute{{Key: pick(r, "k", "l"), Value: pick(r, "v", "w2")}}
	}
	return s
}

// The index finds what a search through all objectives finds, whoever asks
// first and however many ask at once.
func TestTheIndexAgreesWithASearch(t *testing.T) {
	r := rand.New(rand.NewPCG(3, 4))
	for round := range 40 {
		var objectives []schemas.Objective
		for i := range 1 + r.IntN(60) {
			o := schemas.Objective{Key: fmt.Sprint(i), Indicator: schemas.Indicator{Total: randomSelector(r)}}
			switch r.IntN(3) {
			case 0:
				o.Indicator.Good = randomSelector(r)
			case 1:
				o.Indicator.Bad = randomSelector(r)
			default:
				o.Indicator.Threshold = &schemas.Threshold{Limit: 2 * time.Second, Op: schemas.OpLT}
			}
			objectives = append(objectives, o)
		}
		spans := make([]schemas.Span, 500)
		want := map[string][2]uint64{}
		for i := range spans {
			spans[i] = randomSpan(r)
			for j := range objectives {
				if good, total := count(&objectives[j], &spans[i]); total > 0 {
					n := want[objectives[j].Key]
					want[objectives[j].Key] = [2]uint64{n[0] + good, n[1] + total}
				}
			}
		}
		counter := Compile(objectives)
		var group sync.WaitGroup
		for range 4 {
			group.Go(func() {
				got := map[string][2]uint64{}
				for i := range spans {
					counter.Count(&spans[i], func(o string, good, total uint64) {
						n := got[o]
						got[o] = [2]uint64{n[0] + good, n[1] + total}
					})
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("round %d: %s", round, diff)
				}
			})
		}
		group.Wait()
	}
}
