package httpserver

import (
	"net/http"
	"time"
)

const (
	// headerTime bounds how long headers may take, and so how long a connection
	// that says nothing stays.
	headerTime = 10 * time.Second
	// requestTime bounds a request with its body; ingest/body is stricter with
	// those that do not arrive.
	requestTime = time.Minute
	// answerTime bounds a request with its answer, which a reader may refuse to take.
	answerTime = 2 * time.Minute
	// unreadTime is how long a body goes on arriving that nobody wants.
	unreadTime = time.Second
	// idleTime is longer than exporters and proxies wait between two requests.
	idleTime = 2 * time.Minute
	// maxHeader is eight times what any sender's headers take.
	maxHeader = 32 << 10
)

// New makes a server for a handler.
func New(handler http.Handler) *http.Server {
	return &http.Server{
		Handler: abandonBodies(refuseForeign(handler)), ConnState: newConnections(maxConnections).note,
		ReadHeaderTimeout: headerTime, ReadTimeout: requestTime, WriteTimeout: answerTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader,
	}
}

// abandonBodies gives up what a handler has left unread: the server would wait for
// it, and with it the sender for its answer.
func abandonBodies(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		next.ServeHTTP(w, r)
		if r.ContentLength != 0 {
			_ = http.NewResponseController(w).SetReadDeadline(time.Now().Add(unreadTime))
		}
	})
}
