// Package spanintake is what all ways in for spans share, whatever they speak:
//
//	request ─► Admit       not draining, authentic, room in memory     (intake.go)
//	        ─► Receive     the body, decompressed, within bounds        (endpoint.go, ingest/body)
//	        ─► Format      the protocol's own: to OTLP bytes            (ingest/otlp, ingest/zipkin)
//	        ─► Accept      otlpwire.Split, publish on spans.<partition> (accept.go)
//	        ─► Refuse      every error to one outcome, one status       (outcome.go)
//
// Like the gateway it confirms nothing that is not stored, and a fault of ours
// (a full stream, NATS away, draining, no memory) is one the sender tries again
// after: never a 4xx. A request that is sent again becomes the same messages with
// the same ids, which the stream drops; the stage behind it drops single spans.
//
// Without tokens anyone who reaches the port may send spans: exporters within a
// cluster have no secret to show, and the OTLP and Zipkin ports of collectors
// are open the same way. With tokens, all three ways in demand one.
package spanintake
