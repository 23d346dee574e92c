// Package zipkin takes spans from Zipkin reporters.
//
//	POST /api/v2/spans   JSON or protobuf; gzip or plain   →  202
//	   │  json.go, protobuf.go   to one model of a span
//	   │  rejected.go            those that make no sense are left out
//	   │  shared.go              ids of our own for spans that share their caller's
//	   ▼  traces.go              the model to OTLP, as processors know it
//	spanintake                   checks, publishes
//
// The mapping: µs become ns, short ids are padded on the left, names of services
// and operations are lower-cased as Zipkin does, the tag error means that the
// span failed whatever its value, the remote endpoint's service is the attribute
// peer.service, annotations are events. A span without a kind that names both
// sides stays without one, which the dependency graph takes for a call as
// Zipkin's does; any other without one is internal. A span without a timestamp starts at its first annotation, or else
// ended when it came in.
//
// What is no list of spans is refused whole (400). A span that makes no sense (a
// negative duration, a number as text) is left out alone and counted; the answer
// is a 202 whose body says how many and why the first, or a 400 where there is
// nothing else in the request.
package zipkin
