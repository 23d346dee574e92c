package slo

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

func correction(from, to time.Time, rule string) schemas.CorrectionEvent {
	return schemas.CorrectionEvent{CorrectionID: "c", SLO: "checkout-availability", From: from, To: to, RRule: rule, Author: "ann", Reason: "maintenance"}
}

func TestCorrectionsAreUnderstood(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	sunday := time.Date(2026, 3, 15, 2, 0, 0, 0, berlin)
	for name, c := range map[string]struct {
		event schemas.CorrectionEvent
		want  []string
	}{
		"a period once": {
			correction(start, start.Add(90*time.Minute), ""), []string{"03-02 08:00 - 09:30"},
		},
		"every minute it touches is out": {
			correction(start.Add(30*time.Second), start.Add(61*time.Second), ""), []string{"03-02 08:00 - 08:02"},
		},
		"each Monday": {
			correction(start, start.Add(time.Hour), "FREQ=WEEKLY;BYDAY=MO"),
			[]string{"03-02 08:00 - 09:00", "03-09 08:00 - 09:00", "03-16 08:00 - 09:00", "03-23 08:00 - 09:00", "03-30 08:00 - 09:00", "04-06 08:00 - 09:00"},
		},
		"until a count": {
			correction(start, start.Add(time.Hour), "FREQ=DAILY;COUNT=2"), []string{"03-02 08:00 - 09:00", "03-03 08:00 - 09:00"},
		},
		"two that overlap are one": {
			correction(start, start.Add(30*time.Hour), "RRULE:FREQ=DAILY;COUNT=2"), []string{"03-02 08:00 - 14:00"},
		},
		"an offset stays as it is when the clocks change": {
			correction(sunday, sunday.Add(time.Hour), "FREQ=WEEKLY;COUNT=3"),
			[]string{"03-15 01:00 - 02:00", "03-22 01:00 - 02:00", "03-29 01:00 - 02:00"},
		},
		"a rule with a zone follows its clock": {
			correction(sunday, sunday.Add(time.Hour), "DTSTART;TZID=Europe/Berlin:20260315T020000\nRRULE:FREQ=WEEKLY;COUNT=4"),
			[]string{"03-15 01:00 - 02:00", "03-22 01:00 - 02:00", "03-29 01:00 - 02:00", "04-05 00:00 - 01:00"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			// As it comes from the store: an offset, not a zone.
			c.event.From = c.event.From.In(time.FixedZone("", offset(c.event.From)))
			parsed, err := ParseCorrection(c.event)
			if err != nil {
				t.Fatal(err)
			}
			o := objective(0.99, 28*day)
			var got []string
			for _, p := range Excluded([]Correction{parsed, parsed}, &o, minuteOf(start.Add(-day)), minuteOf(start.Add(40*day))) {
				got = append(got, timeOf(p.From).Format("01-02 15:04")+" - "+timeOf(p.To).Format("15:04"))
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func offset(t time.Time) int {
	_, seconds := t.Zone()
	return seconds
}

func TestCorrectionsThatCannotBe(t *testing.T) {
	for name, rule := range map[string]string{
		"no rule at all":    "whenever",
		"minute by minute":  "FREQ=MINUTELY",
		"hourly by a trick": "FREQ=DAILY;BYHOUR=1,2,3",
		"hourly":            "FREQ=HOURLY",
		"never":             "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30",
		"by the week":       "FREQ=YEARLY;BYWEEKNO=53",
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ParseCorrection(correction(start, start.Add(time.Minute), rule))
			if err == nil || name != "no rule at all" && !errors.Is(err, errTooFast) && !errors.Is(err, errRare) && !errors.Is(err, errNever) {
				t.Errorf("error %v", err)
			}
		})
	}
}

func FuzzCorrectionRule(f *testing.F) {
	for _, rule := range []string{"FREQ=WEEKLY;BYDAY=SU", "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;BYWEEKNO=53;BYEASTER=400", "DTSTART;TZID=Europe/Berlin:20260315T020000\nRRULE:FREQ=MONTHLY;BYSETPOS=-1;BYDAY=MO", "FREQ=DAILY;INTERVAL=0", "FREQ=DAILY;INTERVAL=-1"} {
		f.Add(rule)
	}
	o := objective(0.99, 28*day)
	f.Fuzz(func(t *testing.T, rule string) {
		c, err := ParseCorrection(correction(start, start.Add(time.Hour), rule))
		if err != nil {
			return
		}
		from, to := minuteOf(start), minuteOf(start.Add(365*day))
		last := from - 1
		for _, p := range Excluded([]Correction{c}, &o, from, to) {
			if p.From <= last || p.To <= p.From || p.To > to {
				t.Fatalf("%q gives %v", rule, p)
			}
			last = p.To
		}
	})
}

// TestBothFiguresStayVisible: an outage of 10 minutes that was not the
// service's own is taken out afterwards.
func TestBothFiguresStayVisible(t *testing.T) {
	a := whole(t, objective(0.99, 28*day))
	a.parts[0].ledger.since = minuteOf(start) - 60*dayMinutes
	for m := range 100 {
		good := uint64(100)
		if m >= 40 && m < 50 {
			good = 0
		}
		a.parts[0].ledger.Put(minuteOf(start)+int64(m), good, 100)
	}
	at := minuteOf(start) + 100
	before := a.status(at)
	if before.Corrected != nil || !before.Exhausted() {
		t.Fatalf("without a correction: %+v", before)
	}
	c, err := ParseCorrection(correction(start.Add(40*time.Minute), start.Add(50*time.Minute), ""))
	if err != nil {
		t.Fatal(err)
	}
	other := c
	other.SLO = "another"
	a.correct([]Correction{c, other}, at-a.reach(at), at)
	s := a.status(at)
	near(t, "as recorded", s.SLI, 0.9)
	near(t, "as corrected", s.Corrected.SLI, 1)
	near(t, "total as corrected", &s.Corrected.Total, 9000)
	near(t, "burn in force", s.Burn[2].Rate, 0)
	if s.Exhausted() {
		t.Error("the corrected budget is still spent")
	}
}

// TestACorrectionChangesTheBudgetInForce and withdrawing it takes that back.
func TestACorrectionChangesTheBudgetInForce(t *testing.T) {
	m := burstModel()
	w := newWorld(t, m.End())
	o := w.objective()
	w.longKnown(o)
	w.count(slices.Collect(maps.Values(byMinute(m, o.Key)))...)
	e := w.evaluator(o)
	w.evaluate(e)
	send := func(at time.Time, withdrawn bool) {
		t.Helper()
		c := correction(m.Start.Add(60*time.Minute), m.Start.Add(70*time.Minute), "")
		c.SLO, c.Withdrawn = o.SLO, withdrawn
		event, err := schemas.NewEvent(at.String(), "cli", schemas.TypeCorrection, at, "", &c)
		if err != nil {
			t.Fatal(err)
		}
		event.KnownAt = at
		if err := w.store.AppendEvents(t.Context(), []schemas.Event{event}); err != nil {
			t.Fatal(err)
		}
		w.now = w.now.Add(time.Minute)
		w.evaluate(e)
	}
	send(w.now, false)
	if s := e.Statuses()[0]; s.Corrected == nil || *s.Corrected.SLI != 1 || *s.SLI >= 1 || s.Exhausted() {
		t.Errorf("corrected: %+v", s)
	}
	if got := w.scalar("SELECT toString((corrected, remaining < 0, remaining_in_force)) FROM slo_status"); got != "(true,1,1)" {
		t.Errorf("the view says %s", got)
	}
	send(w.now.Add(time.Second), true)
	if s := e.Statuses()[0]; s.Corrected != nil || !s.Exhausted() {
		t.Errorf("withdrawn: %+v", s)
	}
	var states []string
	for _, id := range w.stream.ids("signals.budget.") {
		states = append(states, strings.Split(id, "|")[1])
	}
	if diff := cmp.Diff([]string{"exhausted", "restored", "exhausted"}, states); diff != "" {
		t.Error(diff)
	}
}
