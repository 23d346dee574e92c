package httpserver

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"
)

func TestForeignPages(t *testing.T) {
	for sentence, tt := range map[string]struct {
		host    string
		headers map[string]string
		foreign bool
	}{
		"a sender":                                     {"fivekeys.example.com", nil, false},
		"a page of elsewhere":                          {"127.0.0.1:8080", map[string]string{"Origin": "https://evil.example"}, true},
		"a page of elsewhere on the same port":         {"127.0.0.1:8080", map[string]string{"Origin": "http://evil.example:8080"}, true},
		"a page of a file":                             {"127.0.0.1:8080", map[string]string{"Origin": "null"}, true},
		"a page of another port":                       {"127.0.0.1:8080", map[string]string{"Origin": "http://127.0.0.1:3000"}, true},
		"a page of its own":                            {"127.0.0.1:8080", map[string]string{"Origin": "http://127.0.0.1:8080"}, false},
		"a page of its own by IPv6":                    {"[::1]:8080", map[string]string{"Origin": "http://[::1]:8080"}, false},
		"a page whose name was made to lead here":      {"evil.example:8080", map[string]string{"Origin": "http://evil.example:8080"}, true},
		"the same reading without an origin":           {"evil.example:8080", map[string]string{"Sec-Fetch-Site": "same-origin"}, true},
		"a form of elsewhere":                          {"127.0.0.1:8080", map[string]string{"Origin": "https://evil.example", "Sec-Fetch-Mode": "navigate", "Sec-Fetch-Site": "cross-site"}, true},
		"an image of elsewhere":                        {"127.0.0.1:8080", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"}, true},
		"a link of elsewhere that somebody follows":    {"127.0.0.1:8080", map[string]string{"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "navigate"}, false},
		"somebody who types the address":               {"fivekeys.example.com", map[string]string{"Sec-Fetch-Site": "none", "Sec-Fetch-Mode": "navigate"}, false},
		"a page of a neighbour under the same domains": {"127.0.0.1:8080", map[string]string{"Sec-Fetch-Site": "same-site"}, true},
	} {
		t.Run(sentence, func(t *testing.T) {
			r := httptest.NewRequest(http.MethodPost, "/", nil)
			r.Host = tt.host
			for name, value := range tt.headers {
				r.Header.Set(name, value)
			}
			if foreign(r) != tt.foreign {
				t.Errorf("foreign is %v", !tt.foreign)
			}
		})
	}
}

// pipe is a connection of an address.
type pipe struct {
	net.Conn
	from   string
	closed bool
}

func (p *pipe) RemoteAddr() net.Addr {
	return &net.TCPAddr{IP: net.ParseIP(p.from), Port: 1}
}

func (p *pipe) Close() error {
	p.closed = true
	return nil
}

func TestConnectionsMakeWay(t *testing.T) {
	const limit = 8
	c := newConnections(limit)
	open := func(from string, state http.ConnState) *pipe {
		p := &pipe{from: from}
		c.note(p, http.StateNew)
		if state != http.StateNew && !p.closed {
			c.note(p, state)
		}
		return p
	}
	closed := func(all []*pipe) (out []bool) {
		for _, p := range all {
			out = append(out, p.closed)
		}
		return out
	}
	var attacker []*pipe
	for range limit / 2 {
		attacker = append(attacker, open("192.0.2.1", http.StateNew))
	}
	c.note(attacker[0], http.StateActive) // it asks something, and is not idle
	if next := open("192.0.2.1", http.StateNew); next.closed || !slices.Equal(closed(attacker), []bool{false, true, false, false}) {
		t.Errorf("one connection too many of an address: %v", closed(attacker))
	}
	c.note(attacker[1], http.StateClosed) // the server notices
	var others []*pipe
	for i := range limit / 2 {
		others = append(others, open(fmt.Sprint("2001:db8:", i, "::1"), http.StateActive))
	}
	if slices.Contains(closed(others), true) {
		t.Errorf("connections of other addresses: %v", closed(others))
	}
	// All are taken: the longest idle one of all goes.
	if next := open("198.51.100.1", http.StateActive); next.closed || !slices.Equal(closed(attacker), []bool{false, true, true, false}) {
		t.Errorf("one connection too many of all: %v", closed(attacker))
	}
	for p := range c.open {
		c.note(p, http.StateActive)
	}
	if last := open("198.51.100.2", http.StateNew); !last.closed {
		t.Error("none is idle, and a connection too many stays")
	}
	for p := range c.open {
		c.note(p, http.StateClosed)
	}
	if len(c.open)+len(c.addrs)+c.idle.Len() != 0 {
		t.Errorf("%d connections of %d addresses stay, %d of them idle", len(c.open), len(c.addrs), c.idle.Len())
	}
}

// Neighbours in a network of IPv6 are one subscriber.
func TestOneSubscribersAddressesCountTogether(t *testing.T) {
	c := newConnections(4)
	var all []*pipe
	for i := range 3 {
		all = append(all, &pipe{from: fmt.Sprint("2001:db8::", i)})
		c.note(all[i], http.StateNew)
	}
	if !all[0].closed || all[1].closed || all[2].closed {
		t.Errorf("%+v", all)
	}
}

// A refusal that reads nothing is answered though the body never comes.
func TestAnAnswerDoesNotWaitForABodyNobodyReads(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.Config = New(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusTeapot) }))
	server.Start()
	t.Cleanup(server.Close)
	conn, err := net.Dial("tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	if _, err := io.WriteString(conn, "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if err := conn.SetReadDeadline(time.Now().Add(requestTime / 2)); err != nil {
		t.Fatal(err)
	}
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || line != "HTTP/1.1 418 I'm a teapot\r\n" {
		t.Errorf("got %q, %v", line, err)
	}
}
