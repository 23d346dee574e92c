// Package alertmanager understands Alertmanager's webhooks (version 4).
//
//	request   bearer token or basic password?             (source.go)
//	delivery  → its alerts → incident events              (decode.go)
//	labels    → incident or not, service, severity, cause (labels.go)
//
// An alert is a symptom; an incident is an alert that somebody is woken for. So
// only alerts that say so count: the label severity critical or page, or the
// label incident.
//
// Alertmanager has no ids. A fingerprint (of all labels) and a start are one
// firing, and that is one incident: the same alert firing again is the next one.
// A notification repeats every alert of its group every few hours, so event ids
// are made of the firing and of what became of it, never of the notification.
package alertmanager
