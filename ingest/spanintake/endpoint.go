package spanintake

import (
	"context"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/ingest/body"
	"github.com/fivekeys/fivekeys/internal/otlpwire"
)

// Format makes OTLP TracesData bytes of a body.
type Format struct {
	// Cost is what Convert takes in memory beside the body, in bytes, or why the body
	// is refused: it is asked before anything is built. nil: nothing.
	Cost func(body []byte) (int, error)
	// Convert gives the bytes and what it left out, or says ErrInvalid. It ends with
	// ctx, and keeps nothing of the body. nil: the body is what it takes.
	Convert func(ctx context.Context, body []byte) ([]byte, otlpwire.Report, error)
	// Note says what is odd about a body that holds no spans, or nothing. nil: nothing.
	Note func(body []byte) error
}

// Endpoint is one way in, with its metrics.
type Endpoint struct {
	in      *Intake
	metrics *endpointMetrics
	formats map[string]Format
}

// Endpoint opens a way in. formats are the content types it takes over HTTP. A
// request has to name one of them: a web page can make a browser send any other
// without asking first.
func (in *Intake) Endpoint(protocol string, formats map[string]Format) *Endpoint {
	return &Endpoint{in: in, metrics: in.metrics.endpoint(protocol), formats: formats}
}

// Receive takes an HTTP request's spans. It writes no answer: what an answer
// looks like is the protocol's own. Exactly one of report and refusal counts.
func (e *Endpoint) Receive(w http.ResponseWriter, r *http.Request) (otlpwire.Report, *Refusal) {
	return e.take(w, r, e.format, e.in.bodies.Read)
}

// ReceiveCall takes the spans of a gRPC call, which are OTLP's.
func (e *Endpoint) ReceiveCall(w http.ResponseWriter, r *http.Request) (otlpwire.Report, *Refusal) {
	plain := func(http.Header) (Format, error) { return Format{}, nil }
	return e.take(w, r, plain, e.in.bodies.ReadMessage)
}

func (e *Endpoint) take(
	w http.ResponseWriter, r *http.Request,
	find func(http.Header) (Format, error), read func(http.ResponseWriter, *http.Request) (*body.Body, error),
) (otlpwire.Report, *Refusal) {
	start := time.Now()
	size := 0
	report, err := func() (otlpwire.Report, error) {
		var none otlpwire.Report
		if err := e.in.admit(r.Header); err != nil {
			return none, err
		}
		format, err := find(r.Header)
		if err != nil {
			return none, err
		}
		b, err := read(w, r)
		if err != nil {
			return none, err
		}
		defer b.Release()
		size = len(b.Data)
		return e.in.accept(r.Context(), b, format)
	}()
	return report, e.conclude(report, err, size, start)
}

func (e *Endpoint) conclude(report otlpwire.Report, err error, size int, start time.Time) *Refusal {
	if err != nil {
		refusal := e.in.refuse(err)
		e.metrics.note(refusal.Outcome, otlpwire.Report{}, size, start)
		return &refusal
	}
	o := Accepted
	if report.Rejected > 0 {
		o = Partial
	}
	e.metrics.note(o, report, size, start)
	return nil
}

func (e *Endpoint) format(h http.Header) (Format, error) {
	media := MediaType(h)
	if f, ok := e.formats[media]; ok {
		return f, nil
	}
	return Format{}, fmt.Errorf("%w %q: name it in Content-Type; %s are taken", errMediaType, media, strings.Join(slices.Sorted(maps.Keys(e.formats)), " and "))
}

// MediaType is a request's content type without parameters; "" where there is none.
func MediaType(h http.Header) string {
	given := h.Get("Content-Type")
	media, _, err := mime.ParseMediaType(given)
	if err != nil {
		// A broken parameter leaves the type legible.
		media, _, _ = strings.Cut(given, ";")
		media = strings.ToLower(strings.TrimSpace(media))
	}
	return media
}

// WriteHeaders sets what goes with a refusal, whatever its body looks like.
func (e *Endpoint) WriteHeaders(h http.Header, r *Refusal) {
	switch {
	case r.Retry:
		seconds := (e.in.cfg.RetryAfter + time.Second - 1) / time.Second
		h.Set("Retry-After", strconv.Itoa(int(seconds)))
	case r.Outcome == Unauthorized:
		h.Set("WWW-Authenticate", "Bearer")
	case r.Outcome == TooLarge:
		// The rest of the body may be unread, so the connection can't be used again.
		h.Set("Connection", "close")
	}
}
