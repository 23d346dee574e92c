// Package otlpwire reads and regroups OTLP trace bytes without building message
// objects: intake and the spans stage handle every span there is, and objects
// would cost several times what the rest of the way does.
//
//	ExportTraceServiceRequest bytes (protobuf)
//	   │  Split     checks every span, regroups the raw bytes by trace
//	   ▼
//	Chunk per partition: TracesData bytes again, bounded in size, for spans.<p>
//	   │  Decoder   one schemas.Span that is used again and again
//	   ▼
//	func(*schemas.Span)
//
// Split reads what strangers send: malformed protobuf is an error for the whole
// body, a span that makes no sense is left out and counted. Decoder reads what
// Split has written and stays safe on anything else.
//
// The field numbers are those of opentelemetry-proto 1.x; a known field of
// another wire type counts as an unknown one, as protobuf has it.
package otlpwire
