package gateway

import (
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
)

const (
	// firstRead is what is allocated on a sender's word; beyond, a buffer grows
	// with what has really arrived.
	firstRead = 256 << 10
	// unknownRead is where a body of unknown length starts.
	unknownRead = 16 << 10
)

// bodies reads request bodies within bounds: max for each, limit for all that
// are in memory at one time.
type bodies struct {
	max, limit int64
	held       atomic.Int64
}

// body is a request's body; release gives its memory's share back.
type body struct {
	data []byte
	from *bodies
	held int64
}

func (b *body) release() {
	b.from.held.Add(-b.held)
	b.held = 0
}

func (b *body) reserve(n int64) error {
	if b.from.held.Add(n) > b.from.limit {
		b.from.held.Add(-n)
		return errBuffers
	}
	b.held += n
	return nil
}

// read reads the body as it was sent. Refusing a Content-Length beyond the
// bound reads nothing at all.
func (s *bodies) read(r *http.Request) (body, error) {
	b := body{from: s}
	if r.ContentLength > s.max {
		return b, fmt.Errorf("%w: %d bytes, %d are the limit", errTooLarge, r.ContentLength, s.max)
	}
	if encoding := contentEncoding(r); encoding != "" {
		return b, fmt.Errorf("%w %q: a signed body is taken as it is", errEncoding, encoding)
	}
	err := b.fill(r.Body, r.ContentLength)
	return b, err
}

// readPlain reads the body and undoes a gzip encoding; the bound holds for what
// comes out, since a kilobyte can blow up to a gigabyte.
func (s *bodies) readPlain(r *http.Request) (body, error) {
	b := body{from: s}
	if r.ContentLength > s.max {
		return b, fmt.Errorf("%w: %d bytes, %d are the limit", errTooLarge, r.ContentLength, s.max)
	}
	switch encoding := contentEncoding(r); encoding {
	case "":
		err := b.fill(r.Body, r.ContentLength)
		return b, err
	case "gzip":
		z, err := gzip.NewReader(r.Body)
		if err == nil {
			err = b.fill(z, -1)
		}
		if errors.Is(err, errRead) || errors.Is(err, gzip.ErrHeader) || errors.Is(err, io.EOF) {
			err = fmt.Errorf("%w: %w", errGzip, err)
		}
		return b, err
	default:
		return b, fmt.Errorf("%w %q: gzip and identity are taken", errEncoding, encoding)
	}
}

func contentEncoding(r *http.Request) string {
	e := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	if e == "identity" {
		return ""
	}
	return e
}

// fill reads to the end; size is the length if known, or -1.
func (b *body) fill(src io.Reader, size int64) error {
	next := int64(unknownRead)
	if size >= 0 {
		next = min(size, firstRead)
	}
	for int64(len(b.data)) != size {
		if len(b.data) == cap(b.data) {
			if err := b.grow(next); err != nil {
				return err
			}
			next *= 2
			if size >= 0 {
				next = min(next, size)
			}
			// One byte beyond the bound tells a body that is too large.
			next = min(next, b.from.max+1)
		}
		// Not io.ReadFull: it says the same for a body that ends and for a
		// connection that was cut.
		n, err := src.Read(b.data[len(b.data):cap(b.data)])
		b.data = b.data[:len(b.data)+n]
		switch {
		case int64(len(b.data)) > b.from.max:
			return fmt.Errorf("%w: more than %d bytes", errTooLarge, b.from.max)
		case errors.Is(err, io.EOF) && (size < 0 || int64(len(b.data)) == size):
			return nil
		case err != nil && int64(len(b.data)) != size:
			return fmt.Errorf("%w: %w", errRead, err)
		}
	}
	return nil
}

func (b *body) grow(to int64) error {
	if err := b.reserve(to - int64(cap(b.data))); err != nil {
		return err
	}
	data := make([]byte, len(b.data), to)
	copy(data, b.data)
	b.data = data
	return nil
}
