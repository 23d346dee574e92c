package main

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// demoWeeks is for how many weeks that are over the teams recorded their toil.
const demoWeeks = 6

// demoToil is what two of the teams did by hand: little of one kind all the
// time, and much of another that gets more.
func demoToil(now time.Time) []schemas.Event {
	monday := now.UTC().Truncate(24 * time.Hour)
	monday = monday.AddDate(0, 0, -(int(monday.Weekday())+6)%7)
	var all []schemas.Event
	add := func(at time.Time, e schemas.ToilEvent) {
		data, err := json.Marshal(e)
		if err != nil {
			panic(err) // of plain fields
		}
		all = append(all, schemas.Event{
			ID: fmt.Sprintf("toil-%s-%s", e.Category, at.Format("2006-01-02")), Source: "demo/helpdesk", Type: schemas.TypeToil, Time: at, Data: data,
		})
	}
	for week := range demoWeeks {
		day := monday.AddDate(0, 0, 7*(week-demoWeeks)).Add(9 * time.Hour)
		add(day, schemas.ToilEvent{Team: "web", Category: "certificates", Minutes: 90, Service: "storefront", Automatable: true, Title: "Renewed a certificate by hand"})
		add(day.AddDate(0, 0, 1), schemas.ToilEvent{Team: "orders", Category: "restarts", Minutes: float64(600 + 150*week), Service: "checkout", Automatable: true, Title: "Restarted what hung", Trigger: "alert"})
		add(day.AddDate(0, 0, 2), schemas.ToilEvent{Team: "orders", Category: "access requests", Minutes: 120, Title: "Gave access"})
	}
	return all
}
