package httpserver

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
)

// refuseForeign keeps web pages of other addresses out: a browser within the
// network would carry their requests to where their authors don't reach. No
// sender of webhooks, events or spans is a web page.
func refuseForeign(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !foreign(r) {
			next.ServeHTTP(w, r)
			return
		}
		h := w.Header()
		h.Set("Content-Type", "application/problem+json")
		h.Set("Connection", "close") // its body is not read
		w.WriteHeader(http.StatusForbidden)
		_, _ = io.WriteString(w, `{"type":"urn:fivekeys:problem:foreign_origin","title":"Foreign origin","status":403,`+
			`"detail":"a web page of another address asks","hint":"send from a server; web pages reach fivekeys through one of their own"}`+"\n")
	})
}

// foreign goes by what browsers add and pages can't change. Pages that the server
// would have at its own address count as foreign too if that address is a name,
// since a name can be made to lead here.
func foreign(r *http.Request) bool {
	if origin := r.Header["Origin"]; len(origin) > 0 {
		u, err := url.Parse(origin[0])
		return err != nil || u.Host != r.Host || !numeric(r.Host)
	}
	switch r.Header.Get("Sec-Fetch-Site") {
	case "", "none": // no browser, or a person who has typed the address
		return false
	case "same-origin":
		return !numeric(r.Host)
	default:
		// A person who follows a link sees the answer; the page that has it doesn't.
		return r.Header.Get("Sec-Fetch-Mode") != "navigate"
	}
}

// numeric says whether a host is an address or this machine, and not a name.
func numeric(host string) bool {
	if name, _, err := net.SplitHostPort(host); err == nil {
		host = name
	}
	if host == "localhost" {
		return true
	}
	if n := len(host); n > 1 && host[0] == '[' && host[n-1] == ']' {
		host = host[1 : n-1]
	}
	_, err := netip.ParseAddr(host)
	return err == nil
}
