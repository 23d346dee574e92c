package body

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

const (
	// maxWindow is what the zstd format asks of every decoder and what its
	// compressors stay below unless told otherwise.
	maxWindow = 8 << 20
	// inflating is what a gzip decompressor takes, and more than snappy's.
	inflating = 48 << 10
)

// Encodings are the names of what Read and ReadMessage undo.
const Encodings = "gzip, zstd, snappy"

// decompressor writes what was sent, decompressed, into a body, no more than most
// bytes.
type decompressor func(r *Reader, plain *Body, sent []byte, most int64) error

var encodings = map[string]decompressor{
	"":                nil,
	"gzip":            (*Reader).gunzip,
	"zstd":            (*Reader).unzstd,
	"snappy":          (*Reader).unsnap,
	"x-snappy-framed": (*Reader).unsnap,
}

func lookup(encoding string) (decompressor, error) {
	d, known := encodings[encoding]
	if !known {
		return nil, fmt.Errorf("%w %q: %s and identity are taken", ErrEncoding, encoding, Encodings)
	}
	return d, nil
}

type decompressors struct {
	gzips sync.Pool // of *gzip.Reader
	snaps sync.Pool // of *s2.Reader
	zstds chan *zstd.Decoder
}

// prepare makes the zstd decoders. They are few: each may hold a window.
func (d *decompressors) prepare() error {
	d.zstds = make(chan *zstd.Decoder, runtime.GOMAXPROCS(0))
	for range cap(d.zstds) {
		z, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxWindow(maxWindow))
		if err != nil {
			return fmt.Errorf("prepare zstd: %w", err)
		}
		d.zstds <- z
	}
	return nil
}

// plain gives what was sent, decompressed. A large body takes a place first, and
// one that turns out to be large starts again in a place: until then it has cost
// as little as any other.
func (r *Reader) plain(ctx context.Context, sent *Body, encoding string, decompress decompressor) (*Body, error) {
	if decompress == nil {
		if err := sent.enter(ctx, int64(len(sent.Data))); err != nil {
			sent.Release()
			return nil, err
		}
		return sent, nil
	}
	defer sent.Release()
	plain, err := r.decompress(sent.Data, decompress, min(large, r.cfg.Max))
	if errors.Is(err, ErrTooLarge) && r.cfg.Max > large {
		if err := sent.enter(ctx, r.cfg.Max); err != nil {
			return nil, err
		}
		plain, err = r.decompress(sent.Data, decompress, r.cfg.Max)
	}
	switch {
	case err == nil:
		plain.placed, sent.placed = sent.placed, false // the work goes on
		return plain, nil
	case errors.Is(err, ErrTooLarge), errors.Is(err, ErrFull):
		return nil, err
	default:
		return nil, fmt.Errorf("%w: the body is not %s: %w", ErrBroken, encoding, err)
	}
}

// enter takes a place for a body that is large.
func (b *Body) enter(ctx context.Context, size int64) error {
	if size <= large {
		return nil
	}
	err := b.from.places.enter(ctx)
	b.placed = err == nil
	return err
}

func (r *Reader) decompress(sent []byte, decompress decompressor, most int64) (*Body, error) {
	working := r.Lease()
	defer working.Release()
	if err := working.More(inflating); err != nil {
		return nil, err
	}
	plain := r.body()
	if err := decompress(r, plain, sent, most); err != nil {
		plain.Release()
		return nil, err
	}
	return plain, nil
}

func (r *Reader) gunzip(plain *Body, sent []byte, most int64) error {
	z, ok := r.gzips.Get().(*gzip.Reader)
	if !ok {
		z = new(gzip.Reader)
	}
	defer r.gzips.Put(z)
	if err := z.Reset(bytes.NewReader(sent)); err != nil {
		return err
	}
	return plain.fill(z, -1, most)
}

func (r *Reader) unzstd(plain *Body, sent []byte, most int64) error {
	z := <-r.zstds
	defer func() {
		_ = z.Reset(nil) // lets go of the body
		r.zstds <- z
	}()
	if err := z.Reset(bytes.NewReader(sent)); err != nil {
		return err
	}
	return plain.fill(z, -1, most)
}

// snappyStream begins what is snappy's framing format and not one block.
const snappyStream = "\xff\x06\x00\x00sNaPpY"

// unsnap takes both of snappy's formats under one name, as senders do.
func (r *Reader) unsnap(plain *Body, sent []byte, most int64) error {
	if bytes.HasPrefix(sent, []byte(snappyStream)) {
		z, ok := r.snaps.Get().(*s2.Reader)
		if !ok {
			z = s2.NewReader(nil, s2.ReaderMaxBlockSize(64<<10))
		}
		defer func() {
			z.Reset(nil)
			r.snaps.Put(z)
		}()
		z.Reset(bytes.NewReader(sent))
		return plain.fill(z, -1, most)
	}
	// A block says how long it is; nothing is allocated on a word that can't be true.
	size, err := s2.DecodedLen(sent)
	switch {
	case err != nil:
		return err
	case int64(size) > most:
		return fmt.Errorf("%w: more than %d bytes", ErrTooLarge, most)
	case size > maxSnappy*len(sent):
		return io.ErrUnexpectedEOF
	}
	into, err := plain.allocate(int64(max(size, 1)))
	if err != nil {
		return err
	}
	plain.Data, err = s2.Decode(into[:size], sent)
	return err
}

// maxSnappy is more than snappy's shortest instruction (three bytes for a copy of
// 64) can make of one byte.
const maxSnappy = 32
