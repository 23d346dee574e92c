package schemas

import (
	"fmt"
	"time"
)

// The accepted event times, from EarliestTime until before LatestTime. They are
// the same for events, webhooks, spans and imports.
//
// Before 1980 lie clocks that were never set and times in the wrong unit
// (microseconds read as nanoseconds are of January 1970). The end lies well
// within what the narrowest column of the store holds, a DateTime of 32 bits:
// a later time would come back as one of the seventies.
var (
	EarliestTime = time.Date(1980, 1, 1, 0, 0, 0, 0, time.UTC)
	LatestTime   = time.Date(2100, 1, 1, 0, 0, 0, 0, time.UTC)
)

// MaxAhead is how far a sender's clock may be ahead of ours. A time further on
// is a mistake, a local time without its offset being the usual one, and would
// stand in no report before that day has come.
const MaxAhead = 24 * time.Hour

// MaxSpanAhead is the same for spans: they come within seconds, and what is
// counted of a minute waits for it.
const MaxSpanAhead = time.Hour

// CheckTime says why a time is not accepted, whatever the clock says. It is for
// times that may lie ahead, such as a maintenance window's.
func CheckTime(t time.Time) error {
	if t.Before(EarliestTime) || !t.Before(LatestTime) {
		return fmt.Errorf("%s is outside the accepted times, %s to %s",
			t.UTC().Format(time.RFC3339), EarliestTime.Format(time.DateOnly), LatestTime.AddDate(0, 0, -1).Format(time.DateOnly))
	}
	return nil
}

// CheckHappened says why a time is not accepted as that of something that has
// happened by now; without a clock (zero) it is CheckTime.
func CheckHappened(t, now time.Time) error {
	if err := CheckTime(t); err != nil {
		return err
	}
	if !now.IsZero() && t.After(now.Add(MaxAhead)) {
		return fmt.Errorf("%s is more than a day ahead of the clock here, which says %s",
			t.UTC().Format(time.RFC3339), now.UTC().Format(time.RFC3339))
	}
	return nil
}
