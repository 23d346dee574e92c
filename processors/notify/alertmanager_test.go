package notify

import (
	"encoding/json"
	"net/http"
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
