// Package envelope is how deliveries, events and dead letters look on NATS:
// the one place that writes their headers and the one that reads them, so that
// what ingest publishes is what the processors understand.
//
//	schemas.Delivery  →  Delivery / ParseDelivery      (delivery.go)
//	schemas.Event     →  Event / ParseEvent            (event.go)
//	a message that can't be processed → DeadLetter / ParseDeadLetter (deadletter.go)
//
// An event is a CloudEvent in the NATS protocol binding's binary mode: its
// attributes are ce- headers, its data is the message's JSON, never compressed,
// so that any CloudEvents client reads it. A delivery is ours alone; its body is
// compressed where it is large. Message ids are derived from identity (source
// and id), so the same thing published twice is a duplicate to the stream.
package envelope
