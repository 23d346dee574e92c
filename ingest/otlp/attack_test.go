package otlp_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"google.golang.org/grpc"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/encoding"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"

	"github.com/fivekeys/fivekeys/ingest/spanintake"
)

// compressor is what the collector's gRPC exporter compresses with besides gzip.
type compressor struct {
	name   string
	writer func(io.Writer) (io.WriteCloser, error)
}

func (c compressor) Name() string                                 { return c.name }
func (c compressor) Compress(w io.Writer) (io.WriteCloser, error) { return c.writer(w) }
func (c compressor) Decompress(io.Reader) (io.Reader, error) {
	return nil, errors.New("answers come plain")
}

func init() {
	encoding.RegisterCompressor(compressor{"zstd", func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }})
	encoding.RegisterCompressor(compressor{"snappy", func(w io.Writer) (io.WriteCloser, error) {
		return s2.NewWriter(w, s2.WriterSnappyCompat()), nil
	}})
	encoding.RegisterCompressor(compressor{"br", func(w io.Writer) (io.WriteCloser, error) { return zstd.NewWriter(w) }})
}

func TestCompressionsOfGRPC(t *testing.T) {
	s := serve(t, nil)
	client := dial(t, s)
	for i, name := range []string{"gzip", "zstd", "snappy"} {
		if _, err := client.Export(t.Context(), request(5, 0), grpc.UseCompressor(name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		if n := s.count("fivekeys_spans_received_total", "otlp_grpc", "accepted"); n != float64(5*(i+1)) {
			t.Errorf("after %s %v spans are accepted", name, n)
		}
	}
	_, err := client.Export(t.Context(), request(5, 0), grpc.UseCompressor("br"))
	if status.Code(err) != codes.Unimplemented || !strings.Contains(err.Error(), "gzip, zstd, snappy") {
		t.Errorf("another compression: %v", err)
	}
}

// call sends a frame as gRPC does, without what its client would keep in memory.
func call(ctx context.Context, client *http.Client, target string, h map[string]string, compressed []byte) (*http.Response, error) {
	frame := append(binary.BigEndian.AppendUint32([]byte{1}, uint32(len(compressed))), compressed...)
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+target+"/opentelemetry.proto.collector.trace.v1.TraceService/Export", bytes.NewReader(frame))
	if err != nil {
		return nil, err
	}
	r.Header.Set("Content-Type", "application/grpc")
	r.Header.Set("Grpc-Encoding", "gzip")
	r.Header.Set("TE", "trailers")
	for name, value := range h {
		r.Header.Set(name, value)
	}
	response, err := client.Do(r)
	if err != nil {
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	_, err = io.Copy(io.Discard, response.Body)
	return response, err
}

func overHTTP2(t *testing.T) *http.Client {
	t.Helper()
	transport := &http.Transport{Protocols: new(http.Protocols)}
	transport.Protocols.SetUnencryptedHTTP2(true)
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}
}

// Thirty-two calls that blow up to as many bodies of the largest size take the
// memory of a few, and genuine spans are taken meanwhile.
func TestBombsOverGRPC(t *testing.T) {
	const bombs, size = 32, 15 << 20
	s := serve(t, func(c *spanintake.Config) { c.MaxBody = 16 << 20 })
	data, client := gzipped(t, make([]byte, size)), overHTTP2(t)
	var peak atomic.Uint64
	used := func() uint64 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapInuse
	}
	runtime.GC()
	before := used()
	ctx, stop := context.WithCancel(t.Context())
	var watch, all sync.WaitGroup
	watch.Go(func() {
		for ctx.Err() == nil {
			peak.Store(max(peak.Load(), used()))
			select {
			case <-time.After(5 * time.Millisecond):
			case <-ctx.Done():
			}
		}
	})
	for range bombs {
		all.Go(func() {
			response, err := call(t.Context(), client, s.target, nil, data)
			if err != nil {
				t.Errorf("a bomb: %v", err)
				return
			}
			// Zeroes are no spans; who has waited for too long is to try again.
			if code := response.Trailer.Get("Grpc-Status"); code != fmt.Sprint(int(codes.InvalidArgument)) && code != fmt.Sprint(int(codes.Unavailable)) {
				t.Errorf("a bomb is answered with %s %s", code, response.Trailer.Get("Grpc-Message"))
			}
		})
	}
	genuine := dial(t, s)
	for i := range 10 {
		if _, err := genuine.Export(t.Context(), request(i+1, 0), grpc.UseCompressor("gzip")); err != nil {
			t.Errorf("genuine spans among bombs: %v", err)
		}
	}
	all.Wait()
	stop()
	watch.Wait()
	if grown := peak.Load() - min(before, peak.Load()); grown > bombs*size/2 {
		t.Errorf("%d bombs of %d MiB took %d MiB", bombs, size>>20, grown>>20)
	}
}

