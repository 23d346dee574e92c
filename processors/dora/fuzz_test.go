package dora

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// FuzzFold takes a JSON array of events, as anybody may send them, and holds
// that folding ends, does not depend on their order and writes valid facts.
func FuzzFold(f *testing.F) {
	seed := func(events []schemas.Event) {
		b, err := json.Marshal(events)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	seed(explained())
	seed(generate(1, 30))
	seed(generate(2, 60))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, data []byte) {
		var events []schemas.Event
		if json.Unmarshal(data, &events) != nil {
			return
		}
		forth, back := NewTimeline(shop), NewTimeline(shop)
		for i := range events {
			_, _ = forth.Add(events[i])
			_, _ = back.Add(events[len(events)-1-i])
		}
		rules := rulesOf(shop)
		facts := forth.Fold(rules)
		if got, want := asJSON(t, back.Fold(rules)), asJSON(t, facts); got != want {
			t.Errorf("backwards the facts are\n%s\nforwards\n%s", got, want)
		}
		forth.AsOf(hour(30)).Fold(rules)
		for _, m := range Metrics {
			if _, err := Explain(m, facts, rules, hour(0), hour(0).Add(1000*time.Hour)); err != nil {
				t.Error(err)
			}
		}
	})
}

// FuzzMessage holds that whatever a message says, reading it ends and keeps
// nothing longer than the message.
func FuzzMessage(f *testing.F) {
	f.Add("Revert \"x\"\n\nThis reverts commit 1234567890123456789012345678901234567890, and 1234567.")
	f.Add("Fixes #12, closes https://github.com/acme/shop/issues/13")
	f.Fuzz(func(t *testing.T, message string) {
		for _, ref := range append(revertedCommits(message), closedReferences(message)...) {
			// Lower case may be longer: İ becomes two runes.
			if len(ref) > 2*len(message) || ref == "" {
				t.Errorf("%q refers to %q", message, ref)
			}
		}
		if title := firstLine(message); len(title) > maxTitle {
			t.Errorf("title of %d bytes", len(title))
		}
		revertedTitle(message)
		revertedNumber(message)
	})
}
