package body

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
)

const (
	// firstRead is what is allocated on a sender's word; beyond, a buffer grows
	// with what has really arrived.
	firstRead = 256 << 10
	// unknownRead is where a body starts that doesn't say how long it is.
	unknownRead = 16 << 10
	// pooled is the largest buffer that is kept for the next request.
	pooled = 4 << 20
)

// The reasons for which a body can't be read.
var (
	ErrTooLarge = errors.New("body is too large")
	ErrEncoding = errors.New("unsupported content encoding")
	ErrBroken   = errors.New("broken compression")
	ErrFull     = errors.New("too many bodies in memory")
	ErrCut      = errors.New("body ended early")
)

// Config bounds what a Reader reads.
type Config struct {
	// Max bounds one body after decompression, All those that are in memory at one
	// time.
	Max, All int64
	// Reuse gives the buffers of released bodies to later ones. It is only for
	// those who let nothing refer to a body's bytes beyond its release.
	Reuse bool
}

// Reader reads the bodies of requests.
type Reader struct {
	cfg     Config
	room    room
	buffers sync.Pool // of *[]byte
	decompressors
}

// New makes a Reader.
func New(cfg Config) (*Reader, error) {
	r := &Reader{cfg: cfg, room: room{limit: cfg.All}}
	return r, r.prepare()
}

// Body is the bytes of a request, which count until Release.
type Body struct {
	Lease
	Data []byte
	from *Reader
}

// Release gives the memory back; Data is no more.
func (b *Body) Release() {
	if data := b.Data[:0]; b.from.cfg.Reuse && cap(data) > 0 && cap(data) <= pooled {
		b.from.buffers.Put(&data)
	}
	b.Data = nil
	b.Lease.Release()
}

// Read gives the request's body, decompressed: a kilobyte can blow up to a
// gigabyte, so the bound holds for what comes out. What was sent is first read
// to its end, so that a slow sender occupies no decompressor.
func (r *Reader) Read(w http.ResponseWriter, request *http.Request) (*Body, error) {
	encoding := contentEncoding(request)
	decompress, known := encodings[encoding]
	if encoding != "" && !known {
		return nil, fmt.Errorf("%w %q: gzip, zstd and identity are taken", ErrEncoding, encoding)
	}
	sent, err := r.receive(w, request)
	if err != nil || !known {
		return sent, err
	}
	defer sent.Release()
	plain := r.body()
	if err := decompress(r, plain, sent.Data); err != nil {
		plain.Release()
		if errors.Is(err, ErrTooLarge) || errors.Is(err, ErrFull) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: the body is not %s: %w", ErrBroken, encoding, err)
	}
	return plain, nil
}

// ReadAsSent gives the bytes that somebody has signed.
func (r *Reader) ReadAsSent(w http.ResponseWriter, request *http.Request) (*Body, error) {
	if encoding := contentEncoding(request); encoding != "" {
		return nil, fmt.Errorf("%w %q: a signed body is taken as it is", ErrEncoding, encoding)
	}
	return r.receive(w, request)
}

func contentEncoding(r *http.Request) string {
	e := strings.ToLower(strings.TrimSpace(r.Header.Get("Content-Encoding")))
	if e == "identity" {
		return ""
	}
	return e
}

// receive reads what was sent. Of one that says to be too long it reads nothing.
func (r *Reader) receive(w http.ResponseWriter, request *http.Request) (*Body, error) {
	size := request.ContentLength
	if size > r.cfg.Max {
		return nil, fmt.Errorf("%w: %d bytes, %d are the limit", ErrTooLarge, size, r.cfg.Max)
	}
	sent := r.body()
	err := sent.fill(http.MaxBytesReader(w, request.Body, r.cfg.Max), size)
	if err == nil && size >= 0 && int64(len(sent.Data)) != size {
		err = io.ErrUnexpectedEOF
	}
	if err != nil {
		sent.Release()
		if errors.Is(err, ErrTooLarge) || errors.Is(err, ErrFull) {
			return nil, err
		}
		return nil, fmt.Errorf("%w: %w", ErrCut, err)
	}
	return sent, nil
}

// body starts with an empty buffer.
func (r *Reader) body() *Body { return &Body{Lease: Lease{room: &r.room}, from: r} }

// fill reads to the end; size is the length if known, or -1.
func (b *Body) fill(src io.Reader, size int64) error {
	most := b.from.cfg.Max
	// One byte more than there may be finds the end, or a body that is too large.
	first, limit := int64(unknownRead), most+1
	if size >= 0 {
		limit = size + 1
		first = min(limit, firstRead)
	}
	if used, ok := b.from.buffers.Get().(*[]byte); ok {
		if err := b.reserve(int64(cap(*used))); err != nil {
			return err
		}
		b.Data = *used
	}
	for {
		if have := int64(cap(b.Data)); int64(len(b.Data)) == have {
			if err := b.grow(min(max(first, 2*have), limit)); err != nil {
				return err
			}
		}
		n, err := src.Read(b.Data[len(b.Data):cap(b.Data)])
		b.Data = b.Data[:len(b.Data)+n]
		var beyond *http.MaxBytesError
		switch {
		case int64(len(b.Data)) > most, errors.As(err, &beyond):
			return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, most)
		case errors.Is(err, io.EOF):
			return nil
		case err != nil:
			return err
		}
	}
}

func (b *Body) grow(to int64) error {
	if err := b.reserve(to - int64(cap(b.Data))); err != nil {
		return err
	}
	data := make([]byte, len(b.Data), to)
	copy(data, b.Data)
	b.Data = data
	return nil
}
