package spans

import (
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

func identity(n uint64) (trace schemas.TraceID, span schemas.SpanID) {
	binary.BigEndian.PutUint64(trace[8:], n/8)
	binary.BigEndian.PutUint64(span[:], n)
	return trace, span
}

func TestADuplicateIsKnownForTwoToThreeMinutesAfterItsLastCopy(t *testing.T) {
	const minute = int64(time.Minute)
	for name, tt := range map[string]struct {
		copies []int64 // stream time of each, ns
		want   []bool
	}{
		"at once":                         {[]int64{0, 0, 1}, []bool{false, true, true}},
		"after two minutes":               {[]int64{59 * int64(time.Second), 179 * int64(time.Second)}, []bool{false, true}},
		"after three minutes":             {[]int64{0, 3 * minute}, []bool{false, false}},
		"each copy begins the time anew":  {[]int64{0, 2 * minute, 4 * minute, 6 * minute}, []bool{false, true, true, true}},
		"after a long silence":            {[]int64{0, 1000 * minute, 1001 * minute}, []bool{false, false, true}},
		"time that goes back is no time":  {[]int64{5 * minute, 4 * minute, 0}, []bool{false, true, true}},
		"the clock of the epoch is a day": {[]int64{20000 * 24 * 60 * minute, 20000*24*60*minute + 1}, []bool{false, true}},
	} {
		t.Run(name, func(t *testing.T) {
			var d duplicates
			for i, at := range tt.copies {
				d.advance(at)
				if got := d.seen(identity(42)); got != tt.want[i] {
					t.Errorf("copy %d: %v", i, got)
				}
			}
		})
	}
}

// A reader that begins three generations later knows the same duplicates.
func TestWhatADuplicateIsDependsOnTheLastMinutesAlone(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 6))
	type copyOf struct {
		at int64
		n  uint64
	}
	var copies []copyOf
	at := int64(0)
	for range 200_000 {
		at += rng.Int64N(int64(10 * time.Millisecond))
		copies = append(copies, copyOf{at, rng.Uint64N(20_000)})
	}
	var all, late duplicates
	from := copies[len(copies)/3].at
	begin := (generationOf(from) - generations) * int64(generation)
	for _, c := range copies {
		all.advance(c.at)
		want := all.seen(identity(c.n))
		if c.at < begin {
			continue
		}
		late.advance(c.at)
		if got := late.seen(identity(c.n)); c.at >= from && got != want {
			t.Fatalf("at %v: %v instead of %v", time.Duration(c.at), got, want)
		}
	}
}

func TestFingerprintsOfNeighboursDiffer(t *testing.T) {
	var s set
	for n := range uint64(1_000_000) {
		h := fingerprint(identity(n))
		if s.has(h) {
			t.Fatalf("%d has the fingerprint of a smaller number", n)
		}
		s.add(h)
	}
	if s.count != 1_000_000 {
		t.Errorf("%d", s.count)
	}
}

func TestAgesSayWhereATimeBegan(t *testing.T) {
	var a ages
	second := int64(time.Second)
	for i := range int64(2000) {
		a.note(i*second, uint64(i+1))
	}
	for at, want := range map[int64]uint64{1990 * second: 1991, 1993 * second: 1991, 5000 * second: 2001} {
		if got := a.first(at, 2000); got != want {
			t.Errorf("%v began at %d, want %d", time.Duration(at), got, want)
		}
	}
	if got := a.first(0, 2000); got > 1300 {
		t.Errorf("the oldest known is %d", got)
	}
}

func BenchmarkDuplicates(b *testing.B) {
	var d duplicates
	n := uint64(0)
	for b.Loop() {
		n++
		d.advance(int64(n) * 16_000) // 60,000 a second
		d.seen(identity(n))
	}
}

func TestBothSidesOfASharedIDAreSpansOfTheirOwn(t *testing.T) {
	of := func(kind schemas.SpanKind, service string) schemas.SpanID {
		return identityOf(&schemas.Span{SpanID: schemas.SpanID{7}, Kind: kind, Service: service})
	}
	sides := map[schemas.SpanID]bool{
		of(schemas.KindClient, "web"): true, of(schemas.KindServer, "app"): true, of(schemas.KindServer, "other"): true,
	}
	if len(sides) != 3 {
		t.Errorf("%d identities, want 3", len(sides))
	}
	if again := of(schemas.KindServer, "app"); !sides[again] || of(schemas.KindClient, "web") != of(schemas.KindInternal, "app") {
		t.Error("the same span again is another one")
	}
}
