package body

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"strings"
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
	room    *room
	buffers buffers
	places  places
	decompressors
}

// New makes a Reader.
func New(cfg Config) (*Reader, error) {
	r := &Reader{cfg: cfg, room: newRoom(cfg.All), places: newPlaces()}
	return r, r.prepare()
}

// Body is the bytes of a request, which count until Release.
type Body struct {
	Lease
	Data   []byte
	from   *Reader
	placed bool
	// arriving is set while bytes still come from a sender.
	arriving bool
	sender   netip.Addr
}

// Leave ends the work on a body: what follows only waits, and others may work.
func (b *Body) Leave() {
	if b.placed {
		b.placed = false
		b.from.places.leave()
	}
}

// Release gives the memory back; Data is no more.
func (b *Body) Release() {
	b.Leave()
	if b.from.cfg.Reuse {
		b.from.buffers.put(b.Data)
	}
	b.Data = nil
	b.arrived()
	b.Lease.Release()
}

// Read gives the request's body, decompressed: a kilobyte can blow up to a
// gigabyte, so the bound holds for what comes out. What was sent is first read
// to its end, so that a slow sender occupies no decompressor.
func (r *Reader) Read(w http.ResponseWriter, request *http.Request) (*Body, error) {
	encoding := contentEncoding(request)
	decompress, err := lookup(encoding)
	if err != nil {
		return nil, err
	}
	sent, err := r.receive(w, request)
	if err != nil {
		return nil, err
	}
	return r.plain(request.Context(), sent, encoding, decompress)
}

// ReadAsSent gives the bytes that somebody has signed.
func (r *Reader) ReadAsSent(w http.ResponseWriter, request *http.Request) (*Body, error) {
	if encoding := contentEncoding(request); encoding != "" {
		return nil, fmt.Errorf("%w %q: a signed body is taken as it is", ErrEncoding, encoding)
	}
	return r.receive(w, request)
}

func contentEncoding(r *http.Request) string { return encodingName(r.Header.Get("Content-Encoding")) }

func encodingName(given string) string {
	e := strings.ToLower(strings.TrimSpace(given))
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
	a := arrive(w, http.MaxBytesReader(w, request.Body, r.cfg.Max))
	return r.fetch(a, request, size)
}

// fetch reads an arrival to its end; size is its length if known, or -1.
func (r *Reader) fetch(a *arrival, request *http.Request, size int64) (*Body, error) {
	sent := r.body()
	sent.arriving, sent.sender = true, sender(request)
	err := sent.fill(a, size, r.cfg.Max)
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
	a.end()
	sent.arrived()
	return sent, nil
}

// body starts with an empty buffer.
func (r *Reader) body() *Body { return &Body{Lease: Lease{room: r.room}, from: r} }

// fill reads to the end, and no more than most bytes; size is the length if
// known, or -1.
func (b *Body) fill(src io.Reader, size, most int64) error {
	// One byte more than there may be finds the end, or a body that is too large.
	limit := most + 1
	if size >= 0 {
		limit = size + 1
	}
	for {
		if have := int64(cap(b.Data)); int64(len(b.Data)) == have {
			if err := b.grow(min(max(smallest, 2*have), limit)); err != nil {
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
		case size >= 0 && int64(len(b.Data)) > size:
			return fmt.Errorf("%w: it is longer than the %d bytes it says to have", errLength, size)
		}
	}
}

// errLength is a sender's mistake about its own body.
var errLength = errors.New("wrong length")

func (b *Body) grow(to int64) error {
	data, err := b.allocate(to)
	if err != nil {
		return err
	}
	data = append(data, b.Data...)
	if b.from.cfg.Reuse {
		b.from.buffers.put(b.Data)
	}
	b.Data = data
	return nil
}

// allocate gives an empty buffer of at least n bytes, which replaces the one
// there is.
func (b *Body) allocate(n int64) ([]byte, error) {
	if b.from.cfg.Reuse {
		n = b.from.buffers.size(n)
	}
	more := n - int64(cap(b.Data))
	if err := b.take(more); err != nil {
		return nil, err
	}
	if b.from.cfg.Reuse {
		return b.from.buffers.get(n), nil
	}
	return make([]byte, 0, n), nil
}
