// Package cdevents maps CDEvents (0.3 to 0.5, and the deployment of the 0.6
// draft) onto fivekeys' own events:
//
//	service.deployed, upgraded, rolledback  → a deployment that succeeded
//	deployment.started, finished            → a deployment started, or ended by its outcome
//	incident.detected, reported             → an incident opened
//	incident.resolved                       → an incident resolved
//	change.merged                           → a change
//
// All others are foreign: taken and not used, since a broker sends everything.
//
// The CDEvent's id, source and timestamp are the event's. What CDEvents has no
// field for (a SHA, a severity) is taken from customData, under the names of
// fivekeys' own fields.
//
// The JSON is read into the few structs below and not with the CDEvents SDK,
// which compiles all of its two hundred schemas as soon as it is imported: most
// of a second and 30 MB at every start of every command. The tests use the SDK,
// so that what it makes is what we understand.
package cdevents
