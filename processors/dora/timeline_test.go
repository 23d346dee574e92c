package dora

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

func TestAddSaysWhetherTheSetChanged(t *testing.T) {
	known := func(e schemas.Event, s int) schemas.Event {
		e.KnownAt = hour(100).Add(time.Duration(s) * time.Second)
		return e
	}
	first := known(deploy("d1", "a", 1), 5)
	otherwise := func(e schemas.Event) schemas.Event {
		e.Data = json.RawMessage(`{"deployment_id":"d1","service":"acme/shop","environment":"production","status":"failed"}`)
		return e
	}
	// Of two told at one time the one of higher precedence stays.
	higher, lower := otherwise(first), first
	if higher.Precedence() < lower.Precedence() {
		higher, lower = lower, higher
	}
	for sentence, c := range map[string]struct {
		then  schemas.Event
		added bool
		len   int
	}{
		"the same again":                           {first, false, 1},
		"the same known later":                     {known(first, 6), false, 1},
		"the same known earlier":                   {known(first, 4), true, 1},
		"something else under its name, later":     {known(otherwise(first), 6), false, 1},
		"something else under its name, earlier":   {known(otherwise(first), 4), true, 1},
		"the same id from another source":          {func() schemas.Event { e := first; e.Source = "git"; return e }(), true, 2},
		"another type's event, which no key uses":  {schemas.Event{ID: "x", Source: "s", Type: schemas.TypeToil, Time: hour(1)}, false, 1},
		"the same but for less than a millisecond": {func() schemas.Event { e := first; e.KnownAt = e.KnownAt.Add(time.Microsecond); return e }(), false, 1},
	} {
		t.Run(sentence, func(t *testing.T) {
			timeline := timelineOf(t, []schemas.Event{first})
			added, err := timeline.Add(c.then)
			if err != nil || added != c.added || timeline.Len() != c.len {
				t.Errorf("added %t (%v), %d events; want %t, %d", added, err, timeline.Len(), c.added, c.len)
			}
		})
	}
	t.Run("something else under its name at the same time", func(t *testing.T) {
		if added, _ := timelineOf(t, []schemas.Event{higher}).Add(lower); added {
			t.Error("the lower precedence replaced the higher")
		}
		if added, _ := timelineOf(t, []schemas.Event{lower}).Add(higher); !added {
			t.Error("the higher precedence did not replace the lower")
		}
	})
}

func TestAddRefusesWhatItCannotUse(t *testing.T) {
	good := deploy("d1", "a", 1)
	for sentence, change := range map[string]func(*schemas.Event){
		"an unknown type":           func(e *schemas.Event) { e.Type = "fivekeys.deployment.v9" },
		"no data":                   func(e *schemas.Event) { e.Data = nil },
		"data that is no JSON":      func(e *schemas.Event) { e.Data = json.RawMessage(`{`) },
		"data that says too little": func(e *schemas.Event) { e.Data = json.RawMessage(`{"service":"acme/shop"}`) },
		"no time":                   func(e *schemas.Event) { e.Time = time.Time{} },
		"a time beyond the store":   func(e *schemas.Event) { e.Time = e.Time.AddDate(1000, 0, 0) },
	} {
		t.Run(sentence, func(t *testing.T) {
			e := good
			change(&e)
			timeline := NewTimeline(shop)
			added, err := timeline.Add(e)
			if err == nil || added || timeline.Len() != 0 {
				t.Errorf("added %t, error %v", added, err)
			}
		})
	}
	_, err := NewTimeline(shop).Add(schemas.Event{ID: "x", Source: "s", Type: "else", Time: hour(1)})
	if !errors.Is(err, schemas.ErrUnknownType) {
		t.Errorf("got %v, want ErrUnknownType", err)
	}
}

func TestAsOfLeavesOutWhatWasLearntLater(t *testing.T) {
	late := resolved("i1", 12) // happened at 12, learnt at 100
	late.KnownAt = hour(100)
	timeline := timelineOf(t, story(releases(1), opened("i1", 11), late))
	then, now := timeline.AsOf(hour(50)).Fold(rulesOf(shop)), timeline.Fold(rulesOf(shop))
	if !incidentOf(t, then, "i1").ResolvedAt.IsZero() || incidentOf(t, now, "i1").ResolvedAt.IsZero() {
		t.Errorf("resolved %s as known then, %s now", incidentOf(t, then, "i1").ResolvedAt, incidentOf(t, now, "i1").ResolvedAt)
	}
	if n := timeline.AsOf(hour(50)).Len(); n != timeline.Len()-1 {
		t.Errorf("%d events known then, want %d", n, timeline.Len()-1)
	}
	past := timeline.AsOf(hour(50))
	if added, err := past.Add(late); err != nil || !added || past.Len() != timeline.Len() {
		t.Errorf("the past takes no event: %t %v", added, err)
	}
}

func TestFactsCarryTheTimelinesService(t *testing.T) {
	rules := rulesOf("another/one")
	f := timelineOf(t, releases(1)).Fold(rules)
	if d := f.Deployments[0]; d.Service != shop || d.Team != "another" {
		t.Errorf("got %s of %s", d.Service, d.Team)
	}
}

func TestAnEmptyTimelineHasNoFacts(t *testing.T) {
	equal(t, asJSON(t, NewTimeline(shop).Fold(schemas.Service{})), asJSON(t, schemas.Facts{}))
}
