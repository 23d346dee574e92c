package otlp

import (
	"net/http"

	"google.golang.org/genproto/googleapis/rpc/status"
	"google.golang.org/grpc/codes"
	"google.golang.org/protobuf/encoding/protojson"
	"google.golang.org/protobuf/proto"

	"github.com/fivekeys/fivekeys/ingest/body"
	"github.com/fivekeys/fivekeys/ingest/spanintake"
	"github.com/fivekeys/fivekeys/internal/otlpwire"
)

// RegisterHTTP adds POST /v1/traces to a mux that others share.
func (s *Source) RegisterHTTP(mux *http.ServeMux) { mux.HandleFunc("POST /v1/traces", s.postTraces) }

func (s *Source) postTraces(w http.ResponseWriter, r *http.Request) {
	media := spanintake.MediaType(r.Header)
	report, refusal := s.http.Receive(w, r)
	if refusal != nil {
		s.http.WriteHeaders(w.Header(), refusal)
		if refusal.Outcome == spanintake.Unsupported {
			w.Header().Set("Accept", mediaProtobuf+", "+mediaJSON)
			w.Header().Set("Accept-Encoding", body.Encodings)
		}
		write(w, refusal.Status, media, statusBody(media, refusal))
		return
	}
	write(w, http.StatusOK, media, responseBody(media, report))
}

// write answers in the request's own content type, or in JSON where that is none
// of OTLP's.
func write(w http.ResponseWriter, code int, media string, text []byte) {
	if media != mediaProtobuf {
		media = mediaJSON
	}
	w.Header().Set("Content-Type", media)
	w.Header().Set("X-Content-Type-Options", "nosniff") // it may quote the request
	w.WriteHeader(code)
	_, _ = w.Write(text) //nolint:gosec // no browser shows JSON or protobuf as a page; an error means that the sender has hung up
}

func responseBody(media string, report otlpwire.Report) []byte {
	r := newResponse(report)
	if media == mediaProtobuf {
		return r.protobuf()
	}
	return r.json()
}

func statusBody(media string, refusal *spanintake.Refusal) []byte {
	s := &status.Status{Code: int32(code(refusal.Outcome)), Message: text(refusal.Message)}
	marshal := protojson.Marshal
	if media == mediaProtobuf {
		marshal = proto.Marshal
	}
	encoded, err := marshal(s)
	if err != nil {
		panic(err) // a number and a text in UTF-8 always encode
	}
	return encoded
}

// code maps every outcome to what gRPC calls it.
func code(o spanintake.Outcome) codes.Code {
	switch o {
	case spanintake.Accepted, spanintake.Partial:
		return codes.OK
	case spanintake.Unauthorized:
		return codes.Unauthenticated
	case spanintake.TooLarge:
		return codes.ResourceExhausted
	case spanintake.Unsupported, spanintake.Invalid:
		return codes.InvalidArgument
	case spanintake.Aborted:
		return codes.Canceled
	default: // faults of ours
		return codes.Unavailable
	}
}
