package spans_test

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// shop makes spans as a shop of microservices would: traces of eight spans,
// ten attributes each, of which some repeat and some don't.
type shop struct {
	rng      *rand.Rand
	services int
	at       time.Time
	spans    int
	step     time.Duration // from one trace to the next
}

func newShop(at time.Time) *shop {
	return &shop{rng: rand.New(rand.NewPCG(7, 7)), services: 20, at: at, step: time.Millisecond}
}

var agents = []string{
	"Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
	"Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
	"Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:143.0) Gecko/20100101 Firefox/143.0",
	"okhttp/4.12.0", "Go-http-client/2.0", "python-requests/2.32.3",
}

var routes = []string{"/cart", "/cart/{id}", "/checkout", "/products", "/products/{id}", "/orders/{id}", "/search", "/login"}

// trace makes the spans of one trace: pairs of client and server down a chain.
func (t *shop) trace() []schemas.Span {
	const size = 8
	t.at = t.at.Add(time.Duration(t.rng.ExpFloat64() * float64(t.step)))
	spans := make([]schemas.Span, size)
	var id schemas.TraceID
	binary.BigEndian.PutUint64(id[:], t.rng.Uint64())
	binary.BigEndian.PutUint64(id[8:], t.rng.Uint64())
	start, duration := t.at.UnixNano(), int64(math.Exp(t.rng.NormFloat64()*0.7+17.5))
	service := t.rng.IntN(4)
	var parent schemas.SpanID
	user := t.rng.IntN(1_000_000)
	for i := range spans {
		s := &spans[i]
		t.spans++
		s.TraceID, s.ParentID = id, parent
		binary.BigEndian.PutUint64(s.SpanID[:], t.rng.Uint64())
		parent = s.SpanID
		route := routes[(service*3+i/2)%len(routes)]
		instance := t.rng.IntN(3)
		s.Service, s.Version, s.Environment = fmt.Sprintf("service-%02d", service), "1.14.2", "production"
		s.Start, s.Duration = start, duration
		status, method := "200", "GET"
		if route == "/checkout" || route == "/login" {
			method = "POST"
		}
		if t.rng.IntN(50) == 0 {
			status, s.Status, s.StatusMessage = "503", schemas.StatusError, "upstream connect error"
		}
		next := t.rng.IntN(t.services)
		if i%2 == 0 {
			s.Kind, s.Name = schemas.KindServer, method+" "+route
			s.Attributes = []schemas.Attribute{
				{Key: "http.request.method", Value: method}, {Key: "http.route", Value: route},
				{Key: "url.path", Value: fmt.Sprintf("%s/%d", route, user)}, {Key: "url.scheme", Value: "https"},
				{Key: "http.response.status_code", Value: status}, {Key: "server.address", Value: s.Service + ".shop.svc"},
				{Key: "server.port", Value: "8080"}, {Key: "network.peer.address", Value: fmt.Sprintf("10.1.%d.%d", service, t.rng.IntN(6))},
				{Key: "user_agent.original", Value: agents[user%len(agents)]}, {Key: "user.id", Value: fmt.Sprint(user)},
			}
		} else {
			s.Kind, s.Name, s.Peer = schemas.KindClient, method, fmt.Sprintf("service-%02d", next)
			s.Attributes = []schemas.Attribute{
				{Key: "http.request.method", Value: method}, {Key: "url.full", Value: fmt.Sprintf("https://%s.shop.svc:8080%s", s.Peer, route)},
				{Key: "server.address", Value: s.Peer + ".shop.svc"}, {Key: "server.port", Value: "8080"},
				{Key: "http.response.status_code", Value: status}, {Key: "network.protocol.version", Value: "1.1"},
				{Key: "http.request.resend_count", Value: "0"}, {Key: "peer.service", Value: s.Peer},
				{Key: "thread.id", Value: fmt.Sprint(t.rng.IntN(64))}, {Key: "thread.name", Value: "http-nio-8080-exec"},
			}
			service = next
		}
		s.Resource = []schemas.Attribute{
			{Key: "service.name", Value: s.Service}, {Key: "service.version", Value: s.Version},
			{Key: "deployment.environment.name", Value: s.Environment}, {Key: "telemetry.sdk.language", Value: "java"},
			{Key: "telemetry.sdk.version", Value: "1.52.0"}, {Key: "host.name", Value: fmt.Sprintf("node-%d", instance)},
			{Key: "k8s.pod.name", Value: fmt.Sprintf("%s-7f9c%d", s.Service, instance)},
		}
		start += duration / 20
		duration -= duration / 10
	}
	return spans
}
