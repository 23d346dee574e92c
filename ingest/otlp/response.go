package otlp

import (
	"encoding/json"
	"fmt"

	"google.golang.org/protobuf/encoding/protowire"

	"github.com/fivekeys/fivekeys/internal/otlpwire"
)

// response is an ExportTraceServiceResponse. It has nothing but partial_success,
// which must be unset where all spans were accepted (exporters report an error
// otherwise); the collector's library always writes it.
type response struct {
	PartialSuccess *partialSuccess `json:"partialSuccess,omitempty"`
}

type partialSuccess struct {
	RejectedSpans int64  `json:"rejectedSpans,string"`
	ErrorMessage  string `json:"errorMessage"`
}

func newResponse(report otlpwire.Report) response {
	switch {
	case report.Rejected == 0 && report.Reason == nil:
		return response{}
	case report.Rejected == 0:
		return response{&partialSuccess{ErrorMessage: text(report.Reason.Error())}}
	}
	return response{&partialSuccess{
		RejectedSpans: int64(report.Rejected),
		ErrorMessage:  text(fmt.Sprintf("%d of %d spans were rejected; the first: %v", report.Rejected, report.Rejected+report.Accepted, report.Reason)),
	}}
}

func (r response) protobuf() []byte {
	if r.PartialSuccess == nil {
		return nil
	}
	p := protowire.AppendTag(nil, 1, protowire.VarintType)
	p = protowire.AppendVarint(p, uint64(r.PartialSuccess.RejectedSpans))
	p = protowire.AppendTag(p, 2, protowire.BytesType)
	p = protowire.AppendString(p, r.PartialSuccess.ErrorMessage)
	return protowire.AppendBytes(protowire.AppendTag(nil, 1, protowire.BytesType), p)
}

func (r response) json() []byte {
	b, err := json.Marshal(r)
	if err != nil {
		panic(err) // a number and a text always encode
	}
	return b
}
