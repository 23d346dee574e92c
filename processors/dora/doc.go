// Package dora computes the DORA keys of a service from its events.
//
// Its core is one pure function: facts = fold(set of events, rules). It has no
// clock and does no I/O, so late, shuffled and repeated events give the same
// facts, a rebuild gives the same facts, and so does the past ("as known then").
// An event's way through it:
//
//	Timeline.Add    the set of a service's events     timeline.go, decode.go, message.go
//	Timeline.Fold   status events → deployments       deployment.go, rollback.go
//	                commits → changes, their history  change.go, pullrequest.go, history.go
//	                which deployment contains which   containment.go
//	                incidents, and what they broke    incident.go, fix.go, attribution.go
//	                days                              day.go
//	Explain         the facts behind a figure         explain.go
//
// The stage around it (stage.go) keeps the timelines of the active services and
// writes the facts that differ.
package dora
