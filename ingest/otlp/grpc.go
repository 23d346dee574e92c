package otlp

import (
	"context"
	"fmt"
	"math"
	"net/http"
	"strings"

	"google.golang.org/genproto/googleapis/rpc/errdetails"
	"google.golang.org/grpc"
	_ "google.golang.org/grpc/encoding/gzip" // what exporters compress with
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
	"google.golang.org/grpc/tap"
	"google.golang.org/protobuf/types/known/durationpb"
	"google.golang.org/protobuf/types/known/emptypb"

	"github.com/fivekeys/fivekeys/ingest/spanintake"
)

const (
	service = "opentelemetry.proto.collector.trace.v1.TraceService"
	// maxStreams bounds the calls of one connection that are under way: the
	// messages of calls are read before anyone here can count them.
	maxStreams = 64
)

// NewServer makes a gRPC server with the service registered and its bounds set.
// options may add credentials, never InTapHandle.
func (s *Source) NewServer(options ...grpc.ServerOption) *grpc.Server {
	server := grpc.NewServer(append([]grpc.ServerOption{
		grpc.MaxRecvMsgSize(int(min(s.intake.MaxBody(), math.MaxInt32))),
		grpc.MaxConcurrentStreams(maxStreams),
		grpc.InTapHandle(s.tap),
	}, options...)...)
	s.RegisterGRPC(server)
	return server
}

// RegisterGRPC adds the service to a server made elsewhere. That server's own
// bound (4 MiB by default) then holds for a message.
//
// The messages are Empty on purpose: all fields of a request are unknown to it,
// and protobuf keeps unknown fields as the bytes they came in.
func (s *Source) RegisterGRPC(server *grpc.Server) {
	server.RegisterService(&grpc.ServiceDesc{
		ServiceName: service,
		HandlerType: (*any)(nil),
		Methods:     []grpc.MethodDesc{{MethodName: "Export", Handler: s.handle}},
		Metadata:    "opentelemetry/proto/collector/trace/v1/trace_service.proto",
	}, s)
}

// handle is what protoc would have generated.
func (s *Source) handle(_ any, ctx context.Context, decode func(any) error, intercept grpc.UnaryServerInterceptor) (any, error) { //nolint:revive // the order is gRPC's
	request := new(emptypb.Empty)
	if err := decode(request); err != nil {
		return nil, s.refusal(s.grpc.Refuse(fmt.Errorf("%w: the request is not protobuf", spanintake.ErrInvalid)))
	}
	call := func(ctx context.Context, _ any) (any, error) {
		return s.export(ctx, request.ProtoReflect().GetUnknown())
	}
	if intercept == nil {
		return call(ctx, request)
	}
	return intercept(ctx, request, &grpc.UnaryServerInfo{Server: s, FullMethod: "/" + service + "/Export"}, call)
}

// tap refuses a call before its message is read.
func (s *Source) tap(ctx context.Context, info *tap.Info) (context.Context, error) {
	if err := s.intake.Admit(header(info.Header)); err != nil {
		return nil, s.refusal(s.grpc.Refuse(err))
	}
	return ctx, nil
}

func (s *Source) export(ctx context.Context, data []byte) (*emptypb.Empty, error) {
	// Again: the server may be one without the tap.
	md, _ := metadata.FromIncomingContext(ctx)
	if err := s.intake.Admit(header(md)); err != nil {
		return nil, s.refusal(s.grpc.Refuse(err))
	}
	lease, err := s.intake.Lease(len(data))
	if err != nil {
		return nil, s.refusal(s.grpc.Refuse(err))
	}
	defer lease.Release()
	report, refusal := s.grpc.Accept(ctx, data)
	if refusal != nil {
		return nil, s.refusal(refusal)
	}
	answer := new(emptypb.Empty)
	answer.ProtoReflect().SetUnknown(newResponse(report).protobuf())
	return answer, nil
}

// header is the part of the metadata that Admit looks at.
func header(md metadata.MD) http.Header {
	return http.Header{"Authorization": md.Get("authorization")}
}

// refusal is a status; with RetryInfo where the exporter should try again, which
// is what tells it how long to wait.
func (s *Source) refusal(r *spanintake.Refusal) error {
	answer := status.New(code(r.Outcome), text(r.Message))
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
