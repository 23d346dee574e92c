package slo

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPackedHoursAreWhatTheyWere(t *testing.T) {
	l := NewLedger(5*time.Minute, 0.9)
	const hour = int64(480_000)
	for m := range int64(40) {
		l.Put(hour*hourMinutes+m, uint64(m*m*m), uint64(m*m*m*m))
	}
	packed := l.Pack(hour)
	other := NewLedger(5*time.Minute, 0.9)
	if err := other.Unpack(hour, packed, true); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(packed, other.Pack(hour)); diff != "" {
		t.Error(diff)
	}
	if err := other.Unpack(hour, packed, false); err != nil {
		t.Fatal(err)
	}
	from, to := hour*hourMinutes, (hour+1)*hourMinutes
	if diff := cmp.Diff(l.Tally(from, to, nil), other.Tally(from, to, nil)); diff != "" {
		t.Error(diff)
	}
	if !other.IsClosed(hour) || other.Pack(hour) != nil {
		t.Error("the hour is open")
	}
}

func FuzzUnpack(f *testing.F) {
	l := NewLedger(time.Minute, 0.9)
	l.Put(0, 3, 300)
	f.Add(l.Pack(0))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, packed []byte) {
		l := NewLedger(time.Minute, 0.9)
		if l.Unpack(7, packed, true) != nil {
			return
		}
		sum := l.Tally(7*hourMinutes, 8*hourMinutes, nil)
		if sum.Good > sum.Total || sum.Slices > hourMinutes {
			t.Fatalf("%+v", sum)
		}
	})
}
