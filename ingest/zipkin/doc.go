// Package zipkin takes spans from Zipkin reporters.
//
//	POST /api/v2/spans   JSON or protobuf; gzip or plain   →  202
//	   │  json.go, protobuf.go   to one model of a span
//	   │  shared.go              ids of our own for server spans that share the client's
//	   ▼  traces.go              the model to OTLP, as processors know it
//	spanintake                   checks, publishes
//
// The mapping: µs become ns, short ids are padded on the left, names of services
// and operations are lower-cased as Zipkin does, the tag error means that the
// span failed whatever its value, the remote endpoint's service is the attribute
// peer.service, annotations are events. A span without a kind that names both
// sides is a client's, as in Zipkin's own dependency graph; any other without one
// is internal. A span without a timestamp starts at its first annotation, or else
// ended when it came in.
//
// Zipkin has no way to refuse a part of a request: what is malformed refuses it
// whole (400, naming the span), a span that makes no sense otherwise is left out
// and counted, and a request of nothing else is a 400 too.
package zipkin
