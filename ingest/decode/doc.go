// Package decode is the stage behind the queue: it turns raw deliveries into
// domain events.
//
//	deliveries.>  →  the source's decoder  →  events.<kind>.<partition>  →  ack
//	                        └ can't → deadletters.decode  →  term
//
// A delivery is acknowledged once its events are stored, and not before; a crash
// in between decodes it again, to events of the same ids. What a decoder refuses
// or panics on is set aside with its reason, whole, and can be driven again after
// an upgrade. What fails for NATS's sake comes again later.
//
// source.go is the registry of all sources: adding one is a folder and a line.
package decode
