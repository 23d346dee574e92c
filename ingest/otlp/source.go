package otlp

import (
	"context"
	"fmt"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/fivekeys/fivekeys/ingest/spanintake"
	"github.com/fivekeys/fivekeys/internal/jsonshape"
)

const (
	mediaProtobuf = "application/x-protobuf"
	mediaJSON     = "application/json"
)

// Source is OTLP's two ways in.
type Source struct {
	intake     *spanintake.Intake
	http, grpc *spanintake.Endpoint
}

// New makes a source of an intake; it serves nothing by itself.
func New(in *spanintake.Intake) *Source {
	return &Source{
		intake: in,
		http: in.Endpoint("otlp_http", map[string]spanintake.Format{
			mediaProtobuf: {},
			mediaJSON:     {Cost: costOfJSON, Convert: fromJSON},
		}),
		grpc: in.Endpoint("otlp_grpc", nil),
	}
}

// objectSize is what an object of JSON becomes in memory, about.
const objectSize = 64

func costOfJSON(body []byte) (int, error) {
	objects, err := jsonshape.Check(body)
	return len(body) + objects*objectSize, err
}

// fromJSON leaves OTLP's dialect of JSON (ids in hex, enums as numbers, long
// numbers as strings) to the collector's library.
func fromJSON(_ context.Context, body []byte) ([]byte, error) {
	if len(body) == 0 {
		return nil, fmt.Errorf("%w: an empty body is not JSON", spanintake.ErrInvalid)
	}
	request := ptraceotlp.NewExportRequest()
	if err := request.UnmarshalJSON(body); err != nil {
		return nil, fmt.Errorf("%w: %w", spanintake.ErrInvalid, err)
	}
	data, err := request.MarshalProto()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", spanintake.ErrInvalid, err)
	}
	return data, nil
}
