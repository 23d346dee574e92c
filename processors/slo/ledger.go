package slo

import (
	"fmt"
	"math"
	"math/bits"
	"slices"
	"time"
)

// Ledger is what one objective counted: sums per hour, and the single minutes
// of those hours that are open. The last days are open, for the short windows
// and for minutes that come late; so is the hour that a rolling window's far
// edge lies in. With them every sum over whole minutes is exact.
//
// An open hour takes 480 bytes, a closed one 40: 28 days of which 3 are open
// are some 65 kB.
type Ledger struct {
	slice  int // minutes, a divisor of 60
	target float64
	oldest int64 // hours before are not kept
	since  int64 // the first minute with traffic, kept or not; 0 for none
	first  int64 // the hour of hours[0]
	hours  []hour
}

type hour struct {
	tally   Tally
	minutes *[hourMinutes]count // nil where closed or without traffic
	stale   bool                // tally is to be computed from minutes again
}

type count struct{ good, total uint32 }

// NewLedger makes an empty one for slices of a length (which divides an hour)
// that are good from a ratio on.
func NewLedger(slice time.Duration, target float64) *Ledger {
	return &Ledger{slice: int(slice / time.Minute), target: target}
}

// at gives an hour, making room for it.
func (l *Ledger) at(h int64) *hour {
	switch {
	case len(l.hours) == 0:
		l.first = h
		l.hours = append(l.hours, hour{})
	case h < l.first:
		l.hours = slices.Insert(l.hours, 0, make([]hour, l.first-h)...)
		l.first = h
	case h >= l.first+int64(len(l.hours)):
		l.hours = append(l.hours, make([]hour, h-l.first-int64(len(l.hours))+1)...)
	}
	return &l.hours[h-l.first]
}

// Put replaces what a minute counted. It says false where the minute's hour is
// closed: then the whole hour is to be given to Open. What is older than all
// that is kept is dropped.
func (l *Ledger) Put(minute int64, good, total uint64) bool {
	l.note(minute, total)
	if hourOf(minute) < l.oldest {
		return true
	}
	h := l.at(hourOf(minute))
	if h.minutes == nil {
		if h.tally.Total > 0 {
			return false
		}
		if total == 0 {
			return true
		}
		h.minutes = new([hourMinutes]count)
	}
	h.minutes[minute%hourMinutes] = counted(good, total)
	h.stale = true
	return true
}

// Add adds to what a minute counted so far, in an hour that was opened for it
// or was without traffic.
func (l *Ledger) Add(minute int64, good, total uint64) {
	l.note(minute, total)
	if hourOf(minute) < l.oldest || total == 0 {
		return
	}
	h := l.at(hourOf(minute))
	if h.minutes == nil {
		h.minutes = new([hourMinutes]count)
	}
	c := &h.minutes[minute%hourMinutes]
	*c = counted(uint64(c.good)+good, uint64(c.total)+total)
	h.stale = true
}

// note remembers how far back the objective is known.
func (l *Ledger) note(minute int64, total uint64) {
	if total > 0 && (l.since == 0 || minute < l.since) {
		l.since = minute
	}
}

// counted keeps counts within 32 bits: 71 million requests a second.
func counted(good, total uint64) count {
	return count{uint32(min(good, total, math.MaxUint32)), uint32(min(total, math.MaxUint32))}
}

// Open empties an hour for its minutes to be put.
func (l *Ledger) Open(h int64) {
	*l.at(h) = hour{minutes: new([hourMinutes]count), stale: true}
}

// Tally sums the minutes of [from, to) that no period excludes.
func (l *Ledger) Tally(from, to int64, except []Period) Tally {
	var sum Tally
	l.each(from, to, except, func(h *hour, number int64, mask uint64) {
		l.settle(h)
		switch {
		case mask == wholeHour:
			sum.add(&h.tally)
		case h.minutes == nil:
			panic(fmt.Sprintf("ledger: the hour %s is closed and a part of it is asked for", timeOf(number*hourMinutes)))
		default:
			l.part(&sum, h, mask)
		}
	})
	return sum
}

// Closed lists the hours whose minutes Tally would need and does not have.
func (l *Ledger) Closed(from, to int64, except []Period) []int64 {
	var closed []int64
	l.each(from, to, except, func(h *hour, number int64, mask uint64) {
		if mask != wholeHour && h.minutes == nil {
			closed = append(closed, number)
		}
	})
	return closed
}

const wholeHour = 1<<hourMinutes - 1

// each visits the hours with traffic in [from, to), with a bit for each of
// their minutes that counts.
func (l *Ledger) each(from, to int64, except []Period, visit func(h *hour, number int64, mask uint64)) {
	if from = max(from, l.first*hourMinutes); from >= to {
		return
	}
	last := min(hourOf(to-1), l.first+int64(len(l.hours))-1)
	for number := hourOf(from); number <= last; number++ {
		h := &l.hours[number-l.first]
		if h.minutes == nil && h.tally.Total == 0 {
			continue
		}
		start := number * hourMinutes
		mask := bitsOf(max(from-start, 0), min(to-start, hourMinutes))
		for len(except) > 0 && except[0].To <= start {
			except = except[1:]
		}
		for _, p := range except {
			if p.From >= start+hourMinutes {
				break
			}
			mask &^= bitsOf(max(p.From-start, 0), min(p.To-start, hourMinutes))
		}
		if mask != 0 {
			visit(h, number, mask)
		}
	}
}

// bitsOf sets the bits [a, b).
func bitsOf(a, b int64) uint64 { return (1<<b - 1) &^ (1<<a - 1) }

func (l *Ledger) settle(h *hour) {
	if !h.stale {
		return
	}
	h.stale = false
	h.tally = Tally{}
	l.part(&h.tally, h, wholeHour)
}

// part adds those minutes of an open hour whose bits are set.
func (l *Ledger) part(sum *Tally, h *hour, mask uint64) {
	for start := 0; start < hourMinutes; start += l.slice {
		var good, total uint64
		left := mask & bitsOf(int64(start), int64(start+l.slice))
		for ; left != 0; left &= left - 1 {
			c := &h.minutes[bits.TrailingZeros64(left)]
			good += uint64(c.good)
			total += uint64(c.total)
		}
		sum.slice(good, total, l.target)
	}
}

// Trim forgets the hours before first and closes those before open, but for
// the hours in keep.
func (l *Ledger) Trim(first, open int64, keep func(hour int64) bool) {
	l.oldest = first
	if n := min(first-l.first, int64(len(l.hours))); n > 0 {
		l.hours = slices.Delete(l.hours, 0, int(n))
		l.first += n
	}
	for i := range l.hours {
		number := l.first + int64(i)
		if number >= open {
			return
		}
		if h := &l.hours[i]; h.minutes != nil && !keep(number) {
			l.settle(h)
			h.minutes = nil
		}
	}
}

// IsClosed says whether an hour's minutes would have to be read.
func (l *Ledger) IsClosed(h int64) bool {
	i := h - l.first
	return i >= 0 && i < int64(len(l.hours)) && l.hours[i].minutes == nil && l.hours[i].tally.Total > 0
}

// Has says whether a minute counts just that.
func (l *Ledger) Has(minute int64, good, total uint64) bool {
	if hourOf(minute) < l.oldest {
		return true // it is dropped anyway
	}
	i := hourOf(minute) - l.first
	if i < 0 || i >= int64(len(l.hours)) || l.hours[i].minutes == nil {
		return false
	}
	return l.hours[i].minutes[minute%hourMinutes] == counted(good, total)
}
