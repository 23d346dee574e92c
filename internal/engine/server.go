package engine

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"strings"
	"sync/atomic"
	"time"
)

const (
	// maxStuck is how many statements may go on although they were killed, before
	// the engine asks to be started again.
	maxStuck = 3
	// stallLimit is how long a client may neither send nor take a byte. A stuck
	// reader would otherwise hold its place among the statements for ever.
	stallLimit = 5 * time.Minute
	// headerLimit and idleLimit are the usual protections of an HTTP server.
	headerLimit = 30 * time.Second
	idleLimit   = 10 * time.Minute
)

// role is what the presented credentials allow.
type role int

const (
	roleNone role = iota
	roleReader
	roleWriter
)

// server answers ClickHouse's HTTP interface in the child.
type server struct {
	orders    childOrders
	limits    limits
	arguments []string // of every engine connection
	base      *connection
	version   string
	spool     string
	places    *places
	types     map[string]bool // the engine's data types, in small letters
	// statements counts those that were begun, stuck those that nothing stops.
	statements atomic.Uint64
	stuck      atomic.Int64
	killAll    context.Context // done when statements have to end
	killNow    context.CancelFunc
}

func newServer(orders childOrders, l limits, config string) *server {
	s := &server{orders: orders, limits: l, places: newPlaces(l, orders.ReaderWait), spool: orders.DataDir}
	// The child works in the data folder, so that no path in an answer is more
	// than one within it.
	s.arguments = []string{"clickhouse", "--path=.", "--config-file=" + config, "--async_insert=0", "--implicit_select=0"}
	s.killAll, s.killNow = context.WithCancel(context.Background())
	return s
}

// serve answers until stop is done, then lets running statements finish.
func (s *server) serve(stop context.Context, listeners []net.Listener) error {
	srv := &http.Server{Handler: s, ReadHeaderTimeout: headerLimit, IdleTimeout: idleLimit}
	failed := make(chan error, len(listeners))
	for _, l := range listeners {
		go func() { failed <- srv.Serve(l) }()
	}
	var err error
	select {
	case err = <-failed:
	case <-stop.Done():
	}
	grace, cancel := context.WithTimeout(context.Background(), stopGrace)
	defer cancel()
	if srv.Shutdown(grace) != nil {
		s.killNow()
		_ = srv.Close()
	}
	s.killNow()
	if err != nil && !errors.Is(err, http.ErrServerClosed) {
		return fmt.Errorf("serve: %w", err)
	}
	return nil
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("X-ClickHouse-Server-Display-Name", childName)
	h.Set("X-ClickHouse-Timezone", "UTC")
	switch r.URL.Path {
	case "/ping", "/replicas_status":
		answerOK(w)
		return
	case alivePath:
		s.answerAlive(w, r)
		return
	case "/", "":
	default:
		http.Error(w, "There is no handle "+r.URL.Path+"\n\nUse / or /ping for health checks, or /?query=… with your SQL (see the HTTP interface in ClickHouse's documentation).", http.StatusNotFound)
		return
	}
	switch r.Method {
	case http.MethodGet, http.MethodHead, http.MethodPost:
	default:
		http.Error(w, "Code: 381. DB::Exception: Use GET or POST. (HTTP_UNSUPPORTED)", http.StatusMethodNotAllowed)
		return
	}
	if r.Method != http.MethodPost && r.URL.RawQuery == "" {
		answerOK(w)
		return
	}
	as, given := s.authenticate(r)
	if as == roleNone {
		s.refuseStranger(w, given)
		return
	}
	s.handle(w, r, as)
}

func answerOK(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html; charset=UTF-8")
	_, _ = w.Write([]byte("Ok.\n"))
}

// authenticate takes the three places where ClickHouse's clients put
// credentials. given says whether there were any.
func (s *server) authenticate(r *http.Request) (as role, given bool) {
	var c Credentials
	query := r.URL.Query()
	switch user, password, basic := r.BasicAuth(); {
	case r.Header.Get("X-ClickHouse-User") != "" || r.Header.Get("X-ClickHouse-Key") != "":
		c = Credentials{r.Header.Get("X-ClickHouse-User"), r.Header.Get("X-ClickHouse-Key")}
	case basic:
		c = Credentials{user, password}
	case query.Has("user") || query.Has("password"):
		c = Credentials{query.Get("user"), query.Get("password")}
	default:
		return roleNone, false
	}
	// Both comparisons always run, over digests of one length.
	writer, reader := c.equal(s.orders.Writer), c.equal(s.orders.Reader)
	switch {
	case writer == 1:
		return roleWriter, true
	case reader == 1 && s.orders.Reader.User != "":
		return roleReader, true
	}
	return roleNone, true
}

func (c Credentials) equal(other Credentials) int {
	a, b := c.digest(), other.digest()
	return subtle.ConstantTimeCompare(a[:], b[:])
}

func (c Credentials) digest() [sha256.Size]byte {
	// The length keeps user "a", password "bc" apart from "ab", "c".
	return sha256.Sum256(fmt.Appendf(nil, "%d:%s%s", len(c.User), c.User, c.Password))
}

func (s *server) refuseStranger(w http.ResponseWriter, given bool) {
	e := codeAuthentication.errorf("Authentication failed: password is incorrect, or there is no user with such name. The names and passwords are in the fivekeys configuration")
	status := e.httpStatus()
	if !given {
		w.Header().Set("WWW-Authenticate", `Basic realm="ClickHouse server HTTP API"`)
		status = http.StatusUnauthorized
	}
	s.writeError(w, e, status)
}

func (s *server) writeError(w http.ResponseWriter, e *exception, status int) {
	h := w.Header()
	h.Del("Content-Encoding")
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("X-ClickHouse-Exception-Code", fmt.Sprint(e.code))
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, "%s\n", s.errorText(e)) //nolint:gosec // text/plain, which no browser runs
}

func (s *server) errorText(e *exception) string {
	return fmt.Sprintf("%v (version %s)", e, s.version)
}

// spoolFile is a file without a name, for uploads that do not fit in memory.
func (s *server) spoolFile() (*os.File, error) {
	f, err := os.CreateTemp(s.spool, "upload-*")
	if err != nil {
		return nil, fmt.Errorf("keep upload on disk: %w", err)
	}
	_ = os.Remove(f.Name())
	return f, nil
}

func trimmed(b []byte) string { return strings.TrimSpace(string(b)) }
