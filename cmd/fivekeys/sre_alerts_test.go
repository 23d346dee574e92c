package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// reportedSLO is an objective whose counts are sent, with a budget small enough
// to be spent and restored within hours.
const reportedSLO = `apiVersion: openslo/v1
kind: AlertPolicy
metadata: {name: orders-burn}
spec:
  alertWhenBreaching: true
  conditions:
    - kind: AlertCondition
      metadata: {name: fast}
      spec: {severity: page, condition: {kind: burnrate, op: gt, threshold: 5, lookbackWindow: 1h, alertAfter: 5m}}
---
apiVersion: openslo/v1
kind: SLO
metadata: {name: orders}
spec:
  service: shop
  indicator:
    metadata: {name: orders-taken}
    spec:
      ratioMetric:
        good: {metricSource: {type: fivekeys, spec: {reported: true}}}
        total: {metricSource: {type: fivekeys, spec: {reported: true}}}
  timeWindow: [{duration: 2h, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{target: 0.9}]
  alertPolicies: [{alertPolicyRef: orders-burn}]
`

// Ten orders a minute, of which from begin on all fail for some minutes.
const (
	ordersPerMinute = 10
	ordersBad       = 40 // minutes
	ordersBefore    = 125
	ordersAfter     = 155
)

// The minutes after the failures began at which, by the formulas of
// docs/metrics.md, something happens:
//
//	spent     of the 1,200 orders of 2 h a tenth may fail: 120 have, after 12 minutes
//	firing    burn of 1 h = (bad ÷ 60 min) ÷ 0.1 > 5: more than 30 minutes are bad
//	resolved  burn of 5 min ≤ 5: at most 2 of the 5 minutes are bad, 3 minutes after the end
//	restored  fewer than 12 bad minutes are left in the 2 h: 29 have left it
const (
	ordersSpent    = 12
	ordersFiring   = 31
	ordersResolved = ordersBad + 3
	ordersRestored = 120 + ordersBad - 11
)

// told is a receiver of signals that can be away.
type told struct {
	*httptest.Server

	mu       sync.Mutex
	away     bool
	attempts int
	signals  []string // kind, state and minute
}

func newTold(t *testing.T, begin time.Time) *told {
	r := &told{away: true}
	r.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, request *http.Request) {
		r.mu.Lock()
		defer r.mu.Unlock()
		body, err := io.ReadAll(request.Body)
		if err != nil {
			t.Error(err)
		}
		r.attempts++
		if r.away {
			w.WriteHeader(http.StatusBadGateway)
			return
		}
		var event struct {
			Type string `json:"type"`
			Data struct {
				State      string     `json:"state"`
				Objective  string     `json:"objective"`
				StartedAt  time.Time  `json:"started_at"`
				ResolvedAt *time.Time `json:"resolved_at"`
				At         time.Time  `json:"at"`
			} `json:"data"`
		}
		if err := json.Unmarshal(body, &event); err != nil {
			t.Error(err)
		}
		d := event.Data
		minute := func(at time.Time) string { return fmt.Sprint(at.Sub(begin).Minutes()) }
		told := d.Objective + " " + d.State
		switch {
		case event.Type == "fivekeys.signal.budget.v1":
			told += " at " + minute(d.At)
		case d.ResolvedAt != nil:
			told += " from " + minute(d.StartedAt) + " to " + minute(*d.ResolvedAt)
		default:
			told += " from " + minute(d.StartedAt)
		}
		r.signals = append(r.signals, told)
	}))
	t.Cleanup(r.Close)
	return r
}

func (r *told) back() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.away = false
}

func (r *told) said() (signals []string, attempts int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.signals), r.attempts
}

