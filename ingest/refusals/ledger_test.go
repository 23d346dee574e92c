package refusals

import (
	"bytes"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"
)

// clock stands until it is moved.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

func ledger(t *testing.T) (*Ledger, *bytes.Buffer, *clock) {
	t.Helper()
	var log bytes.Buffer
	c := &clock{time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC)}
	return New(slog.New(slog.NewTextHandler(&log, nil)), c.now), &log, c
}

func from(address string) *http.Request { return &http.Request{RemoteAddr: address} }

func TestAWrongSecretIsToldAtOnceAndThenOnceAMinute(t *testing.T) {
	l, log, c := ledger(t)
	for i := range 100 {
		l.Note(from(fmt.Sprintf("192.0.2.7:%d", 4000+i)), "github", 401, "signature does not match", "the secret must be the webhook's")
	}
	lines := strings.Split(strings.TrimSpace(log.String()), "\n")
	if len(lines) != 1 {
		t.Fatalf("100 refusals made %d lines:\n%s", len(lines), log)
	}
	for _, want := range []string{"level=WARN", "source=github", "from=192.0.2.7", "status=401", `reason="signature does not match"`, "hint="} {
		if !strings.Contains(lines[0], want) {
			t.Errorf("the line lacks %s: %s", want, lines[0])
		}
	}
	c.at = c.at.Add(again)
	l.Note(from("192.0.2.7:1"), "github", 401, "signature does not match", "")
	if !strings.Contains(log.String(), "more_since_last=99") {
		t.Errorf("the second line doesn't count the 99 between: %s", log)
	}
	if got := l.List(); len(got) != 1 || got[0].Count != 101 || got[0].Address != "192.0.2.7" || !got[0].Last.Equal(c.at) {
		t.Errorf("listed: %+v", got)
	}
}

func TestTheLatestRefusalIsListedFirst(t *testing.T) {
	l, _, c := ledger(t)
	l.Note(from("192.0.2.1:1"), "github", 401, "signature is missing", "")
	c.at = c.at.Add(time.Second)
	l.Note(from("192.0.2.1:1"), "pagerduty", 401, "signature is missing", "")
	got := l.List()
	if len(got) != 2 || got[0].Source != "pagerduty" || got[1].Source != "github" {
		t.Errorf("listed: %+v", got)
	}
}

func TestManyAddressesFillNeitherMemoryNorLog(t *testing.T) {
	l, log, c := ledger(t)
	const senders = 10_000
	for i := range senders {
		c.at = c.at.Add(time.Millisecond)
		l.Note(from(fmt.Sprintf("[2001:db8::%x]:1", i)), "github", 401, "signature is missing", "")
	}
	if n := len(l.List()); n != most {
		t.Errorf("%d are remembered, %d is the most", n, most)
	}
	if last := l.List()[0].Address; last != fmt.Sprintf("2001:db8::%x", senders-1) {
		t.Errorf("the last one is not remembered: %s", last)
	}
	if lines := strings.Count(log.String(), "\n"); lines > burst+10*int(tellings)+1 {
		t.Errorf("ten seconds made %d lines", lines)
	}
}
