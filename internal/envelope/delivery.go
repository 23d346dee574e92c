package envelope

import (
	"fmt"
	"strings"

	"github.com/klauspost/compress/s2"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	// compressAbove: a webhook's JSON shrinks to a fraction in microseconds, and
	// every byte of it is written twice before it is acknowledged. It also makes
	// a push of 25 MiB fit a server's max_payload (1 MiB by default). Smaller
	// bodies gain nothing.
	compressAbove = 4 << 10
	// maxBody bounds what a damaged length may make us allocate.
	maxBody    = 64 << 20
	encodingS2 = "s2"
)

// Delivery renders a delivery for its subject. The message shares the
// delivery's body where that isn't compressed.
func Delivery(d *schemas.Delivery) jetstream.Message {
	h := newHeaders(5 + len(d.Header))
	h.add(headerSourceName, d.Source)
	h.add(headerDelivery, d.ID)
	h.add(headerKind, d.Kind)
	h.addTime(headerReceivedAt, d.ReceivedAt)
	for name, value := range d.Header {
		h.add(headerRequest+name, value)
	}
	body := d.Body
	if len(body) > compressAbove {
		if small := s2.Encode(nil, body); len(small) < len(body) {
			body = small
			h.add(headerEncoding, encodingS2)
		}
	}
	return jetstream.Message{
		Subject: schemas.DeliverySubject(d.Source),
		ID:      identity(d.Source, d.ID),
		Header:  h.set,
		Data:    body,
	}
}

// DeliveryID gives a delivery's source and its sender's id without unpacking it;
// both are empty for another kind of message.
func DeliveryID(m jetstream.Message) (source, id string) {
	return get(m.Header, headerSourceName), get(m.Header, headerDelivery)
}

// ParseDelivery is the reverse. Its errors are ErrMalformed.
func ParseDelivery(m jetstream.Message) (schemas.Delivery, error) {
	d := schemas.Delivery{
		Source: get(m.Header, headerSourceName),
		ID:     get(m.Header, headerDelivery),
		Kind:   get(m.Header, headerKind),
		Body:   m.Data,
	}
	if d.Source == "" {
		return d, malformed("delivery", headerSourceName, nil)
	}
	if d.ID == "" {
		return d, malformed("delivery", headerDelivery, nil)
	}
	var err error
	if d.ReceivedAt, err = getTime(m.Header, "delivery", headerReceivedAt); err != nil {
		return d, err
	}
	for name := range m.Header {
		if kept, ok := strings.CutPrefix(name, headerRequest); ok {
			if d.Header == nil {
				d.Header = make(map[string]string)
			}
			d.Header[kept] = get(m.Header, name)
		}
	}
	switch encoding := get(m.Header, headerEncoding); encoding {
	case "":
		return d, nil
	case encodingS2:
		d.Body, err = expand(m.Data)
		return d, err
	default:
		return d, malformed("delivery", headerEncoding, fmt.Errorf("%q is unknown", encoding))
	}
}

func expand(data []byte) ([]byte, error) {
	n, err := s2.DecodedLen(data)
	if err == nil && n > maxBody {
		err = fmt.Errorf("%d bytes are too many", n)
	}
	if err != nil {
		return nil, fmt.Errorf("%w: delivery: expand body: %w", ErrMalformed, err)
	}
	body, err := s2.Decode(nil, data)
	if err != nil {
		return nil, fmt.Errorf("%w: delivery: expand body: %w", ErrMalformed, err)
	}
	return body, nil
}
