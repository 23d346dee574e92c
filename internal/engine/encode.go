package engine

import (
	"crypto/rand"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/andybalholm/brotli"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zlib"
	"github.com/klauspost/compress/zstd"
	"github.com/pierrec/lz4/v4"
)

const (
	// defaultHTTPLevel is ClickHouse's http_zlib_compression_level.
	defaultHTTPLevel = 3
	// nativeBlock is the size of block that a ClickHouse server compresses at a
	// time (max_compress_block_size).
	nativeBlock = 1 << 20
)

// responseEncoding is what the client wants results in.
type responseEncoding struct {
	native bool // compress=1
	method compress.Method
	level  int
	http   string // a Content-Encoding, "" for none
}

func newResponseEncoding(values url.Values, header http.Header) (responseEncoding, error) {
	e := responseEncoding{native: truthy(values.Get("compress")), method: compress.LZ4, level: defaultHTTPLevel}
	switch strings.ToUpper(values.Get("network_compression_method")) {
	case "", "LZ4":
	case "ZSTD":
		e.method = compress.ZSTD
	case "LZ4HC":
		e.method = compress.LZ4HC
	case "NONE":
		e.method = compress.None
	default:
		return e, codeUnknownCompressor.errorf("Unknown network_compression_method %s: use LZ4, LZ4HC, ZSTD or NONE", quoteString(values.Get("network_compression_method")))
	}
	if v := values.Get("http_zlib_compression_level"); v != "" {
		level, err := strconv.Atoi(v)
		if err != nil || level < 1 || level > 9 {
			return e, codeBadArguments.errorf("http_zlib_compression_level %s: use 1 to 9", quoteString(v))
		}
		e.level = level
	}
	// As on a server, a client has to ask twice: compression on one machine only
	// costs, and most HTTP libraries send Accept-Encoding without being asked.
	if truthy(values.Get("enable_http_compression")) {
		e.http = chooseEncoding(header.Get("Accept-Encoding"))
	}
	return e, nil
}

// chooseEncoding takes the first of ClickHouse's order that the client accepts.
func chooseEncoding(accept string) string {
	accepted := map[string]bool{}
	for _, part := range strings.Split(accept, ",") {
		name, attributes, _ := strings.Cut(part, ";")
		if q := strings.ReplaceAll(attributes, " ", ""); q != "q=0" && q != "q=0.0" {
			accepted[strings.ToLower(strings.TrimSpace(name))] = true
		}
	}
	for _, name := range []string{"br", "lz4", "gzip", "deflate", "zstd"} {
		if accepted[name] {
			return name
		}
	}
	return ""
}

func httpEncoder(w io.Writer, e responseEncoding) (io.WriteCloser, error) {
	switch e.http {
	case "br":
		return brotli.NewWriterLevel(w, e.level), nil
	case "lz4":
		return lz4.NewWriter(w), nil
	case "gzip":
		return gzip.NewWriterLevel(w, e.level)
	case "deflate":
		return zlib.NewWriterLevel(w, e.level)
	}
	return zstd.NewWriter(w, zstd.WithEncoderConcurrency(1))
}

// nativeEncoder writes the compressed blocks of compress=1.
type nativeEncoder struct {
	w      io.Writer
	blocks *compress.Writer
}

func newNativeEncoder(w io.Writer, e responseEncoding) *nativeEncoder {
	return &nativeEncoder{w: w, blocks: compress.NewWriter(compress.LevelZero, e.method)}
}

func (e *nativeEncoder) Write(p []byte) (int, error) {
	for done := 0; done < len(p); {
		part := p[done:min(done+nativeBlock, len(p))]
		if err := e.blocks.Compress(part); err != nil {
			return done, err
		}
		if _, err := e.w.Write(e.blocks.Data); err != nil {
			return done, err
		}
		done += len(part)
	}
	return len(p), nil
}

// writePlain frames p without compressing it: the driver looks for the
// exception's mark in the bytes as they came, after decoding has failed.
func (e *nativeEncoder) writePlain(p []byte) {
	plain := &nativeEncoder{w: e.w, blocks: compress.NewWriter(compress.LevelZero, compress.None)}
	_, _ = plain.Write(p) // the connection is broken off next
}

// exceptionTag is sixteen letters that no result can know beforehand.
func exceptionTag() string {
	return rand.Text()[:16]
}
