package dora

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

func burnEvent(alert string, state schemas.AlertState, h float64) schemas.Event {
	return newEvent(schemas.TypeBurn, alert+" "+string(state), h,
		&schemas.BurnEvent{AlertID: alert, Service: shop, Objective: "availability", Rule: "fast", State: state})
}

func burns(alert string, h float64) schemas.Event { return burnEvent(alert, schemas.AlertFiring, h) }

func burnt(alert string, h float64) schemas.Event { return burnEvent(alert, schemas.AlertResolved, h) }

// TestBurnsBlame: d1 to d3 ship v1 to v3 at 10, 20 and 30.
func TestBurnsBlame(t *testing.T) {
	for sentence, c := range map[string]struct {
		events   []schemas.Event
		failures string
	}{
		"the latest deployment before them, until they are over": {
			story(burns("a", 33), burnt("a", 35)), "d3 by burn incident a recovered 35",
		},
		"it, and it has not recovered while they go on": {
			story(burns("a", 33)), "d3 by burn incident a recovered never",
		},
		"nothing more than the window after a deployment": {
			story(burns("a", 55), burnt("a", 56)), "",
		},
		"at the end of the window": {
			story(burns("a", 54)), "d3 by burn incident a recovered never",
		},
		"nothing before the first deployment": {
			story(burns("a", 9)), "",
		},
		"nothing that finished when they began": {
			story(burns("a", 30)), "d2 by burn incident a recovered never",
		},
		"nothing that an incident is blamed on": {
			story(burns("a", 33), burnt("a", 40), opened("i1", 34), resolved("i1", 35)), "d3 by window incident i1 recovered 35",
		},
		"nothing that was rolled back": {
			story(burns("a", 33), burnt("a", 40), deploy("d4", "v2", 34)), "d3 by rollback fix d4 recovered 34",
		},
		"no rollback, which they may show after": {
			story(deploy("d4", "v2", 34), burns("a", 34.5), burnt("a", 36)), "d3 by rollback fix d4 recovered 34",
		},
		"no deployment to staging": {
			story(deployTo("staging", "s1", "v3", 32), burns("a", 33)), "d3 by burn incident a recovered never",
		},
		"one deployment for two objectives, which recovers with the first": {
			story(burns("a", 33), burnt("a", 40), burns("b", 34), burnt("b", 36)),
			lines("d3 by burn incident a recovered 40", "d3 by burn incident b recovered 36"),
		},
		"from their first word on, however often it is said": {
			story(burns("a", 33), burns("a", 29), burnt("a", 35), burnt("a", 36)), "d2 by burn incident a recovered 35",
		},
		"nothing when nobody told how they began": {
			story(burnt("a", 35)), "",
		},
		"until they end, not until something before": {
			story(burnt("a", 32), burns("a", 33), burnt("a", 34)), "d3 by burn incident a recovered 34",
		},
		"for no time at all if they are over at once": {
			story(burns("a", 33), burnt("a", 33)), "d3 by burn incident a recovered 33",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := foldAll(t, story(releases(3), c.events))
			equal(t, tellFailures(f), c.failures)
			if got := tellFailures(foldOf(t, story(releases(3), c.events))); strings.Contains(got, "burn") {
				t.Errorf("they blame something although nobody asked: %s", got)
			}
		})
	}
}

func TestABurnCountsInTheDaysAndIsExplained(t *testing.T) {
	f := foldAll(t, story(releases(3), burns("a", 33), burnt("a", 35)))
	if d := f.Days[1]; d.Failed != 1 || d.Unrecovered != 0 || len(d.Recoveries) != 1 || d.Incidents != 0 {
		t.Errorf("day: %+v", d)
	}
	x, err := Explain(ChangeFailRate, f, everyRule(), monday, monday.Add(72*time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if why := x.Numerator[0].Why; why != "The error budget began to burn fast within 24h of it (alert a), and nothing else tells what broke." {
		t.Errorf("it is explained as %q", why)
	}
}

// Burns are folded always and blame where that is asked for: the switch needs no
// events again, and facts of services without it stay in force.
func TestTheSwitchIsPartOfTheRules(t *testing.T) {
	on, off, said := everyRule(), rulesOf(shop), rulesOf(shop)
	said.BurnAttribution = new(false)
	if on.Fingerprint(FoldVersion) == off.Fingerprint(FoldVersion) {
		t.Error("facts of both are taken for the same")
	}
	if said.Fingerprint(FoldVersion) != off.Fingerprint(FoldVersion) {
		t.Error("off is not off")
	}
	if !Folds(schemas.TypeBurn) {
		t.Error("burns fold nothing")
	}
	events := story(releases(3), burns("a", 33))
	slices.Reverse(events)
	if n := timelineOf(t, events).Len(); n != len(events) {
		t.Errorf("%d events of %d are kept", n, len(events))
	}
}
