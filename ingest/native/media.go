package native

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/fivekeys/fivekeys/internal/jsonshape"
	"github.com/fivekeys/fivekeys/schemas"
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
	inHeaders := h.Get("Ce-Specversion") != "" && isJSON(media) && media != mediaEvent && media != mediaBatch
	if media != mediaEvent && media != mediaBatch && media != mediaJSON && !inHeaders {
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
	case inHeaders:
		raw, err := binary(h, body)
		return []json.RawMessage{raw}, true, err
	case media == mediaEvent || media != mediaBatch && body[0] != '[':
		return []json.RawMessage{body}, media == mediaEvent, nil
	}
	if n := jsonshape.Entries(body); n > MaxEvents {
		return nil, false, bodyError("holds %d events; at most %d are taken at once", n, MaxEvents)
	}
	if !json.Valid(body) || json.Unmarshal(body, &objects) != nil {
		return nil, false, bodyError("is not a JSON list of events%s", syntax(body))
	}
	return objects, media == mediaBatch, nil
}

// binary renders a request in CloudEvents' binary mode, where the attributes
// are headers, as the structured object. Most SDKs send this mode unasked.
func binary(h http.Header, body []byte) (json.RawMessage, error) {
	if !json.Valid(body) {
		return nil, bodyError("is not JSON%s", syntax(body))
	}
	raw, err := json.Marshal(object{
		SpecVersion: attribute(h, "Ce-Specversion"),
		ID:          attribute(h, "Ce-Id"),
		Source:      attribute(h, "Ce-Source"),
		Type:        attribute(h, "Ce-Type"),
		Time:        attribute(h, "Ce-Time"),
		Data:        body,
	})
	if err != nil {
		return nil, bodyError("can't be read: %v", err)
	}
	return raw, nil
}

// attribute reads an attribute from its header, as CloudEvents' HTTP binding has
// it: out of quotes first, then out of percent-encoding, each once. A "%" that
// begins no encoded byte stands for itself.
func attribute(h http.Header, name string) string {
	value := strings.TrimSpace(h.Get(name))
	if n := len(value); n >= 2 && value[0] == '"' && value[n-1] == '"' {
		value = unescaped.ReplaceAllString(value[1:n-1], "$1")
	}
	return percent.ReplaceAllStringFunc(value, func(triplet string) string {
		b, _ := hex.DecodeString(triplet[1:])
		return string(b)
	})
}

var (
	unescaped = regexp.MustCompile(`\\(.)`)
	percent   = regexp.MustCompile(`%[0-9A-Fa-f]{2}`)
)

// isJSON says so of application/json and of what is built on it.
func isJSON(media string) bool { return media == mediaJSON || strings.HasSuffix(media, "+json") }

// syntax says where JSON is broken; nothing where it isn't.
func syntax(body []byte) string {
	var whole json.RawMessage
	if err := json.Unmarshal(body, &whole); err != nil {
		return ": " + err.Error()
	}
	return ""
}

// decode reads one object.
func decode(raw json.RawMessage) (object, error) {
	var o object
	if len(raw) == 0 || raw[0] != '{' {
		return o, fieldError("", "is not a JSON object")
	}
	if err := schemas.ReadJSON(raw, &o); err != nil {
		return o, err
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
		if err != nil || !isJSON(media) {
			return o, fieldError("datacontenttype", "%q is not JSON", ct)
		}
	}
	return o, nil
}
