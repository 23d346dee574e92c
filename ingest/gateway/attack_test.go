package gateway_test

import (
	"bufio"
	"bytes"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"
)

// Senders that announce a body and then say nothing hold no room, and those that
// send a part of it leave some for small bodies.
func TestConnectionsThatStopShutNobodyOut(t *testing.T) {
	s := serve(t, nil)
	const announced = 1 << 20
	body := bytes.Repeat([]byte("x"), 20<<10)
	for i, attack := range []struct{ connections, sent int }{{1100, 1}, {500, 200 << 10}} {
		for range attack.connections {
			conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			fmt.Fprintf(conn, "POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: %d\r\nExpect: 100-continue\r\nX-Hub-Signature-256: sha256=%064d\r\n\r\n", announced, 0)
			line, err := bufio.NewReader(conn).ReadString('\n')
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(line, "100 Continue") {
				continue // it is refused already, which holds nothing
			}
			_, _ = conn.Write(bytes.Repeat([]byte("x"), attack.sent))
		}
		if a := s.deliver(fmt.Sprint("genuine-", i), body); a.status != http.StatusAccepted {
			t.Errorf("with %+v, a delivery is answered with %d %s", attack, a.status, a.text)
		}
	}
}

// Without the form of a signature nothing of a body is read: the answer comes
// though none of it was sent.
func TestWithoutASignaturesFormNoBodyIsRead(t *testing.T) {
	s := serve(t, nil)
	for _, request := range []string{
		"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 30000000000\r\n\r\n",
		"POST /webhooks/github HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\nX-Hub-Signature-256: sha256=no\r\n\r\n",
		"POST /v1/events HTTP/1.1\r\nHost: x\r\nContent-Length: 1048576\r\nAuthorization: Bearer guess\r\n\r\n",
		"POST /v1/events HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n",
	} {
		conn, err := net.Dial("tcp", strings.TrimPrefix(s.url, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = conn.Close() })
		if _, err := fmt.Fprint(conn, request); err != nil {
			t.Fatal(err)
		}
		// Far below what a body may take.
		if err := conn.SetReadDeadline(time.Now().Add(30 * time.Second)); err != nil {
			t.Fatal(err)
		}
		line, err := bufio.NewReader(conn).ReadString('\n')
		if err != nil || !strings.Contains(line, "401") {
			t.Errorf("%.40s… is answered with %q, %v", request, line, err)
		}
	}
}

// A text of a million levels is refused for its depth, and a list of millions of
// entries for their number, before anything is built of them.
func TestEventsThatWouldCostAreRefused(t *testing.T) {
	s := serve(t, nil)
	for body, says := range map[string]string{
		strings.Repeat(`[`, 1_000_000):                 "nested too deep",
		`{"x":` + strings.Repeat(`{"a":`, 1_000_000):   "nested too deep",
		"[" + strings.Repeat(`{},`, 2_000_000) + "{}]": "at most 10000",
	} {
		if a := s.events(body, nil); a.status != http.StatusBadRequest || !strings.Contains(a.text, says) {
			t.Errorf("%.20s… is answered with %d %.300s", body, a.status, a.text)
		}
	}
	if a := s.events(event("1"), map[string]string{"Content-Type": ""}); a.status != http.StatusUnsupportedMediaType || !strings.Contains(a.text, "Content-Type") {
		t.Errorf("without a content type: %d %s", a.status, a.text)
	}
	if a := s.deliver("deep", []byte(strings.Repeat(`{"a":`, 1_000_000))); a.status != http.StatusAccepted {
		t.Errorf("an authentic delivery is answered with %d %s", a.status, a.text)
	}
}

func TestWebPagesOfOtherAddressesAreRefused(t *testing.T) {
	s := serve(t, nil)
	body := []byte("{}")
	for name, h := range map[string]map[string]string{
		"a page's request": {"Origin": "https://evil.example"}, "a page without an address": {"Origin": "null"},
		"a page whose request has no origin": {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Mode": "no-cors"},
	} {
		all := signed("1", "push", secret, body)
		for k, v := range h {
			all[k] = v
		}
		if a := s.do(http.MethodPost, "/webhooks/github", all, bytes.NewReader(body)); a.status != http.StatusForbidden || a.body["hint"] == nil {
			t.Errorf("%s is answered with %d %s", name, a.status, a.text)
		}
		if a := s.events(event("1"), h); a.status != http.StatusForbidden {
			t.Errorf("%s to /v1/events is answered with %d %s", name, a.status, a.text)
		}
	}
}
