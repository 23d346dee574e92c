package body

import (
	"bytes"
	"fmt"
	"runtime"
	"sync"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// maxWindow is what the zstd format asks of every decoder and what its
// compressors stay below unless told otherwise.
const maxWindow = 8 << 20

// encodings are the ones that Read undoes.
var encodings = map[string]func(r *Reader, plain *Body, sent []byte) error{"gzip": (*Reader).gunzip, "zstd": (*Reader).unzstd}

type decompressors struct {
	gzips sync.Pool // of *gzip.Reader
	// zstds are few: each may hold a window, and more than there are processors
	// make nothing faster.
	zstds chan *zstd.Decoder
}

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

func (r *Reader) gunzip(plain *Body, sent []byte) error {
	z, ok := r.gzips.Get().(*gzip.Reader)
	if !ok {
		z = new(gzip.Reader)
	}
	defer r.gzips.Put(z)
	if err := z.Reset(bytes.NewReader(sent)); err != nil {
		return err
	}
	return plain.fill(z, -1)
}

func (r *Reader) unzstd(plain *Body, sent []byte) error {
	z := <-r.zstds
	defer func() {
		_ = z.Reset(nil) // lets go of the body
		r.zstds <- z
	}()
	if err := z.Reset(bytes.NewReader(sent)); err != nil {
		return err
	}
	return plain.fill(z, -1)
}
