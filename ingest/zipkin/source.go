package zipkin

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/fivekeys/fivekeys/ingest/spanintake"
)

const (
	mediaJSON     = "application/json"
	mediaProtobuf = "application/x-protobuf"
)

// Source is Zipkin's way in.
type Source struct {
	endpoint *spanintake.Endpoint
	now      func() time.Time
}

// New makes a source of an intake; it serves nothing by itself.
func New(in *spanintake.Intake) *Source {
	s := &Source{now: in.Now}
	s.endpoint = in.Endpoint("zipkin", map[string]spanintake.Format{
		mediaJSON:     {Cost: costOfJSON, Convert: s.convert(parseJSON)},
		mediaProtobuf: {Cost: costOfProtobuf, Convert: s.convert(parseProtobuf)},
	})
	return s
}

// RegisterHTTP adds POST /api/v2/spans to a mux that others share.
func (s *Source) RegisterHTTP(mux *http.ServeMux) { mux.HandleFunc("POST /api/v2/spans", s.postSpans) }

func (s *Source) postSpans(w http.ResponseWriter, r *http.Request) {
	report, refusal := s.endpoint.Receive(w, r)
	switch {
	case refusal != nil:
		s.endpoint.WriteHeaders(w.Header(), refusal)
		explain(w, refusal.Status, refusal.Message)
	case report.Accepted == 0 && report.Rejected > 0:
		explain(w, http.StatusBadRequest, fmt.Sprintf("none of %d spans makes sense; the first: %v", report.Rejected, report.Reason))
	default:
		w.WriteHeader(http.StatusAccepted)
	}
}

func explain(w http.ResponseWriter, status int, reason string) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff") // it may quote the request
	w.WriteHeader(status)
	_, _ = io.WriteString(w, reason+"\n") //nolint:gosec // no browser shows plain text as a page; an error means that the sender has hung up
}

func (s *Source) convert(parse func(context.Context, []byte) ([]span, error)) func(context.Context, []byte) ([]byte, error) {
	return func(ctx context.Context, body []byte) ([]byte, error) {
		spans, err := parse(ctx, body)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", spanintake.ErrInvalid, err)
		}
		separate(spans)
		data, err := marshal(ctx, spans, s.now())
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			return nil, fmt.Errorf("%w: %w", spanintake.ErrInvalid, err)
		}
		return data, nil
	}
}
