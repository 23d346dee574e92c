package zipkin

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"

	"github.com/fivekeys/fivekeys/internal/jsonshape"
)

// spanJSON is a span as it is written in JSON.
type spanJSON struct {
	TraceID        string       `json:"traceId"`
	ID             string       `json:"id"`
	ParentID       string       `json:"parentId"`
	Name           string       `json:"name"`
	Kind           string       `json:"kind"`
	Timestamp      uint64       `json:"timestamp"`
	Duration       uint64       `json:"duration"`
	Shared         bool         `json:"shared"`
	LocalEndpoint  endpointJSON `json:"localEndpoint"`
	RemoteEndpoint endpointJSON `json:"remoteEndpoint"`
	Annotations    eventsJSON   `json:"annotations"`
	Tags           tagsJSON     `json:"tags"`
}

// eventsJSON is a list of annotations. Beyond maxAnnotations it is not read.
type eventsJSON struct {
	list []eventJSON
	many bool
}

// UnmarshalJSON looks at the number before it builds anything.
func (e *eventsJSON) UnmarshalJSON(text []byte) error {
	if e.many = jsonshape.Entries(text) > maxAnnotations; e.many {
		return nil
	}
	return json.Unmarshal(text, &e.list)
}

// tagsJSON is a span's tags. Beyond maxTags they are not read.
type tagsJSON struct {
	values map[string]any
	many   bool
}

// UnmarshalJSON looks at the number before it builds anything.
func (t *tagsJSON) UnmarshalJSON(text []byte) error {
	if t.many = jsonshape.Entries(text) > maxTags; t.many {
		return nil
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	return d.Decode(&t.values)
}

type endpointJSON struct {
	ServiceName string `json:"serviceName"`
	IPv4        string `json:"ipv4"`
	IPv6        string `json:"ipv6"`
	Port        uint16 `json:"port"`
}

type eventJSON struct {
	Timestamp uint64 `json:"timestamp"`
	Value     string `json:"value"`
}

// tagText gives a tag's value. Numbers and booleans are taken as they are
// written, which is what Zipkin's own server does.
func tagText(value any) (string, error) {
	switch v := value.(type) {
	case string:
		return v, nil
	case json.Number:
		return v.String(), nil
	case bool:
		return strconv.FormatBool(v), nil
	case nil:
		return "", nil
	default:
		return "", errTag
	}
}

// parseJSON reads a list of spans; an error says which of them.
func parseJSON(ctx context.Context, body []byte) ([]span, error) {
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	if t, err := d.Token(); err != nil || t != json.Delim('[') {
		return nil, errors.New("a JSON list of spans is required")
	}
	var spans []span
	for d.More() {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		var j spanJSON
		err := d.Decode(&j)
		if err == nil {
			var s span
			if s, err = j.span(); err == nil {
				spans = append(spans, s)
				continue
			}
		}
		return nil, fmt.Errorf("span %d: %w", len(spans), err)
	}
	if _, err := d.Token(); err != nil {
		return nil, fmt.Errorf("after span %d: the list does not end", len(spans)-1)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more after the list of spans")
	}
	return spans, nil
}

func (j *spanJSON) span() (span, error) {
	s := span{
		shared: j.Shared, name: j.Name, start: j.Timestamp, duration: j.Duration,
		local: j.LocalEndpoint.endpoint(), remote: j.RemoteEndpoint.endpoint(),
	}
	if parseID(s.trace[:], j.TraceID) != nil {
		return s, errTraceID
	}
	if parseID(s.id[:], j.ID) != nil {
		return s, errID
	}
	if parseID(s.parent[:], j.ParentID) != nil {
		return s, errParentID
	}
	var err error
	if s.kind, err = parseKind(j.Kind); err != nil {
		return s, err
	}
	if j.Annotations.many {
		return s, errAnnotations
	}
	for _, a := range j.Annotations.list {
		s.events = append(s.events, annotation{time: a.Timestamp, value: a.Value})
	}
	if j.Tags.many {
		return s, errTags
	}
	if len(j.Tags.values) > 0 {
		s.tags = make(map[string]string, len(j.Tags.values))
		for k, v := range j.Tags.values {
			if s.tags[k], err = tagText(v); err != nil {
				return s, err
			}
		}
	}
	return s, s.normalise()
}

func (j endpointJSON) endpoint() endpoint {
	e := endpoint{service: j.ServiceName, address: j.IPv4, port: j.Port}
	if e.address == "" {
		e.address = j.IPv6
	}
	return e
}
