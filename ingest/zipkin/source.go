package zipkin

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/fivekeys/fivekeys/ingest/spanintake"
	"github.com/fivekeys/fivekeys/internal/otlpwire"
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
	case report.Rejected > 0:
		explain(w, http.StatusAccepted, fmt.Sprintf("%d of %d spans were left out; the first: %v", report.Rejected, report.Accepted+report.Rejected, report.Reason))
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

type parser func(ctx context.Context, body []byte) (reading, error)

func (s *Source) convert(parse parser) func(context.Context, []byte) ([]byte, otlpwire.Report, error) {
	return func(ctx context.Context, body []byte) ([]byte, otlpwire.Report, error) {
		read, err := parse(ctx, body)
		var data []byte
		if err == nil {
			separate(read.spans)
			data, err = marshal(ctx, read.spans, s.now())
		}
		switch {
		case ctx.Err() != nil:
			return nil, read.left, ctx.Err()
		case err != nil:
			return nil, read.left, fmt.Errorf("%w: %w", spanintake.ErrInvalid, err)
		}
		return data, read.left, nil
	}
}
