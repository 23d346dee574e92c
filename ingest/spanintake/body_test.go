package spanintake

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"
)

// Whatever comes in, in whatever pieces: the bytes are right or there is an
// error of the right kind, and no memory stays taken.
func TestBodies(t *testing.T) {
	const limit, all = 300_000, 1_000_000
	plain := make([]byte, limit)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range plain {
		plain[i] = byte(r.IntN(4))
	}
	zip := func(b []byte) []byte {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	z, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	for sentence, tt := range map[string]struct {
		body     io.Reader
		length   int64
		encoding string
		want     []byte
		err      error
	}{
		"all at once":                             {bytes.NewReader(plain), limit, "", plain, nil},
		"of unknown length":                       {bytes.NewReader(plain), -1, "", plain, nil},
		"byte by byte":                            {iotest.OneByteReader(bytes.NewReader(plain)), limit, "", plain, nil},
		"nothing":                                 {http.NoBody, 0, "", []byte{}, nil},
		"more than the limit by its length":       {bytes.NewReader(plain), limit + 1, "", nil, errTooLarge},
		"more than the limit of unknown length":   {io.MultiReader(bytes.NewReader(plain), bytes.NewReader(plain)), -1, "", nil, errTooLarge},
		"a connection that is cut":                {io.MultiReader(bytes.NewReader(plain[:10]), iotest.ErrReader(io.ErrUnexpectedEOF)), limit, "", nil, errRead},
		"gzip":                                    {bytes.NewReader(zip(plain)), -1, "gzip", plain, nil},
		"gzip in upper case":                      {bytes.NewReader(zip(plain)), -1, " GZIP ", plain, nil},
		"gzip that is cut":                        {io.MultiReader(bytes.NewReader(zip(plain)[:99]), iotest.ErrReader(io.ErrUnexpectedEOF)), -1, "gzip", nil, errRead},
		"gzip that ends early":                    {bytes.NewReader(zip(plain)[:99]), -1, "gzip", nil, ErrInvalid},
		"gzip of more than the limit":             {bytes.NewReader(zip(make([]byte, limit+1))), -1, "gzip", nil, errTooLarge},
		"gzip of a hundred times the limit":       {bytes.NewReader(zip(make([]byte, 100*limit))), -1, "gzip", nil, errTooLarge},
		"zstd":                                    {bytes.NewReader(z.EncodeAll(plain, nil)), -1, "zstd", plain, nil},
		"zstd that ends early":                    {bytes.NewReader(z.EncodeAll(plain, nil)[:99]), -1, "zstd", nil, ErrInvalid},
		"zstd of a hundred times the limit":       {bytes.NewReader(z.EncodeAll(make([]byte, 100*limit), nil)), -1, "zstd", nil, errTooLarge},
		"an encoding that isn't taken":            {bytes.NewReader(plain), limit, "deflate", nil, errEncoding},
		"gzip as long as the limit in both forms": {bytes.NewReader(zip(plain)), int64(len(zip(plain))), "gzip", plain, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			s, err := newBodies(limit, all)
			if err != nil {
				t.Fatal(err)
			}
			for range 3 { // with buffers that were used
				request := httptest.NewRequest(http.MethodPost, "/", tt.body)
				request.ContentLength = tt.length
				request.Header.Set("Content-Encoding", tt.encoding)
				b, err := s.read(httptest.NewRecorder(), request)
				if !errors.Is(err, tt.err) {
					t.Fatalf("got the error %v", err)
				}
				if err == nil {
					if !bytes.Equal(b.data, tt.want) {
						t.Fatalf("got %d bytes", len(b.data))
					}
					if s.held.Load() < int64(cap(b.data)) {
						t.Errorf("%d bytes are held of %d", s.held.Load(), cap(b.data))
					}
					b.release()
				}
				if held := s.held.Load(); held != 0 {
					t.Fatalf("%d bytes stay taken", held)
				}
				if seeker, ok := tt.body.(io.Seeker); ok {
					_, _ = seeker.Seek(0, io.SeekStart)
				} else {
					break
				}
			}
		})
	}
}

func TestNoRoom(t *testing.T) {
	s, err := newBodies(1<<20, 1<<20)
	if err != nil {
		t.Fatal(err)
	}
	first, err := s.read(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(make([]byte, 900<<10))))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.read(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(make([]byte, 900<<10)))); !errors.Is(err, errBuffers) {
		t.Errorf("got %v", err)
	}
	first.release()
	second, err := s.read(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(make([]byte, 900<<10))))
	if err != nil {
		t.Fatal(err)
	}
	second.release()
	if held := s.held.Load(); held != 0 {
		t.Errorf("%d bytes stay taken", held)
	}
}
