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

	"github.com/fivekeys/fivekeys/internal/otlpwire"
)

// Format makes OTLP TracesData bytes of a body, or says ErrInvalid. It keeps
// nothing of the body.
type Format func(body []byte) ([]byte, error)

// Endpoint is one way in, with its metrics.
type Endpoint struct {
	in      *Intake
	metrics *endpointMetrics
	formats map[string]Format
}

// Endpoint opens a way in. formats are the content types it takes over HTTP; ""
// stands for a request that names none.
func (in *Intake) Endpoint(protocol string, formats map[string]Format) *Endpoint {
	return &Endpoint{in: in, metrics: in.metrics.endpoint(protocol), formats: formats}
}

// Receive takes an HTTP request's spans. It writes no answer: what an answer
// looks like is the protocol's own. Exactly one of report and refusal counts.
func (e *Endpoint) Receive(w http.ResponseWriter, r *http.Request) (otlpwire.Report, *Refusal) {
	start := time.Now()
	size := 0
	report, err := func() (otlpwire.Report, error) {
		var none otlpwire.Report
		if err := e.in.Admit(r.Header); err != nil {
			return none, err
		}
		format, err := e.format(r.Header)
		if err != nil {
			return none, err
		}
		b, err := e.in.bodies.Read(w, r)
		if err != nil {
			return none, err
		}
		defer b.Release()
		size = len(b.Data)
		data, err := format(b.Data)
		if err != nil {
			return none, err
		}
		return e.in.accept(r.Context(), data)
	}()
	return report, e.conclude(report, err, size, start)
}

// Accept takes spans that were read elsewhere, as OTLP TracesData bytes. The
// caller has asked Admit and holds a Lease for them.
func (e *Endpoint) Accept(ctx context.Context, data []byte) (otlpwire.Report, *Refusal) {
	start := time.Now()
	report, err := e.in.accept(ctx, data)
	return report, e.conclude(report, err, len(data), start)
}

// Refuse notes a request that came to nothing before Accept.
func (e *Endpoint) Refuse(err error) *Refusal {
	return e.conclude(otlpwire.Report{}, err, 0, time.Now())
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
	taken := slices.DeleteFunc(slices.Sorted(maps.Keys(e.formats)), func(s string) bool { return s == "" })
	return nil, fmt.Errorf("%w %q: %s are taken", errMediaType, media, strings.Join(taken, " and "))
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
