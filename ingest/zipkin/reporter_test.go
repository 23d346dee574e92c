package zipkin_test

import (
	"io"
	"log"
	"net"
	"testing"
	"time"

	gocmp "github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	zipkingo "github.com/openzipkin/zipkin-go"
	"github.com/openzipkin/zipkin-go/model"
	"github.com/openzipkin/zipkin-go/proto/zipkin_proto3"
	"github.com/openzipkin/zipkin-go/reporter"
	reporterhttp "github.com/openzipkin/zipkin-go/reporter/http"

	"github.com/fivekeys/fivekeys/schemas"
)

// Two services trace a call with zipkin-go as it comes: B3, with span ids that
// both sides share. Encoded either way, the same spans are stored.
func TestReporter(t *testing.T) {
	for encoding, serializer := range map[string]reporter.SpanSerializer{
		"JSON": reporter.JSONSerializer{}, "protobuf": zipkin_proto3.SpanSerializer{},
	} {
		t.Run(encoding, func(t *testing.T) {
			s := serve(t)
			quiet := reporterhttp.Logger(log.New(io.Discard, "", 0))
			frontend := reporterhttp.NewReporter(s.url, reporterhttp.Serializer(serializer), quiet)
			backend := reporterhttp.NewReporter(s.url, reporterhttp.Serializer(serializer), quiet)
			at := func(ms int) zipkingo.SpanOption {
				return zipkingo.StartTime(now.Add(time.Duration(ms) * time.Millisecond))
			}

			one := tracer(t, frontend, "Frontend", 1111)
			two := tracer(t, backend, "Backend", 2222)
			root := one.StartSpan("GET /Cart", zipkingo.Kind(model.Server), at(0))
			call := one.StartSpan("get", zipkingo.Kind(model.Client), zipkingo.Parent(root.Context()), at(1),
				zipkingo.RemoteEndpoint(&model.Endpoint{ServiceName: "Backend", IPv4: net.IPv4(10, 0, 0, 2), Port: 2222}))
			served := two.StartSpan("get", zipkingo.Kind(model.Server), zipkingo.Parent(call.Context()), at(2))
			inner := two.StartSpan("query", zipkingo.Parent(served.Context()), at(3))
			inner.Tag("error", "no such table")
			inner.Annotate(now.Add(4*time.Millisecond), "retry")
			for i, span := range []zipkingo.Span{inner, served, call, root} {
				span.FinishedWithDuration(time.Duration(i+1) * time.Millisecond)
			}
			for _, r := range []reporter.Reporter{frontend, backend} {
				if err := r.Close(); err != nil {
					t.Fatal(err)
				}
			}

			got := s.stored()
			if len(got) != 4 {
				t.Fatalf("%d spans are stored", len(got))
			}
			var trace schemas.TraceID
			copy(trace[8:], got[0].TraceID[8:])
			id := func(m model.ID) (id schemas.SpanID) {
				for i := range id {
					id[i] = byte(m >> (56 - 8*i))
				}
				return id
			}
			shared := got[2].SpanID
			if call.Context().ID != served.Context().ID {
				t.Fatal("zipkin-go no longer shares ids: this test tests nothing")
			}
			if shared == id(served.Context().ID) || shared.IsZero() {
				t.Errorf("the server's span has the id %v of the client's", shared)
			}
			start := func(ms int64) int64 { return now.UnixNano() + ms*1e6 }
			text := func(pairs ...string) (out []schemas.Attribute) {
				for i := 0; i < len(pairs); i += 2 {
					out = append(out, schemas.Attribute{Key: pairs[i], Value: pairs[i+1]})
				}
				return out
			}
			want := []schemas.Span{
				{
					SpanID: id(root.Context().ID), Service: "frontend", Name: "get /cart", Kind: schemas.KindServer, Start: start(0), Duration: 4e6,
					Attributes: text("network.local.address", "127.0.0.1", "network.local.port", "1111"),
				},
				{
					SpanID: id(call.Context().ID), ParentID: id(root.Context().ID), Service: "frontend", Name: "get", Kind: schemas.KindClient, Start: start(1), Duration: 3e6, Peer: "backend",
					Attributes: text("network.local.address", "127.0.0.1", "network.local.port", "1111",
						"network.peer.address", "10.0.0.2", "network.peer.port", "2222", "peer.service", "backend"),
				},
				{
					SpanID: shared, ParentID: id(call.Context().ID), Service: "backend", Name: "get", Kind: schemas.KindServer, Start: start(2), Duration: 2e6,
					Attributes: text("network.local.address", "127.0.0.1", "network.local.port", "2222", "zipkin.shared_id", id(call.Context().ID).String(),
						schemas.AttributeOuterParent, id(root.Context().ID).String()),
				},
				{
					SpanID: id(inner.Context().ID), ParentID: shared, Service: "backend", Name: "query", Kind: schemas.KindInternal, Start: start(3), Duration: 1e6,
					Status: schemas.StatusError, StatusMessage: "no such table",
					Attributes: text("error", "no such table", "network.local.address", "127.0.0.1", "network.local.port", "2222"),
					Events:     []schemas.SpanEvent{{Time: start(4), Name: "retry"}},
				},
			}
			for i := range want {
				want[i].TraceID = trace
				want[i].Resource = text("service.name", want[i].Service)
			}
			if diff := gocmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("sent (-), stored (+):\n%s", diff)
			}
		})
	}
}

func tracer(t *testing.T, r reporter.Reporter, service string, port uint16) *zipkingo.Tracer {
	t.Helper()
	tracer, err := zipkingo.NewTracer(r, zipkingo.WithLocalEndpoint(&model.Endpoint{ServiceName: service, IPv4: net.IPv4(127, 0, 0, 1), Port: port}))
	if err != nil {
		t.Fatal(err)
	}
	return tracer
}
