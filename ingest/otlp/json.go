package otlp

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"go.opentelemetry.io/collector/pdata/ptrace/ptraceotlp"

	"github.com/fivekeys/fivekeys/ingest/spanintake"
	"github.com/fivekeys/fivekeys/internal/jsonshape"
	"github.com/fivekeys/fivekeys/internal/otlpwire"
)

const (
	// objectSize is what an object of JSON becomes in memory, about.
	objectSize = 64
	// maxObjects is what 60 MiB of usual spans have.
	maxObjects = 2_000_000
)

func costOfJSON(body []byte) (int, error) {
	objects, err := jsonshape.Check(body)
	if err == nil && objects > maxObjects {
		err = fmt.Errorf("%w: %d objects, %d are the limit", spanintake.ErrTooMany, objects, maxObjects)
	}
	return len(body)/2 + objects*objectSize, err
}

// fromJSON leaves OTLP's dialect of JSON (ids in hex, enums as numbers, long
// numbers as strings) to the collector's library, which takes anything for
// nothing: what isn't JSON, or no object, is told here.
func fromJSON(_ context.Context, body []byte) (data []byte, none otlpwire.Report, err error) {
	if len(body) == 0 {
		return nil, none, fmt.Errorf("%w: an empty body is not JSON", spanintake.ErrInvalid)
	}
	if !json.Valid(body) {
		return nil, none, fmt.Errorf("%w: the body is not JSON: %w", spanintake.ErrInvalid, json.Unmarshal(body, new(any)))
	}
	if bytes.TrimLeft(body, " \t\r\n")[0] != '{' {
		return nil, none, fmt.Errorf("%w: the body is JSON, and no object with resourceSpans", spanintake.ErrInvalid)
	}
	request := ptraceotlp.NewExportRequest()
	if err := request.UnmarshalJSON(body); err != nil {
		return nil, none, fmt.Errorf("%w: %s", spanintake.ErrInvalid, plain(err))
	}
	if data, err = request.MarshalProto(); err != nil {
		return nil, none, fmt.Errorf("%w: %w", spanintake.ErrInvalid, err)
	}
	return data, none, nil
}

// plain says what the library means, without its functions' names.
func plain(err error) string {
	message, where, _ := strings.Cut(err.Error(), ", error found in ")
	if strings.Contains(message, "length mismatch") || strings.Contains(message, "hex") {
		message = "a traceId must be 32 hex digits, a spanId or parentSpanId 16"
	}
	if _, near, found := strings.Cut(where, "...|"); found {
		near, _, _ = strings.Cut(near, "|")
		message += "; near " + near
	}
	return message
}

// noteOnJSON is for a body of other things than spans: fields that nobody knows
// are to be ignored, and its sender to be told.
func noteOnJSON(body []byte) error {
	d := json.NewDecoder(bytes.NewReader(body))
	_, _ = d.Token() // {
	switch name, _ := d.Token(); name {
	case "resourceSpans", "resource_spans", json.Delim('}'), nil:
		return nil
	default:
		return fmt.Errorf("the body holds no spans: its field %.40q is none of an ExportTraceServiceRequest, which has resourceSpans", name)
	}
}
