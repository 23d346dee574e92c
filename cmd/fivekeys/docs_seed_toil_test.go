package main

import (
	"fmt"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/schemas"
)

// docsToil is an entry of toil that is in force.
type docsToil struct {
	at time.Time
	schemas.ToilEvent
}

// docsToilRules: two teams with a capacity, and everybody else without.
var docsToilRules = func() []clickhouse.ToilRule {
	rule := func(team string, hours int, limit float64) clickhouse.ToilRule {
		return clickhouse.ToilRule{
			ToilRules: schemas.ToilRules{Team: team, Capacity: time.Duration(hours) * time.Hour, Cap: limit},
			From:      time.Unix(0, 0), Own: true,
		}
	}
	return []clickhouse.ToilRule{rule("", 0, 0.5), rule("web", 160, 0.3), rule("orders", 40, 0.4)}
}()

const docsToilWeeks = 8

// planToil is eight weeks of toil of three teams, of which one gets worse.
func (d *docsData) planToil(t *testing.T) {
	t.Helper()
	for week := range docsToilWeeks {
		monday := docsNow.AddDate(0, 0, -7*(docsToilWeeks-week))
		for i, e := range []schemas.ToilEvent{
			{Team: "web", Category: "certificates", Minutes: 120, Automatable: true},
			{Team: "web", Category: "access requests", Minutes: 45, Automatable: true},
			{Team: "web", Category: "access requests", Minutes: 30, Automatable: true},
			{Team: "web", Category: "customer questions", Minutes: 200},
			{Team: "orders", Category: "manual deployments", Minutes: 400 + 50*float64(week), Automatable: true},
			{Team: "orders", Category: "data fixes", Minutes: 300},
			{Team: "orders", Category: "log rotation", Minutes: 60, Automated: true},
			{Team: "core", Category: "restarts", Minutes: 90, Automatable: true},
		} {
			at := monday.Add(time.Duration(9+24*(i%5)) * time.Hour)
			d.event(t, fmt.Sprintf("toil-%d-%d", week, i), schemas.TypeToil, at, &e)
			d.toil = append(d.toil, docsToil{at, e})
		}
	}
	// Entered with a slip and mended, and entered and taken back.
	at := docsNow.AddDate(0, 0, -3)
	mended := schemas.ToilEvent{Team: "web", Category: "certificates", Minutes: 3000, EntryID: "slip", StartedAt: &at, Automatable: true}
	d.event(t, "slip-1", schemas.TypeToil, at, &mended)
	mended.Minutes = 30
	d.event(t, "slip-2", schemas.TypeToil, at.Add(time.Hour), &mended)
	d.toil = append(d.toil, docsToil{at, mended})
	gone := schemas.ToilEvent{Team: "core", Category: "restarts", Minutes: 500, EntryID: "gone"}
	d.event(t, "gone-1", schemas.TypeToil, at, &gone)
	gone.Withdrawn = true
	d.event(t, "gone-2", schemas.TypeToil, at.Add(time.Hour), &gone)
}