// Nobody without a token makes us read a message.
func TestACallWithoutATokenIsNotRead(t *testing.T) {
	s := serve(t, func(c *spanintake.Config) { c.Tokens = []string{"right"} })
	data, client := gzipped(t, make([]byte, 1<<20)), overHTTP2(t)
	response, err := call(t.Context(), client, s.target, map[string]string{"Authorization": "Bearer wrong"}, data)
	if err != nil || response.Trailer.Get("Grpc-Status") != fmt.Sprint(int(codes.Unauthenticated)) {
		t.Fatalf("answered with %v, %v", response, err)
	}
	if n := s.count("fivekeys_span_body_bytes_total", "otlp_grpc"); n != 0 {
		t.Errorf("%v bytes were read", n)
	}
	if _, err := dial(t, s).Export(metadata.AppendToOutgoingContext(t.Context(), "authorization", "Bearer right"), request(1, 0)); err != nil {
		t.Errorf("with the token: %v", err)
	}
}

func TestOtherCalls(t *testing.T) {
	s := serve(t, nil)
	client := overHTTP2(t)
	for path, media := range map[string]string{
		"/opentelemetry.proto.collector.logs.v1.LogsService/Export": "application/grpc", "/": "application/grpc",
		"/opentelemetry.proto.collector.trace.v1.TraceService/Export": "application/json",
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.target+path, bytes.NewReader(make([]byte, 1<<20)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Content-Type", media)
		response, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if code := response.Header.Get("Grpc-Status") + response.Trailer.Get("Grpc-Status"); response.StatusCode != http.StatusUnsupportedMediaType && code == fmt.Sprint(int(codes.OK)) {
			t.Errorf("%s is answered with %s %v", path, response.Status, response.Header)
		}
	}
	if n := s.count("fivekeys_spans_received_total", "otlp_grpc", "accepted"); n != 0 {
		t.Errorf("%v spans were taken", n)
	}
}

// Spans that nobody would count are told to their sender.
func TestSpansOfOtherTimesAreTold(t *testing.T) {
	at := time.Unix(0, noon)
	s := serve(t, func(c *spanintake.Config) {
		c.Retention, c.Now = 7*24*time.Hour, func() time.Time { return at }
	})
	mixed := request(4, 0)
	spans := mixed.ResourceSpans[0].ScopeSpans[0].Spans
	for i, shift := range []time.Duration{-8 * 24 * time.Hour, -6 * 24 * time.Hour, 2 * time.Hour, 0} {
		spans[i].StartTimeUnixNano, spans[i].EndTimeUnixNano = uint64(at.Add(shift).UnixNano()), uint64(at.Add(shift).UnixNano())
	}
	response, err := dial(t, s).Export(t.Context(), mixed)
	if partial := response.GetPartialSuccess(); err != nil || partial.GetRejectedSpans() != 2 || !strings.Contains(partial.GetErrorMessage(), "2 of 4 spans were rejected; the first") ||
		!strings.Contains(partial.GetErrorMessage(), "spans are kept from") {
		t.Errorf("got %v, %v", response, err)
	}
	if n := len(s.stored()); n != 2 {
		t.Errorf("%d spans are stored", n)
	}
}

// A client that stays connected doesn't hold up the end of the server.
func TestShutdownDoesNotWaitForIdleClients(t *testing.T) {
	s := serve(t, nil)
	if _, err := dial(t, s).Export(t.Context(), request(1, 0)); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := s.server.Shutdown(ctx); err != nil {
		t.Errorf("shut down: %v", err)
	}
}
