package otlp

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/fivekeys/fivekeys/ingest/httpserver"
	"github.com/fivekeys/fivekeys/ingest/spanintake"
	"github.com/fivekeys/fivekeys/internal/otlpwire"
)

const (
	service = "opentelemetry.proto.collector.trace.v1.TraceService"
	export  = "/" + service + "/Export"
	// maxStreams bounds the calls of one connection that are under way, and the
	// windows what of them is in memory before it is read.
	maxStreams       = 64
	streamWindow     = 256 << 10
	connectionWindow = 1 << 20
	// encodings is what a call's message may be compressed with.
	encodings = "identity,gzip,zstd,snappy"
)

// NewServer makes a server of OTLP over gRPC: HTTP/2 without TLS.
func (s *Source) NewServer() *http.Server {
	server := httpserver.New(s.handleCalls())
	server.Protocols = new(http.Protocols)
	server.Protocols.SetUnencryptedHTTP2(true)
	server.HTTP2 = &http.HTTP2Config{
		MaxConcurrentStreams: maxStreams, MaxReceiveBufferPerStream: streamWindow, MaxReceiveBufferPerConnection: connectionWindow,
	}
	return server
}

// handleCalls reads calls as requests are read, since gRPC's own server would
// hold each message whole, and decompressed, before it asks anyone; and leaves
// the protocol around them to it.
func (s *Source) handleCalls() http.Handler {
	server := grpc.NewServer()
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: service,
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Export", Handler: s.answer}},
		Metadata:    "opentelemetry/proto/collector/trace/v1/trace_service.proto",
	}, s)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answered := r.Clone(r.Context())
		if r.URL.Path == export && r.Method == http.MethodPost && strings.HasPrefix(r.Header.Get("Content-Type"), "application/grpc") {
			report, refusal := s.grpc.ReceiveCall(w, r)
			if refusal != nil && refusal.Outcome == spanintake.Unsupported {
				w.Header().Set("Grpc-Accept-Encoding", encodings)
			}
			answered = r.Clone(context.WithValue(r.Context(), outcomeKey{}, outcome{report, refusal}))
		}
		answered.Header.Del("Grpc-Encoding")
		answered.Body = io.NopCloser(bytes.NewReader(emptyMessage[:]))
		server.ServeHTTP(w, answered)
	})
}

// emptyMessage is what gRPC's server gets to read.
var emptyMessage [5]byte

// outcome is what became of a call's spans, on its way to the answer.
type (
	outcome struct {
		report  otlpwire.Report
		refusal *spanintake.Refusal
	}
	outcomeKey struct{}
)

// answer is what protoc would have generated. A response is Empty on purpose:
// its fields are unknown to it, and protobuf writes unknown fields as they are.
func (s *Source) answer(_ any, ctx context.Context, decode func(any) error, _ grpc.UnaryServerInterceptor) (any, error) { //nolint:revive // the order is gRPC's
	if err := decode(new(emptypb.Empty)); err != nil {
		return nil, err
	}
	o, received := ctx.Value(outcomeKey{}).(outcome)
	switch {
	case !received:
		return nil, status.Error(codes.Internal, "the call was not received")
	case o.refusal != nil:
		return nil, s.refusal(o.refusal)
	}
	response := new(emptypb.Empty)
	response.ProtoReflect().SetUnknown(newResponse(o.report).protobuf())
	return response, nil
}

// refusal is a status; with RetryInfo where the exporter should try again, which
// is what tells it how long to wait.
func (s *Source) refusal(r *spanintake.Refusal) error {
	c := code(r.Outcome)
	if r.Outcome == spanintake.Unsupported {
		c = codes.Unimplemented // gRPC's own for a compression
	}
	answer := status.New(c, text(r.Message))
	if r.Retry {
		detailed, err := answer.WithDetails(&errdetails.RetryInfo{RetryDelay: durationpb.New(s.intake.RetryAfter())})
		if err == nil {
			answer = detailed
		}
	}
	return answer.Err()
}

// text makes an error's text one that protobuf takes.
func text(message string) string { return strings.ToValidUTF8(message, "\uFFFD") }
