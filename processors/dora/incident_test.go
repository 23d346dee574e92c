package dora

import (
	"fmt"
	"testing"

	"github.com/fivekeys/fivekeys/schemas"
)

func TestStatusEventsFoldIntoOneIncident(t *testing.T) {
	said := func(s *float64) string {
		if s == nil {
			return "-"
		}
		return fmt.Sprintf("%g", *s/3600)
	}
	edited := opened("i1", 1)
	edited.ID = "an edit"
	late := opened("i1", 1.5)
	for sentence, c := range map[string]struct {
		events []schemas.Event
		want   string
	}{
		"opened, acknowledged, resolved": {
			story(opened("i1", 1), acknowledged("i1", 2), resolved("i1", 5)), "opened 1 acknowledged 2 resolved 5 restore 4 acknowledge 1",
		},
		"open": {story(opened("i1", 1)), "opened 1 acknowledged never resolved never restore - acknowledge -"},
		"a reopening clears the resolution": {
			story(opened("i1", 1), resolved("i1", 5), reopened("i1", 6)), "opened 1 acknowledged never resolved never restore - acknowledge -",
		},
		"resolved again, the last resolution counts from the first opening": {
			story(opened("i1", 1), resolved("i1", 5), reopened("i1", 6), resolved("i1", 9)), "opened 1 acknowledged never resolved 9 restore 8 acknowledge -",
		},
		"resolved twice, the last counts: the reopening between got lost": {
			story(opened("i1", 1), resolved("i1", 5), resolved("i1", 9)), "opened 1 acknowledged never resolved 9 restore 8 acknowledge -",
		},
		"an edit or a second opening does not count again": {
			story(opened("i1", 1), edited, late, resolved("i1", 5)), "opened 1 acknowledged never resolved 5 restore 4 acknowledge -",
		},
		"a second acknowledgement does not count again": {
			story(opened("i1", 1), acknowledged("i1", 2), acknowledged("i1", 3)), "opened 1 acknowledged 2 resolved never restore - acknowledge 1",
		},
		"without an opening the first we heard of it is when it opened": {
			story(acknowledged("i1", 2), resolved("i1", 5)), "opened 2 acknowledged 2 resolved 5 restore 3 acknowledge -",
		},
		"its end alone does not say how long it took": {
			story(resolved("i1", 5)), "opened 5 acknowledged never resolved 5 restore - acknowledge -",
		},
		"opened and resolved in one second of a source's clock": {
			story(resolved("i1", 1), opened("i1", 1)), "opened 1 acknowledged never resolved 1 restore 0 acknowledge -",
		},
		"resolved before it opened, two clocks disagree": {
			story(resolved("i1", 1), opened("i1", 2)), "opened 2 acknowledged never resolved 1 restore - acknowledge -",
		},
	} {
		t.Run(sentence, func(t *testing.T) {
			f := foldOf(t, c.events)
			if len(f.Incidents) != 1 {
				t.Fatalf("%d incidents", len(f.Incidents))
			}
			i := f.Incidents[0]
			equal(t, fmt.Sprintf("opened %s acknowledged %s resolved %s restore %s acknowledge %s", hoursOf(i.OpenedAt),
				hoursOf(i.AcknowledgedAt), hoursOf(i.ResolvedAt), said(i.RestoreSeconds), said(i.AcknowledgeSeconds)), c.want)
		})
	}
}

func TestAnIncidentIsAsItsLatestEventTells(t *testing.T) {
	f := foldOf(t, story(
		opened("i1", 1, func(i *schemas.IncidentEvent) { i.Title, i.Severity, i.URL = "Slow", "sev3", "https://pd/1" }),
		incidentEvent("i1", schemas.IncidentAcknowledged, 2, func(i *schemas.IncidentEvent) { i.Title, i.Severity = "Down", "sev1" }),
		resolved("i1", 3)))
	i := incidentOf(t, f, "i1")
	if i.Title != "Down" || i.Severity != "sev1" || i.URL != "https://pd/1" || i.Source != "test" || !i.Production {
		t.Errorf("got %+v", i)
	}
	if !i.KnownAt.Equal(hour(3).Add(1e9)) {
		t.Errorf("known at %s, want when its end was learnt", i.KnownAt)
	}
}
