package otlp_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracegrpc"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	"go.opentelemetry.io/otel/trace"
	tracepb "go.opentelemetry.io/proto/otlp/trace/v1"

	"github.com/fivekeys/fivekeys/ingest/spanintake"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

// exporters are the SDK's own, in all their variants.
func exporters(s *stack) map[string]otlptrace.Client {
	return map[string]otlptrace.Client{
		"http, plain protobuf": otlptracehttp.NewClient(otlptracehttp.WithEndpointURL(s.url + "/v1/traces")),
		"http, gzip protobuf":  otlptracehttp.NewClient(otlptracehttp.WithEndpointURL(s.url+"/v1/traces"), otlptracehttp.WithCompression(otlptracehttp.GzipCompression)),
		"http, plain JSON":     otlptracehttp.NewClient(otlptracehttp.WithEndpointURL(s.url+"/v1/traces"), otlptracehttp.WithEncoding(otlptracehttp.EncodingJSON)),
		"http, gzip JSON": otlptracehttp.NewClient(otlptracehttp.WithEndpointURL(s.url+"/v1/traces"), otlptracehttp.WithEncoding(otlptracehttp.EncodingJSON),
			otlptracehttp.WithCompression(otlptracehttp.GzipCompression)),
		"grpc, plain": otlptracegrpc.NewClient(otlptracegrpc.WithEndpoint(s.target), otlptracegrpc.WithInsecure()),
		"grpc, gzip":  otlptracegrpc.NewClient(otlptracegrpc.WithEndpoint(s.target), otlptracegrpc.WithInsecure(), otlptracegrpc.WithCompressor("gzip")),
	}
}

// work makes spans as a program does and gives what the SDK thinks they are.
func work(t *testing.T, client otlptrace.Client, traces int) []schemas.Span {
	t.Helper()
	exporter, err := otlptrace.New(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	memory := tracetest.NewInMemoryExporter()
	provider := sdk.NewTracerProvider(
		sdk.WithBatcher(exporter), sdk.WithSyncer(memory),
		sdk.WithResource(resource.NewSchemaless(
			attribute.String("service.name", "checkout"), attribute.String("service.version", "1.4.2"), attribute.String("deployment.environment.name", "production"),
		)),
	)
	tracer := provider.Tracer("shop", trace.WithInstrumentationVersion("1"))
	for range traces {
		ctx, root := tracer.Start(t.Context(), "POST /cart", trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(
			attribute.Int("http.response.status_code", 500), attribute.Bool("express", true), attribute.StringSlice("items", []string{"a", "b"}),
		))
		_, call := tracer.Start(ctx, "charge", trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(attribute.String("peer.service", "payment")))
		call.RecordError(errors.New("card declined"))
		call.SetStatus(codes.Error, "card declined")
		call.End()
		root.End()
	}
	want := translate(memory.GetSpans())
	if err := provider.Shutdown(t.Context()); err != nil {
		t.Errorf("shut the exporter down: %v", err)
	}
	return want
}

func translate(stubs tracetest.SpanStubs) (out []schemas.Span) {
	text := func(in []attribute.KeyValue) (out []schemas.Attribute) {
		for _, a := range in {
			out = append(out, schemas.Attribute{Key: string(a.Key), Value: a.Value.String()})
		}
		return out
	}
	for _, s := range stubs {
		span := schemas.Span{
			TraceID: schemas.TraceID(s.SpanContext.TraceID()), SpanID: schemas.SpanID(s.SpanContext.SpanID()), ParentID: schemas.SpanID(s.Parent.SpanID()),
			Service: "checkout", Version: "1.4.2", Environment: "production", Name: s.Name, Kind: schemas.SpanKind(s.SpanKind),
			Start: s.StartTime.UnixNano(), Duration: s.EndTime.Sub(s.StartTime).Nanoseconds(), StatusMessage: s.Status.Description,
			Attributes: text(s.Attributes), Resource: text(s.Resource.Attributes()),
		}
		if s.Status.Code == codes.Error {
			span.Status = schemas.StatusError
		}
		if s.SpanKind == trace.SpanKindClient {
			span.Peer = "payment"
		}
		for _, e := range s.Events {
			span.Events = append(span.Events, schemas.SpanEvent{Time: e.Time.UnixNano(), Name: e.Name, Attributes: text(e.Attributes)})
		}
		out = append(out, span)
	}
	return out
}

func TestExporters(t *testing.T) {
	s := serve(t, nil)
	var want []schemas.Span
	for variant, client := range exporters(s) {
		before := len(s.stored())
		sent := work(t, client, 20)
		want = append(want, sent...)
		if got := len(s.stored()); got != before+len(sent) {
			t.Errorf("%s: %d spans sent, %d stored", variant, len(sent), got-before)
		}
	}
	order(want)
	if diff := cmp.Diff(want, s.stored(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("sent (-), stored (+):\n%s", diff)
	}
	if n, m := s.count("fivekeys_spans_received_total", "otlp_http", "accepted"), s.count("fivekeys_spans_received_total", "otlp_grpc", "accepted"); n != 160 || m != 80 {
		t.Errorf("the metrics tell of %v and %v spans", n, m)
	}
}

// An exporter that is told to wait sends again, and nothing is there twice.
func TestExportersTryAgain(t *testing.T) {
	for _, variant := range []string{"http, gzip protobuf", "grpc, plain"} {
		t.Run(variant, func(t *testing.T) {
			s := serve(t, func(c *spanintake.Config) { c.RetryAfter = 10 * time.Millisecond })
			fault := error(&jetstream.Error{Op: "publish", Reason: jetstream.ErrUnavailable, Hint: "start NATS"})
			s.faults.Store(&fault)
			var end sync.WaitGroup
			end.Go(func() {
				<-s.attempted // the first is refused
				s.faults.Store(nil)
			})
			want := work(t, exporters(s)[variant], 3)
			end.Wait()
			order(want)
			if diff := cmp.Diff(want, s.stored(), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("sent (-), stored (+):\n%s", diff)
			}
			if n := s.attempts.Load(); n < 2 {
				t.Errorf("%d attempts", n)
			}
		})
	}
}

// The same request again is the same messages: the stream drops them.
func TestRequestSentAgain(t *testing.T) {
	s := serve(t, nil)
	client := &twice{Client: exporters(s)["http, gzip protobuf"]}
	want := work(t, client, 10)
	order(want)
	if diff := cmp.Diff(want, s.stored(), cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("sent (-), stored (+):\n%s", diff)
	}
}

// twice is an exporter whose answers get lost.
type twice struct{ otlptrace.Client }

func (c *twice) UploadTraces(ctx context.Context, spans []*tracepb.ResourceSpans) error {
	return errors.Join(c.Client.UploadTraces(ctx, spans), c.Client.UploadTraces(ctx, spans))
}
