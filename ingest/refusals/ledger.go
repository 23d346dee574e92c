package refusals

import (
	"cmp"
	"log/slog"
	"net"
	"net/http"
	"slices"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

const (
	// most is how many senders and reasons are remembered.
	most = 256
	// again is how often a refusal that goes on is told of.
	again = time.Minute
	// tellings and burst bound the lines of all senders together.
	tellings = rate.Limit(1)
	burst    = 20
)

// Refusal is one sender turned away for one reason, and how often.
type Refusal struct {
	Source  string    `json:"source"`
	Address string    `json:"address"` // without the port, which changes with every connection
	Reason  string    `json:"reason"`
	Hint    string    `json:"hint,omitempty"`
	Status  int       `json:"status"`
	Count   int       `json:"count"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
}

type key struct{ source, address, reason string }

type entry struct {
	Refusal
	told      time.Time
	toldCount int
}

// Ledger counts refusals.
type Ledger struct {
	logger *slog.Logger
	now    func() time.Time

	mu      sync.Mutex
	entries map[key]*entry
	lines   *rate.Limiter
}

// New makes an empty ledger that tells of refusals through the logger.
func New(logger *slog.Logger, now func() time.Time) *Ledger {
	return &Ledger{logger: logger, now: now, entries: map[key]*entry{}, lines: rate.NewLimiter(tellings, burst)}
}

// Note counts one refusal of a request.
func (l *Ledger) Note(r *http.Request, source string, status int, reason, hint string) {
	address := r.RemoteAddr
	if host, _, err := net.SplitHostPort(address); err == nil {
		address = host
	}
	now := l.now()
	l.mu.Lock()
	defer l.mu.Unlock()
	k := key{source, address, reason}
	e := l.entries[k]
	if e == nil {
		l.makeRoom()
		e = &entry{Refusal: Refusal{Source: source, Address: address, Reason: reason, First: now}}
		l.entries[k] = e
	}
	e.Count++
	e.Last, e.Status, e.Hint = now, status, hint
	if now.Sub(e.told) < again || !l.lines.AllowN(now, 1) {
		return
	}
	l.logger.Warn("request refused", "source", source, "from", address, "status", status, "reason", reason, "hint", hint,
		"more_since_last", e.Count-e.toldCount-1)
	e.told, e.toldCount = now, e.Count
}

// makeRoom forgets what was refused longest ago.
func (l *Ledger) makeRoom() {
	if len(l.entries) < most {
		return
	}
	var oldest key
	var at time.Time
	for k, e := range l.entries {
		if at.IsZero() || e.Last.Before(at) {
			oldest, at = k, e.Last
		}
	}
	delete(l.entries, oldest)
}

// List gives the refusals, the latest first.
func (l *Ledger) List() []Refusal {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := make([]Refusal, 0, len(l.entries))
	for _, e := range l.entries {
		out = append(out, e.Refusal)
	}
	slices.SortFunc(out, func(a, b Refusal) int {
		return cmp.Or(b.Last.Compare(a.Last), cmp.Compare(a.Source, b.Source), cmp.Compare(a.Address, b.Address), cmp.Compare(a.Reason, b.Reason))
	})
	return out
}
