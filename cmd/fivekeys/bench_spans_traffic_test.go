//go:build linux

package main

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/traffic"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	spanServices  = 20
	spansPerBody  = 512
	spansPerTrace = 8
	spanBodies    = 128
)

// spanBody is a request of spans that is encoded already. What differs between
// requests of real senders is written over: ids, times and users.
type spanBody struct {
	data              []byte
	ids, users, times []int // where they are in data
}

// spanService names one of the services.
func spanService(i int) string { return fmt.Sprintf("service-%02d", i%spanServices) }

// spanModel has the services' objectives.
func spanModel() traffic.Model {
	m := traffic.Model{Target: 0.9}
	for i := range spanServices {
		m.Services = append(m.Services, traffic.Service{Name: spanService(i)})
	}
	return m
}

var spanAgents = []string{
	"Mozilla/5.0 (X11; Linux x86_64; rv:142.0) Gecko/20100101 Firefox/142.0",
	"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605.1.15",
	"grpc-go/1.76.0", "Java-http-client/21.0.4",
}

var spanRoutes = []string{"/basket", "/basket/{id}", "/order", "/articles", "/articles/{id}", "/account/{id}", "/find", "/session"}

// makeSpanBodies encodes some requests with what a shop's services say of
// themselves: ten attributes a span, chains of server and client spans.
func makeSpanBodies(b *testing.B, seed uint64) []spanBody {
	b.Helper()
	random := rand.New(rand.NewPCG(seed, 5))
	bodies := make([]spanBody, spanBodies)
	for i := range bodies {
		var spans []schemas.Span
		var marks, users [][]byte
		for len(spans) < spansPerBody {
			trace, names := spanTrace(random)
			spans = append(spans, trace...)
			users = append(users, names)
			marks = append(marks, trace[0].TraceID[:])
			for j := range trace {
				marks = append(marks, trace[j].SpanID[:])
			}
		}
		data := encodeOTLP(b, spans)
		body := spanBody{data: data}
		for _, mark := range marks {
			body.ids = append(body.ids, places(data, mark)...)
		}
		for _, user := range users {
			body.users = append(body.users, places(data, user)...)
		}
		for j := range spans {
			var start, end [9]byte
			start[0], end[0] = 7<<3|1, 8<<3|1 // their fields in OTLP, of 64 bits
			binary.LittleEndian.PutUint64(start[1:], uint64(spans[j].Start))
			binary.LittleEndian.PutUint64(end[1:], uint64(spans[j].Start+spans[j].Duration))
			for _, mark := range [][]byte{start[:], end[:]} {
				at := places(data, mark)
				if len(at) != 1 {
					b.Fatalf("a time is there %d times", len(at))
				}
				body.times = append(body.times, at[0]+1)
			}
		}
		bodies[i] = body
	}
	return bodies
}

// spanTrace makes one trace, from the present on, and says whose it is.
func spanTrace(random *rand.Rand) (spans []schemas.Span, user []byte) {
	var trace schemas.TraceID
	binary.BigEndian.PutUint64(trace[:], random.Uint64())
	binary.BigEndian.PutUint64(trace[8:], random.Uint64())
	user = fmt.Appendf(nil, "%08d", 10_000_000+random.IntN(90_000_000))
	start, duration := time.Now().UnixNano()-random.Int64N(int64(time.Second)), int64(20_000_000+random.IntN(200_000_000))
	service := random.IntN(spanServices)
	var parent schemas.SpanID
	for i := range spansPerTrace {
		s := schemas.Span{
			TraceID: trace, ParentID: parent, Service: spanService(service), Version: "3.2.1", Environment: "production",
			Start: start + int64(i)*1_000_003, Duration: duration - int64(i)*2_000_007,
		}
		binary.BigEndian.PutUint64(s.SpanID[:], random.Uint64())
		parent = s.SpanID
		route := spanRoutes[(service+i/2)%len(spanRoutes)]
		status := "200"
		if random.IntN(50) == 0 {
			status, s.Status = "503", schemas.StatusError
		}
		other := spanService(service + 7)
		if i%2 == 0 {
			s.Kind, s.Name = schemas.KindServer, "GET "+route
			s.Attributes = []schemas.Attribute{
				{Key: "http.request.method", Value: "GET"}, {Key: "http.route", Value: route}, {Key: "url.path", Value: route + "/" + string(user)},
				{Key: "url.scheme", Value: "https"}, {Key: "http.response.status_code", Value: status}, {Key: "server.address", Value: s.Service + ".shop.svc"},
				{Key: "server.port", Value: "8443"}, {Key: "client.address", Value: fmt.Sprintf("10.2.%d.%d", service, random.IntN(8))},
				{Key: "user_agent.original", Value: spanAgents[random.IntN(len(spanAgents))]}, {Key: "enduser.id", Value: string(user)},
			}
		} else {
			s.Kind, s.Name, s.Peer = schemas.KindClient, "GET", other
			s.Attributes = []schemas.Attribute{
				{Key: "http.request.method", Value: "GET"}, {Key: "url.full", Value: "https://" + other + ".shop.svc:8443" + route + "/" + string(user)},
				{Key: "server.address", Value: other + ".shop.svc"}, {Key: "server.port", Value: "8443"}, {Key: "http.response.status_code", Value: status},
				{Key: "network.protocol.version", Value: "2"}, {Key: "http.request.resend_count", Value: "0"},
				{Key: "thread.id", Value: fmt.Sprint(random.IntN(48))}, {Key: "thread.name", Value: "worker"},
			} // and peer.service
			service += 7
		}
		spans = append(spans, s)
	}
	return spans, user
}

// places finds every occurrence.
func places(data, mark []byte) (at []int) {
	for from := 0; ; {
		i := bytes.Index(data[from:], mark)
		if i < 0 {
			return at
		}
		at = append(at, from+i)
		from += i + len(mark)
	}
}

// fresh is the body with other ids and users, moved to the present. It writes
// into a buffer of the sender's.
func (p *spanBody) fresh(buffer []byte, number uint64, later time.Duration) []byte {
	out := append(buffer[:0], p.data...)
	nonce := number * 0x9e3779b97f4a7c15
	for _, at := range p.ids {
		binary.BigEndian.PutUint64(out[at:], binary.BigEndian.Uint64(out[at:])^nonce)
	}
	digits := fmt.Appendf(nil, "%06d", nonce%1_000_000)
	for _, at := range p.users {
		for i, d := range digits { // the first two stay: a user's spans go on to have one
			out[at+2+i] = '0' + (out[at+2+i]-'0'+d-'0')%10
		}
	}
	for _, at := range p.times {
		binary.LittleEndian.PutUint64(out[at:], binary.LittleEndian.Uint64(out[at:])+uint64(later))
	}
	return out
}
