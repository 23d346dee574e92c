package spanintake

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

const (
	// firstRead is where a body starts that doesn't say how long it is, and what is
	// allocated on a sender's word for one that does; beyond, a buffer grows with
	// what has really arrived.
	unknownRead = 64 << 10
	firstRead   = 1 << 20
	// pooled is the largest buffer that is kept for the next request.
	pooled = 4 << 20
	// maxWindow is what the zstd format asks of every decoder and what its
	// compressors stay below unless told otherwise.
	maxWindow = 8 << 20
)

// bodies reads request bodies within bounds: max for each, limit for all that
// are in memory at one time.
type bodies struct {
	max, limit int64
	held       atomic.Int64
	buffers    sync.Pool // of *[]byte
	gzips      sync.Pool // of *gzip.Reader
	// zstds are few: each may hold a window, and more than there are processors
	// make nothing faster.
	zstds chan *zstd.Decoder
}

func newBodies(limitOne, limitAll int64) (*bodies, error) {
	s := &bodies{max: limitOne, limit: limitAll, zstds: make(chan *zstd.Decoder, runtime.GOMAXPROCS(0))}
	for range cap(s.zstds) {
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return nil, fmt.Errorf("prepare zstd: %w", err)
		}
		s.zstds <- z
	}
	return s, nil
}

func (s *bodies) full() bool { return s.held.Load() >= s.limit }

// Lease is a share of the memory that requests may hold.
type Lease struct {
	from *bodies
	held int64
}

// Lease takes n bytes out of what requests may hold, or says that there is no room.
func (in *Intake) Lease(n int) (*Lease, error) {
	l := &Lease{from: in.bodies}
	return l, l.reserve(int64(n))
}

func (l *Lease) reserve(n int64) error {
	if l.from.held.Add(n) > l.from.limit {
		l.from.held.Add(-n)
		return errBuffers
	}
	l.held += n
	return nil
}

// Release gives it back.
func (l *Lease) Release() {
	l.from.held.Add(-l.held)
	l.held = 0
}

// body is bytes in a buffer that is used again after release.
type body struct {
	Lease
	data []byte
}

func (b *body) release() {
	if data := b.data[:0]; cap(data) > 0 && cap(data) <= pooled {
		b.from.buffers.Put(&data)
	}
	b.data = nil
	b.Release()
}

// read gives the request's body, decompressed. What was sent is first read to its
// end, so that a slow sender occupies no decompressor.
func (s *bodies) read(w http.ResponseWriter, r *http.Request) (_ *body, err error) {
	if r.ContentLength > s.max {
		return nil, fmt.Errorf("%w: %d bytes, %d are the limit", errTooLarge, r.ContentLength, s.max)
	}
	sent := s.body()
	if err := sent.fill(http.MaxBytesReader(w, r.Body, s.max), r.ContentLength); err != nil {
		sent.release()
		if errors.Is(err, errTooLarge) || errors.Is(err, errBuffers) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", errRead, err)
	}
	encoding := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	if encoding == "" || encoding == "identity" {
		return sent, nil
	}
	defer sent.release()
	plain := s.body()
	switch encoding {
	case "gzip":
		err = s.gunzip(plain, sent.data)
	case "zstd":
		err = s.unzstd(plain, sent.data)
	default:
		err = fmt.Errorf("%w %q: gzip, zstd and identity are taken", errEncoding, encoding)
	}
	if err != nil {
		plain.release()
		return nil, err
	}
	return plain, nil
}

func (s *bodies) gunzip(plain *body, sent []byte) error {
	z, ok := s.gzips.Get().(*gzip.Reader)
	if !ok {
		z = new(gzip.Reader)
	}
	defer s.gzips.Put(z)
	err := z.Reset(bytes.NewReader(sent))
	if err == nil {
		err = plain.fill(z, -1)
	}
	return broken("gzip", err)
}

func (s *bodies) unzstd(plain *body, sent []byte) error {
	z := <-s.zstds
	defer func() {
		_ = z.Reset(nil) // lets go of the body
		s.zstds <- z
	}()
	err := z.Reset(bytes.NewReader(sent))
	if err == nil {
		err = plain.fill(z, -1)
	}
	return broken("zstd", err)
}

// broken tells bytes that are not what they are said to be from our own bounds.
func broken(encoding string, err error) error {
	if err == nil || errors.Is(err, errTooLarge) || errors.Is(err, errBuffers) {
		return err
	}
	return fmt.Errorf("%w: the body is not %s: %w", ErrInvalid, encoding, err)
}

// body starts with an empty buffer, a used one if there is.
func (s *bodies) body() *body { return &body{Lease: Lease{from: s}} }

// fill reads to the end; size is the length if known, or -1.
func (b *body) fill(src io.Reader, size int64) error {
	// One byte more than there may be finds the end, or a body that is too large.
	first, limit := int64(unknownRead), b.from.max+1
	if size >= 0 {
		limit = size + 1
		first = min(limit, firstRead)
	}
	if used, ok := b.from.buffers.Get().(*[]byte); ok {
		if err := b.reserve(int64(cap(*used))); err != nil {
			return err
		}
		b.data = *used
	}
	for {
		if have := int64(cap(b.data)); int64(len(b.data)) == have {
			if err := b.grow(min(max(first, 2*have), limit)); err != nil {
				return err
			}
		}
		n, err := src.Read(b.data[len(b.data):cap(b.data)])
		b.data = b.data[:len(b.data)+n]
		var beyond *http.MaxBytesError
		switch {
		case int64(len(b.data)) > b.from.max, errors.As(err, &beyond):
			return fmt.Errorf("%w: more than %d bytes", errTooLarge, b.from.max)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
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
