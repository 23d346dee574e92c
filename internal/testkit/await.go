package testkit

import (
	"testing"
	"time"
)

// Patience is how long a test waits for what usually comes at once. It is far
// above what a busy machine needs, and below the limit of the whole run, which
// says nothing of what was waited for.
const Patience = 2 * time.Minute

const awaitPoll = 5 * time.Millisecond

// Await polls until something has happened; what says what that is.
func Await(tb testing.TB, what string, happened func() bool) {
	tb.Helper()
	AwaitState(tb, what, func() (bool, any) { return happened(), nil })
}

// AwaitState is Await for what says how far it is.
func AwaitState(tb testing.TB, what string, happened func() (done bool, state any)) {
	tb.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	tick := time.NewTicker(awaitPoll)
	defer tick.Stop()
	for {
		done, state := happened()
		if done {
			return
		}
		select {
		case <-tick.C:
		case <-deadline.C:
			tb.Fatalf("waited %s in vain: %s (%v)", Patience, what, state)
		case <-tb.Context().Done():
			tb.Fatalf("the test ended before: %s (%v)", what, state)
		}
	}
}

// Receive waits for a channel's next value, or its end.
func Receive[T any](tb testing.TB, what string, c <-chan T) (v T) {
	tb.Helper()
	deadline := time.NewTimer(Patience)
	defer deadline.Stop()
	select {
	case v = <-c:
	case <-deadline.C:
		tb.Fatalf("waited %s in vain: %s", Patience, what)
	}
	return v
}
