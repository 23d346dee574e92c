// Package spanintake is what all ways in for spans share, whatever they speak:
//
//	request ─► admit       not draining, authentic, room in memory       (intake.go)
//	        ─► Receive     the body, decompressed, within bounds         (endpoint.go, ingest/body)
//	        ─► Format      the protocol's own: to OTLP bytes             (ingest/otlp, ingest/zipkin)
//	        ─► accept      otlpwire.Split, publish on spans.<partition>  (accept.go)
//	        ─► refuse      every error to one outcome, one status        (outcome.go)
//
// Like the gateway it confirms nothing that is not stored, and a fault of ours
// (a full stream, NATS away, draining, no memory) is one the sender tries again
// after: never a 4xx. A request that is sent again becomes the same messages with
// the same ids, which the stream drops; the stage behind it drops single spans.
//
// Spans decide what the gate says, so that senders show a token, over HTTP and
// gRPC alike. Without tokens anyone who reaches the port may send: that is for a
// process that only its own machine reaches.
package spanintake
