package engine

import (
	"bufio"
	"errors"
	"io"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

// zstdMemory bounds the window a client can make us allocate.
const zstdMemory = 128 << 20

// decoded undoes the HTTP encoding and then ClickHouse's own block compression.
func (u *upload) decoded(encoding string, native bool) (io.Reader, error) {
	r, err := httpDecoder(u.wire(), encoding)
	if err != nil {
		return nil, err
	}
	if native {
		r = newNativeReader(r)
	}
	return r, nil
}

func httpDecoder(r io.Reader, encoding string) (io.Reader, error) {
	var err error
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		return r, nil
	case "gzip", "x-gzip":
		r, err = gzip.NewReader(r)
	case "deflate":
		r, err = zlib.NewReader(r)
	case "br":
		r = brotli.NewReader(r)
	case "lz4":
		r = lz4.NewReader(r)
	case "zstd":
		var d *zstd.Decoder
		// Without concurrency there is no goroutine to close.
		if d, err = zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(zstdMemory)); err == nil {
			r = d
		}
	default:
		return nil, codeUnknownCompressor.errorf("Unknown compression method %s: use gzip, deflate, br, zstd or lz4", quoteString(encoding))
	}
	if err != nil {
		return nil, codeCannotRead.errorf("Cannot decode %s body: %v", encoding, err)
	}
	return r, nil
}

// nativeReader reads the compressed blocks of decompress=1.
type nativeReader struct {
	wire   *countingReader
	blocks *compress.Reader
}

func newNativeReader(r io.Reader) *nativeReader {
	wire := &countingReader{r: bufio.NewReaderSize(r, 64<<10)}
	return &nativeReader{wire: wire, blocks: compress.NewReader(wire)}
}

// Read ends only between two blocks. ch-go reports EOF for an input that stops
// right behind a block's header too, and that one would commit half an upload.
func (r *nativeReader) Read(p []byte) (int, error) {
	before := r.wire.n
	n, err := r.blocks.Read(p)
	switch {
	case err == nil:
		return n, nil
	case errors.Is(err, io.EOF) && r.wire.n == before:
		return n, io.EOF
	case errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF):
		return n, codeCannotRead.errorf("Cannot read all data of a compressed block; nothing of it was inserted")
	}
	return n, codeCannotRead.errorf("Cannot decompress block: %v", err)
}

type countingReader struct {
	r io.Reader
	n int64
}

func (r *countingReader) Read(p []byte) (int, error) {
	n, err := r.r.Read(p)
	r.n += int64(n)
	return n, err
}
