package notify

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/common/model"

	"github.com/fivekeys/fivekeys/schemas"
)

func (r *receiver) manager() Receiver {
	return Receiver{Receiver: schemas.Receiver{Name: "a", Alertmanager: r.URL + "/am/"}, Secrets: []string{"t0ken"}}
}

// alerts are what an Alertmanager took, by its own rules of what an alert is.
func (r *receiver) alerts(t *testing.T) [][]model.Alert {
	t.Helper()
	var out [][]model.Alert
	for _, d := range r.all() {
		if d.path != "/am/api/v2/alerts" || d.header.Get("Authorization") != "Bearer t0ken" || d.header.Get("Content-Type") != "application/json" {
			t.Errorf("a request to %s with %v", d.path, d.header)
		}
		var alerts []model.Alert
		if err := json.Unmarshal(d.body, &alerts); err != nil {
			t.Fatal(err)
		}
		for i := range alerts {
			if err := alerts[i].Validate(); err != nil {
				t.Errorf("%s: %v", d.body, err)
			}
		}
		out = append(out, alerts)
	}
	return out
}

func TestAnAlertmanagerIsToldAgainUntilItIsOver(t *testing.T) {
	p := open(t, t.TempDir(), "notify-a")
	r := serve(t, nil)
	_, stop := p.run(r.manager())
	p.publish(firing("one"), firing("two"))
	// Of both, more than once: the first time each is told alone.
	both := func() bool {
		all := r.alerts(t)
		return len(all) > 5 && len(all[len(all)-1]) == 2
	}
	p.until(both)
	stop()
	r = serve(t, nil)
	_, stop = p.run(r.manager()) // a restart forgets nobody
	p.until(both)
	p.publish(resolved("one"))
	p.settled("a")
	over := len(r.all())
	p.until(func() bool { return len(r.all()) > over+2 })
	stop()
	all := r.alerts(t)
	ended := 0
	for i, alerts := range all {
		for _, a := range alerts {
			switch {
			case a.Resolved():
				ended++
			case i > over && a.Labels["objective"] == "one":
				t.Error("what is over fires again")
			}
		}
	}
	if ended != 1 {
		t.Errorf("an end is told %d times", ended)
	}
}

func TestARestoredBudgetEndsItsAlert(t *testing.T) {
	p := open(t, t.TempDir(), "notify-a")
	r := serve(t, nil)
	_, stop := p.run(r.manager())
	p.publish(budget("one", schemas.BudgetExhausted, noon), budget("one", schemas.BudgetRestored, noon.Add(time.Hour)))
	p.settled("a")
	stop()
	all := r.alerts(t)
	first, last := all[0][0], all[len(all)-1][0]
	if diff := cmp.Diff(first.Labels, last.Labels); diff != "" {
		t.Errorf("it is another alert:\n%s", diff)
	}
	if !last.StartsAt.Equal(noon) || !last.EndsAt.Equal(noon.Add(time.Hour)) || first.Resolved() {
		t.Errorf("it began %s and ended %s", last.StartsAt, last.EndsAt)
	}
}

func TestAnAlertThatIsSentWhileItEndsDoesNotBeginAgain(t *testing.T) {
	p := open(t, t.TempDir(), "notify-a")
	ending, gate := make(chan struct{}), make(chan struct{})
	ends := sync.OnceFunc(func() { close(ending) })
	r := serve(t, func(_ int, d delivery, _ http.Header) int {
		var alerts []model.Alert
		if json.Unmarshal(d.body, &alerts) == nil && alerts[0].Resolved() {
			ends()
			<-gate // rounds of telling again pass meanwhile
		}
		return http.StatusOK
	})
	_, stop := p.run(r.manager())
	p.publish(firing("one"), firing("two"), resolved("one"))
	<-ending
	begun := len(r.all())
	p.until(func() bool { return len(r.all()) > begun+3 }) // of two alone, but for one that was under way
	told := len(r.all())
	close(gate)
	p.settled("a")
	stop()
	for _, alerts := range r.alerts(t)[told:] {
		for _, a := range alerts {
			if a.Labels["objective"] == "one" && !a.Resolved() {
				t.Error("it fires after its end was sent")
			}
		}
	}
}

