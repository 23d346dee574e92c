package dora

import "time"

// instant is a time in whole milliseconds since 1970. It is what the fold
// counts in, because the store keeps milliseconds: an event folded as it
// arrives and the same event read back must give the same facts. It is also a
// third of the size of a time.Time.
//
// Zero is "not known". The epoch itself is how a store and a broken clock
// write that, so nothing is lost by it.
type instant int64

// lastInstant is the first one that schemas no longer accepts as a time.
var lastInstant = time.Date(2262, 1, 1, 0, 0, 0, 0, time.UTC).UnixMilli()

func toInstant(t time.Time) instant {
	if t.IsZero() {
		return 0
	}
	ms := t.UnixMilli()
	if ms <= 0 || ms >= lastInstant {
		return 0
	}
	return instant(ms)
}

func optionalInstant(t *time.Time) instant {
	if t == nil {
		return 0
	}
	return toInstant(*t)
}

func (i instant) time() time.Time {
	if i == 0 {
		return time.Time{}
	}
	return time.UnixMilli(int64(i)).UTC()
}

// add moves a known instant.
func (i instant) add(d time.Duration) instant { return i + instant(d.Milliseconds()) }

// earliest gives the earlier of two instants, where an unknown one loses.
func earliest(a, b instant) instant {
	if a == 0 || (b != 0 && b < a) {
		return b
	}
	return a
}

// seconds gives the time from one instant to another: nil where either is not
// known or where it would be negative, which says that two clocks disagree and
// not how long something took.
func seconds(from, to instant) *float64 {
	if from == 0 || to == 0 || to < from {
		return nil
	}
	s := float64(to-from) / 1000
	return &s
}
