package native

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"strings"
	"unicode/utf8"

	"github.com/fivekeys/fivekeys/internal/jsonshape"
)

// The media types of a body.
const (
	mediaEvent = "application/cloudevents+json"
	mediaBatch = "application/cloudevents-batch+json"
	mediaJSON  = "application/json"
)

// MediaTypes lists what Parse accepts, for an Accept header.
var MediaTypes = strings.Join([]string{mediaEvent, mediaBatch, mediaJSON}, ", ")

// ErrMediaType marks a body of a media type that can't be events.
var ErrMediaType = errors.New("unsupported media type")

// MaxEvents bounds one request; a sender of more sends several.
const MaxEvents = 10_000

// object is an event's JSON object as it was sent. Its subject isn't used: the
// service in the data says whose event it is.
type object struct {
	SpecVersion     string          `json:"specversion"`
	ID              string          `json:"id"`
	Source          string          `json:"source"`
	Type            string          `json:"type"`
	Time            string          `json:"time"`
	Subject         json.RawMessage `json:"subject"`
	DataContentType string          `json:"datacontenttype"`
	Data            json.RawMessage `json:"data"`
	DataBase64      *string         `json:"data_base64"`
	// Context is there in a CDEvent that is sent without an envelope; its subject
	// is an object.
	Context json.RawMessage `json:"context"`
}

// split gives the JSON objects of a body, and whether each must name its specversion.
func split(h http.Header, body []byte) (objects []json.RawMessage, strict bool, err error) {
	ct := h.Get("Content-Type")
	media, _, err := mime.ParseMediaType(ct)
	if err != nil {
		return nil, false, fmt.Errorf("%w: %q; name one in Content-Type: %s", ErrMediaType, ct, MediaTypes)
	}
	if media != mediaEvent && media != mediaBatch && media != mediaJSON {
		return nil, false, fmt.Errorf("%w: %q is none of %s", ErrMediaType, media, MediaTypes)
	}
	if _, err := jsonshape.Check(body); err != nil {
		return nil, false, bodyError("is %v", err)
	}
	if !utf8.Valid(body) {
		return nil, false, bodyError("is not UTF-8")
	}
	body = bytes.TrimSpace(body)
	if len(body) == 0 {
		return nil, false, bodyError("is empty")
	}
	switch {
	case media == mediaJSON && h.Get("Ce-Specversion") != "":
		raw, err := binary(h, body)
		return []json.RawMessage{raw}, true, err
	case media == mediaEvent || media == mediaJSON && body[0] != '[':
		return []json.RawMessage{body}, media == mediaEvent, nil
	}
	if n := jsonshape.Entries(body); n > MaxEvents {
		return nil, false, bodyError("holds %d events; at most %d are taken at once", n, MaxEvents)
	}
	if err := json.Unmarshal(body, &objects); err != nil {
		return nil, false, bodyError("is not a JSON array: %v", err)
	}
	return objects, media == mediaBatch, nil
}

// binary renders a request in CloudEvents' binary mode, where the attributes
// are headers, as the structured object. Most SDKs send this mode unasked.
func binary(h http.Header, body []byte) (json.RawMessage, error) {
	if !json.Valid(body) {
		return nil, bodyError("is not JSON")
	}
	raw, err := json.Marshal(object{
		SpecVersion: h.Get("Ce-Specversion"),
		ID:          h.Get("Ce-Id"),
		Source:      h.Get("Ce-Source"),
		Type:        h.Get("Ce-Type"),
		Time:        h.Get("Ce-Time"),
		Data:        body,
	})
	if err != nil {
		return nil, bodyError("can't be read: %v", err)
	}
	return raw, nil
}

// decode reads one object.
func decode(raw json.RawMessage) (object, error) {
	var o object
	if len(raw) == 0 || raw[0] != '{' {
		return o, fieldError("", "is not a JSON object")
	}
	if err := json.Unmarshal(raw, &o); err != nil {
		var te *json.UnmarshalTypeError
		if errors.As(err, &te) && te.Field != "" {
			return o, fieldError(te.Field, "must be %s, is %s", te.Type, te.Value)
		}
		return o, fieldError("", "is not JSON: %v", err)
	}
	if o.DataBase64 != nil {
		data, err := base64.StdEncoding.DecodeString(*o.DataBase64)
		if err != nil || !json.Valid(data) {
			return o, fieldError("data_base64", "is not base64 of JSON")
		}
		o.Data = data
	}
	if ct := o.DataContentType; ct != "" {
		media, _, err := mime.ParseMediaType(ct)
		if err != nil || media != mediaJSON && !strings.HasSuffix(media, "+json") {
			return o, fieldError("datacontenttype", "%q is not JSON", ct)
		}
	}
	return o, nil
}
