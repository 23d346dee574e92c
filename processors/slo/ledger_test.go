package slo

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// oracle holds every minute and sums them one by one.
type oracle struct {
	slice  int64
	target float64
	counts map[int64][2]uint64
}

func (o *oracle) tally(from, to int64, except []Period) Tally {
	var sum Tally
	type slice struct{ good, total uint64 }
	slices := map[int64]slice{}
	var order []int64
	for m := from; m < to; m++ {
		excluded := false
		for _, p := range except {
			excluded = excluded || p.From <= m && m < p.To
		}
		c := o.counts[m]
		if excluded || c[1] == 0 {
			continue
		}
		sum.Good += c[0]
		sum.Total += c[1]
		k := m / o.slice
		s, seen := slices[k]
		if !seen {
			order = append(order, k)
		}
		slices[k] = slice{s.good + c[0], s.total + c[1]}
	}
	for _, k := range order {
		s := slices[k]
		ratio := float64(s.good) / float64(s.total)
		sum.Ratios += ratio
		sum.Slices++
		if ratio >= o.target {
			sum.GoodSlices++
		}
	}
	return sum
}

func same(a, b Tally) bool {
	near := math.Abs(a.Ratios-b.Ratios) <= 1e-9*max(1, b.Ratios)
	a.Ratios, b.Ratios = 0, 0
	return near && a == b
}

// TestLedgerIsTheSumOfItsMinutes lets minutes come in order, late, twice and
// changed, has hours closed and opened as time goes on, and compares every
// window with the sum of single minutes.
func TestLedgerIsTheSumOfItsMinutes(t *testing.T) {
	for seed := range uint64(40) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			random := rand.New(rand.NewPCG(seed, 1))
			slice := []int64{1, 2, 5, 10, 15, 30, 60}[random.IntN(7)]
			o := &oracle{slice: slice, target: 0.9, counts: map[int64][2]uint64{}}
			l := NewLedger(time.Duration(slice)*time.Minute, 0.9)
			start := int64(29_000_000) + random.Int64N(1000)
			now := start
			put := func(m int64) {
				total := uint64(random.IntN(20))
				good := total - min(total, uint64(random.IntN(5)))
				if random.IntN(10) == 0 {
					total, good = 0, 0
				}
				o.counts[m] = [2]uint64{good, total}
				if !l.Put(m, good, total) {
					reopen(l, o, hourOf(m))
				}
			}
			for range 3000 {
				now++
				if random.IntN(4) > 0 {
					put(now - 1)
				}
				if random.IntN(20) == 0 {
					put(now - 1 - random.Int64N(now-start))
				}
				if random.IntN(200) == 0 {
					l.Trim(hourOf(start), hourOf(now-600), func(h int64) bool { return h%7 == 0 })
				}
				if random.IntN(40) > 0 {
					continue
				}
				from := start + random.Int64N(now-start)
				to := from + random.Int64N(now-from+1)
				var except []Period
				for range random.IntN(4) {
					a := start + random.Int64N(now-start)
					except = append(except, Period{a, a + random.Int64N(300)})
				}
				except = union(except)
				for _, h := range l.Closed(from, to, except) {
					reopen(l, o, h)
				}
				if got, want := l.Tally(from, to, except), o.tally(from, to, except); !same(got, want) {
					t.Fatalf("[%d, %d) without %v in slices of %d min: %+v, want %+v", from, to, except, slice, got, want)
				}
			}
		})
	}
}

func reopen(l *Ledger, o *oracle, h int64) {
	l.Open(h)
	for m := h * hourMinutes; m < (h+1)*hourMinutes; m++ {
		if c := o.counts[m]; c[1] > 0 {
			l.Put(m, c[0], c[1])
		}
	}
}

func TestLedgerHoldsLittle(t *testing.T) {
	l := NewLedger(time.Minute, 0.999)
	now := int64(29_000_000)
	for m := now - 28*dayMinutes; m < now; m++ {
		l.Put(m, 99, 100)
		if m%hourMinutes == 0 {
			l.Trim(hourOf(now-28*dayMinutes), hourOf(m-openMinutes), func(int64) bool { return false })
		}
	}
	open := 0
	for _, h := range l.hours {
		if h.minutes != nil {
			open++
		}
	}
	if want := openMinutes/hourMinutes + 2; open > want {
		t.Errorf("%d hours are open, want at most %d", open, want)
	}
	if want := 28*24 + 1; len(l.hours) > want {
		t.Errorf("%d hours are held, want at most %d", len(l.hours), want)
	}
	l.Trim(hourOf(now), hourOf(now), func(int64) bool { return false })
	if !l.Put(now-dayMinutes, 1, 1) || len(l.hours) > 2 {
		t.Errorf("a minute older than everything kept made %d hours", len(l.hours))
	}
}

func TestEveryMethodReadsTheSameCounts(t *testing.T) {
	l := NewLedger(5*time.Minute, 0.9)
	const hour = int64(480_000 * hourMinutes)
	for m := range int64(10) {
		l.Put(hour+m, 100, 100)
	}
	l.Put(hour+7, 0, 100) // a slice of which a fifth is bad
	tally := l.Tally(hour, hour+hourMinutes, nil)
	for method, want := range map[schemas.Budgeting]share{
		schemas.Occurrences:     {900, 1000},
		schemas.Timeslices:      {1, 2},
		schemas.RatioTimeslices: {1.8, 2},
	} {
		if got := tally.under(method); math.Abs(got.good-want.good) > 1e-12 || got.total != want.total {
			t.Errorf("%s: %v, want %v", method, got, want)
		}
	}
}