func TestWhatIsDefinedNoMoreIsNotToldAgain(t *testing.T) {
	p := open(t, t.TempDir(), "notify-a")
	r := serve(t, nil)
	_, stop := p.run(r.manager())
	p.publish(firing("one"), firing("two"), budget("gone", schemas.BudgetExhausted, noon))
	p.settled("a")
	stop()
	r = serve(t, nil) // what was cut off may still arrive at the first
	_, stop = p.runWith(func(objective, rule string) bool { return objective == "two" && rule == "fast" }, r.manager())
	p.until(func() bool { return len(r.all()) > 2 })
	stop()
	for _, alerts := range r.alerts(t) {
		if len(alerts) != 1 || alerts[0].Labels["objective"] != "two" {
			t.Errorf("it is told again of %v", alerts)
		}
	}
}

// TestTheWordsOfAnAlert: a sentence for each amount that there can be.
func TestTheWordsOfAnAlert(t *testing.T) {
	alert := func(left *float64, change func(*schemas.AlertSignal)) *schemas.AlertSignal {
		a := firing("one")
		a.MinutesLeft = left
		change(&a)
		return &a
	}
	plain := func(*schemas.AlertSignal) {}
	const burns = "The error budget of one burns 15.2 times as fast as it may over 1h and 20 times over 5m; the alert begins at 14.4."
	for name, c := range map[string]struct {
		alert *schemas.AlertSignal
		want  string
	}{
		"with minutes left":         {alert(new(31.0), plain), burns + " What is left, 31 minutes, runs out at 2026-03-01 14:00 UTC."},
		"with one minute left":      {alert(new(1.0), plain), burns + " What is left, 1 minute, runs out at 2026-03-01 14:00 UTC."},
		"with seconds left":         {alert(new(0.2), plain), burns + " What is left, 12 seconds, runs out at 2026-03-01 14:00 UTC."},
		"with nothing left":         {alert(new(0.0), plain), burns + " Nothing of it is left."},
		"overspent":                 {alert(new(-48.0), plain), burns + " Nothing of it is left."},
		"without data of a budget":  {alert(nil, plain), burns},
		"that outlasts its burning": {alert(new(31.0), func(a *schemas.AlertSignal) { a.RunsOutAt = nil }), burns},
		"that is over":              {alert(new(31.0), func(a *schemas.AlertSignal) { a.State = schemas.AlertResolved }), burns},
		"for no data": {
			alert(nil, func(a *schemas.AlertSignal) { a.NoData, a.LongBurn, a.ShortBurn, a.Short = true, 0, 0, "" }),
			"one had traffic, and has had none for 1h. That neither burns nor refills its error budget.",
		},
	} {
		p := burnAlert(c.alert, "")
		if got := p.Annotations["description"]; got != c.want {
			t.Errorf("%s:\n got %s\nwant %s", name, got, c.want)
		}
		if want := map[bool]string{true: "ObjectiveWithoutData", false: "ErrorBudgetBurn"}[c.alert.NoData]; p.Labels["alertname"] != want {
			t.Errorf("%s is called %s, want %s", name, p.Labels["alertname"], want)
		}
	}
	for want, left := range map[string]*float64{
		"23 % of the error budget of one is left.":                                            new(0.234),
		"0.02 % of the error budget of one is left.":                                          new(0.0002),
		"All of the error budget of one is spent.":                                            new(0.0),
		"All of the error budget of one is spent. ":                                           new(-0.0001),
		"The error budget of one is overspent by 2 %.":                                        new(-0.02),
		"The error budget of one is overspent by 0.05 %.":                                     new(-0.0005),
		"The error budget of one is overspent by 1150 %.":                                     new(-11.5),
		"No data of one within its window: nothing of its error budget is known to be spent.": nil,
	} {
		b := budget("one", schemas.BudgetExhausted, noon)
		b.Remaining = left
		if got := budgetText(&b); got != strings.TrimSpace(want) {
			t.Errorf("\n got %s\nwant %s", got, want)
		}
	}
}
