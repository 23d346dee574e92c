// Package gateway is the HTTP side of intake: it accepts first and leaves
// understanding for later.
//
//	POST /webhooks/{source}   verify → publish the raw delivery → 202   (webhook.go)
//	POST /v1/events           check → publish the events → 202          (events.go)
//	GET  /livez /readyz /metrics                                       (health.go)
//
// A webhook's payload is not parsed here: whatever is authentic is kept, and
// the decode stage behind the queue makes sense of it or sets it aside with a
// reason. Events sent to /v1/events are checked before they are accepted, since
// their sender reads the answer.
//
// Nothing is answered with 202 that is not stored. A fault of ours (a full
// stream, NATS away, draining) is a 503 with Retry-After, never a 4xx: some
// senders drop a delivery for good on a 4xx. One table (outcome.go) maps every
// way a request can end to its status and its metric label.
package gateway
