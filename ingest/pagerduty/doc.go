// Package pagerduty understands PagerDuty's V3 webhooks.
//
//	request   authentic? which delivery?                   (source.go)
//	delivery  → incident events by the event's type        (decode.go)
//	incident  → severity, environment, cause               (fields.go)
//
// An incident is known by PagerDuty's own id, plain, so that a commit can name
// it by its address or by its id ("Fixes https://acme.pagerduty.com/incidents/Q1…").
// Every delivery also tells of the incident's opening, under one event id: a
// subscription made while it was open, or a delivery that PagerDuty dropped,
// loses no beginning.
//
// Events that say nothing about an incident's state decode to nothing, which is
// not an error. PagerDuty drops a delivery for good on a 4xx; what can't be
// decoded is therefore accepted and set aside.
package pagerduty
