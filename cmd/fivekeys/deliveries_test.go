package main

import (
	"net/http"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestDeliveriesSaysWhatCameAndWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	s := startSite(t, schemas.Catalog{}, nil)
	const sha = "8c2f0e1d9b7a6f5e4d3c2b1a0f9e8d7c6b5a4938"
	shipped := deployed("acme/shop", 4711, sha, "2026-03-02T10:00:00Z")
	for _, d := range []simulation.Delivery{
		shipped,
		{GUID: "of-no-interest", Event: "star", Body: []byte(`{"action":"created"}`)},
		{GUID: "not-understood", Event: "push", Body: []byte(`{"ref":7}`)},
	} {
		// What an event belongs to is known to the millisecond.
		for began := time.Now().UnixMilli(); time.Now().UnixMilli() == began; {
			runtime.Gosched()
		}
		s.deliver(t, []simulation.Delivery{d})
	}
	for range 2 {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.url+"/webhooks/github", strings.NewReader("{}"))
		if err != nil {
			t.Fatal(err)
		}
		request.Header.Set("Content-Type", "application/json")
		request.Header.Set("X-Hub-Signature-256", "sha256="+strings.Repeat("0", 64))
		response, err := s.client.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode != http.StatusUnauthorized {
			t.Fatalf("a wrong signature is answered with %d", response.StatusCode)
		}
	}
	s.drain(t)

	// The archive writes once a second, and a dead letter is listed at once.
	var out string
	until(t, func() (bool, string) {
		out = s.fivekeys(t, "deliveries")
		return strings.Contains(out, "not-understood") && strings.Contains(out, "of-no-interest") && strings.Contains(out, shipped.GUID), out
	})
	for _, line := range [][]string{
		{"github", "127.0.0.1", " 2 ", "401", "signature does not match", "secret must be one of those configured"},
		{shipped.GUID, "deployment_status", "1 event"},
		{"of-no-interest", "star", "nothing new"},
		{"not-understood", "push", "dead letter 1: "},
	} {
		if !hasLine(out, line...) {
			t.Errorf("no line holds %q:\n%s", line, out)
		}
	}
	if got := s.fivekeys(t, "deliveries", "--source", "pagerduty"); strings.Contains(got, "github") {
		t.Errorf("github's are listed for another source:\n%s", got)
	}
}

// hasLine says whether one line holds all of the words.
func hasLine(text string, words ...string) bool {
	for line := range strings.Lines(text) {
		all := true
		for _, w := range words {
			all = all && strings.Contains(line, w)
		}
		if all {
			return true
		}
	}
	return false
}
