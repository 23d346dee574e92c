// Package otlp takes spans from OpenTelemetry exporters and collectors.
//
//	POST /v1/traces              protobuf or JSON; gzip, zstd, snappy or plain    (http.go)
//	gRPC TraceService/Export     the same compressions                            (grpc.go)
//
// Both hand the request's protobuf bytes to spanintake as they came, without
// building message objects of them; JSON is translated first. What the specification
// asks of the answers is here: the same content type as the request, a
// google.rpc.Status for errors, partial_success where spans were left out and
// only there, and for faults of ours a status the exporters try again after.
package otlp
