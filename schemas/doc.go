// Package schemas is the domain of fivekeys: what a deployment, a change, an
// incident and a service are, which events tell of them, and which facts are
// computed from those events.
//
// It imports the standard library only and knows nothing of HTTP, NATS or SQL.
// Data passes through it in this order:
//
//	Delivery   what a source sent, as bytes            (delivery.go)
//	Event      what happened, in CloudEvents' words    (event.go)
//	payloads   Deployment-, Change-, IncidentEvent …   (event_*.go)
//	facts      Deployment, Change, Incident, Failure, Day (facts.go)
//
// Beside them stand the Catalog (which repository is which service, what
// counts as production) and the names of the NATS subjects.
package schemas
