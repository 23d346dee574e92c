package otlp

import "github.com/fivekeys/fivekeys/ingest/spanintake"

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
			mediaJSON:     {Cost: costOfJSON, Convert: fromJSON, Note: noteOnJSON},
		}),
		grpc: in.Endpoint("otlp_grpc", nil),
	}
}