// TestAlertsFireAndBudgetsAreSpentAtTheFormulasMinute has the evaluation live
// through an outage in several lives, each of which ends with kill -9, while the
// receiver is away at first. It is told of everything once, at the minutes that
// follow from the formulas, and the gate does what the policy says.
func TestAlertsFireAndBudgetsAreSpentAtTheFormulasMinute(t *testing.T) {
	t.Parallel()
	begin := time.Now().UTC().Truncate(time.Minute).Add(-(ordersAfter + 5) * time.Minute)
	receiver := newTold(t, begin)
	s := newServing(t, &schemas.Catalog{Services: []schemas.Service{{Name: "shop", Team: "web"}}})
	configure(t, s.folder, sloFiles+"alerts:\n  - {name: desk, webhook: \""+receiver.URL+"/signals\"}\n"+
		// The tests' time is long ago for nobody but the gate.
		"gate:\n  max_age: 1d\n", map[string]string{"slos/orders.yaml": reportedSLO})
	live := func(minute int) {
		t.Helper()
		// A minute is evaluated once its latecomers have had their time.
		s.environ = []string{fivekeysClock + "=" + begin.Add(time.Duration(minute)*time.Minute+30*time.Second).Format(time.RFC3339)}
		s.start(t)
	}
	sees := func(what string, n int, want ...string) {
		t.Helper()
		until(t, func() (bool, string) {
			got, _ := receiver.said()
			return len(got) >= len(want) && s.metric(t, `fivekeys_notifications_total{outcome="sent",receiver="desk"}`) >= float64(n),
				fmt.Sprintf("%s: the receiver was told %q, want %q\n%s", what, got, want, s.log())
		})
		if got, _ := receiver.said(); !slices.Equal(got, want) {
			t.Errorf("%s: the receiver was told %q, want %q", what, got, want)
		}
	}
	gate := func(allow bool, ground string) gateAnswer {
		t.Helper()
		var a gateAnswer
		until(t, func() (bool, string) {
			a = askGate(t, s.client, s.url, "shop")
			return a.Ground == ground && a.Allow == allow, fmt.Sprintf("the gate says %+v, want %s\n%s", a, ground, s.log())
		})
		return a
	}

	// Everything is sent at once; what the clock hasn't come to does not count yet.
	live(1)
	s.sendOrders(t, begin)
	s.drain(t)
	gate(true, "within_budget")
	s.kill(t)

	live(ordersSpent + 5)
	if a := gate(false, "exhausted"); !slices.Equal(a.Exhausted, []string{"orders"}) {
		t.Errorf("the gate says %+v", a)
	}
	until(t, func() (bool, string) {
		_, attempts := receiver.said()
		return attempts > 0, "the receiver was not tried"
	})
	s.kill(t)

	configure(t, s.folder, "  exceptions:\n    - {service: shop, author: Ada, reason: the fix, until: "+
		begin.Add(24*time.Hour).Format(time.RFC3339)+"}\n", nil)
	live(ordersFiring + 2)
	if a := gate(true, "excepted"); a.Exception == nil || a.Exception.Author != "Ada" {
		t.Errorf("the gate says %+v", a)
	}
	receiver.back()
	spent := fmt.Sprintf("orders exhausted at %d", ordersSpent)
	firing := fmt.Sprintf("orders firing from %d", ordersFiring)
	sees("firing", 2, spent, firing)
	s.kill(t)

	live(ordersResolved + 10)
	resolved := fmt.Sprintf("orders resolved from %d to %d", ordersFiring, ordersResolved)
	sees("resolved", 1, spent, firing, resolved)
	s.kill(t)

	live(ordersAfter)
	restored := fmt.Sprintf("orders restored at %d", ordersRestored)
	sees("restored", 1, spent, firing, resolved, restored)
	gate(true, "within_budget")
	s.stop(t)

	history := func(sql string) string { return strings.TrimSpace(s.query(t, sql)) }
	minutes := func(column string) string {
		return fmt.Sprintf("dateDiff('minute', toDateTime(%d), %s)", begin.Unix(), column)
	}
	if got, want := history("SELECT rule, "+minutes("started_at")+" AS a, "+minutes("assumeNotNull(resolved_at)")+" AS b FROM alerts"),
		fmt.Sprintf("rule,a,b\nfast,%d,%d", ordersFiring, ordersResolved); got != want {
		t.Errorf("alerts holds\n%s\nwant\n%s", got, want)
	}
	if got, want := history("SELECT state, "+minutes("at")+" AS a FROM budget_events ORDER BY at"),
		fmt.Sprintf("state,a\nexhausted,%d\nrestored,%d", ordersSpent, ordersRestored); got != want {
		t.Errorf("budget_events holds\n%s\nwant\n%s", got, want)
	}
}

// orders are the counts of every minute as a batch job would report them.
func orders(t *testing.T, begin time.Time) []schemas.Event {
	t.Helper()
	var events []schemas.Event
	for i := -ordersBefore; i < ordersAfter; i++ {
		good, total := int64(ordersPerMinute), int64(ordersPerMinute)
		if i >= 0 && i < ordersBad {
			good = 0
		}
		e, err := schemas.NewEvent(fmt.Sprint("minute ", i), "orders", schemas.TypeSLI, begin.Add(time.Duration(i)*time.Minute), "shop",
			&schemas.SLIEvent{SLO: "orders", Service: "shop", Good: &good, Total: &total})
		if err != nil {
			t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}

func (s *serving) sendOrders(t *testing.T, begin time.Time) {
	t.Helper()
	running, ok := findRunning(s.folder)
	if !ok {
		t.Fatal("nothing runs on the folder")
	}
	out := &sender{url: s.url, token: running.Token, client: s.client}
	if err := out.send(t.Context(), orders(t, begin)); err != nil {
		t.Fatal(err)
	}
}

// metric reads one line of /metrics; 0 where it isn't there yet.
func (s *serving) metric(t *testing.T, name string) float64 {
	t.Helper()
	response, err := s.client.Get(s.url + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			var v float64
			if _, err := fmt.Sscan(value, &v); err != nil {
				t.Fatal(err)
			}
			return v
		}
	}
	return 0
}
