package body

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

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
)

// Whatever comes in, in whatever pieces: the bytes are right or there is an
// error of the right kind, and no memory stays taken.
func TestBodies(t *testing.T) {
	const limit, all = 300_000, 3_000_000
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
	snapped := func(b []byte) []byte {
		var out bytes.Buffer
		w := s2.NewWriter(&out, s2.WriterSnappyCompat())
		if _, err := w.Write(b); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
	cut := func(r io.Reader) io.Reader { return io.MultiReader(r, iotest.ErrReader(io.ErrUnexpectedEOF)) }
	gzipped := zip(plain)
	for sentence, tt := range map[string]struct {
		sent     []byte
		through  func(io.Reader) io.Reader
		length   int64
		encoding string
		want     []byte
		err      error
	}{
		"all at once":                             {plain, nil, limit, "", plain, nil},
		"of unknown length":                       {plain, nil, -1, "", plain, nil},
		"byte by byte":                            {plain, iotest.OneByteReader, limit, "", plain, nil},
		"nothing":                                 {nil, nil, 0, "", []byte{}, nil},
		"more than the limit by its length":       {plain, nil, limit + 1, "", nil, ErrTooLarge},
		"more than the limit of unknown length":   {append(plain, 'a'), nil, -1, "", nil, ErrTooLarge},
		"less than its length":                    {plain[:10], nil, limit, "", nil, ErrCut},
		"a connection that is cut":                {plain[:10], cut, limit, "", nil, ErrCut},
		"gzip":                                    {gzipped, nil, -1, "gzip", plain, nil},
		"gzip in upper case":                      {gzipped, nil, -1, " GZIP ", plain, nil},
		"gzip on a connection that is cut":        {gzipped[:99], cut, -1, "gzip", nil, ErrCut},
		"gzip that ends early":                    {gzipped[:99], nil, -1, "gzip", nil, ErrBroken},
		"gzip of more than the limit":             {zip(make([]byte, limit+1)), nil, -1, "gzip", nil, ErrTooLarge},
		"gzip of a hundred times the limit":       {zip(make([]byte, 100*limit)), nil, -1, "gzip", nil, ErrTooLarge},
		"gzip as long as the limit in both forms": {gzipped, nil, int64(len(gzipped)), "gzip", plain, nil},
		"zstd":                              {z.EncodeAll(plain, nil), nil, -1, "zstd", plain, nil},
		"zstd that ends early":              {z.EncodeAll(plain, nil)[:99], nil, -1, "zstd", nil, ErrBroken},
		"zstd of a hundred times the limit": {z.EncodeAll(make([]byte, 100*limit), nil), nil, -1, "zstd", nil, ErrTooLarge},
		"a snappy stream":                   {snapped(plain), nil, -1, "snappy", plain, nil},
		"a snappy stream by its full name":  {snapped(plain), nil, -1, "x-snappy-framed", plain, nil},
		"a snappy stream that ends early":   {snapped(plain)[:99], nil, -1, "snappy", nil, ErrBroken},
		"a snappy stream of too much":       {snapped(make([]byte, 10*limit)), nil, -1, "snappy", nil, ErrTooLarge},
		"a snappy block":                    {s2.EncodeSnappy(nil, plain), nil, -1, "snappy", plain, nil},
		"a snappy block of nothing":         {s2.EncodeSnappy(nil, nil), nil, -1, "snappy", []byte{}, nil},
		"a snappy block that ends early":    {s2.EncodeSnappy(nil, plain)[:99], nil, -1, "snappy", nil, ErrBroken},
		"a snappy block of too much":        {s2.EncodeSnappy(nil, make([]byte, limit+1)), nil, -1, "snappy", nil, ErrTooLarge},
		"a snappy block that only says so":  {[]byte{0x80, 0x80, 0x10, 0}, nil, -1, "snappy", nil, ErrBroken},
		"an encoding that isn't taken":      {plain, nil, limit, "deflate", nil, ErrEncoding},
	} {
		t.Run(sentence, func(t *testing.T) {
			for _, reuse := range []bool{false, true} {
				s, err := New(Config{Max: limit, All: all, Reuse: reuse})
				if err != nil {
					t.Fatal(err)
				}
				request := func() *http.Request {
					var body io.Reader = bytes.NewReader(tt.sent)
					if tt.through != nil {
						body = tt.through(body)
					}
					request := httptest.NewRequest(http.MethodPost, "/", body)
					request.ContentLength = tt.length
					request.Header.Set("Content-Encoding", tt.encoding)
					return request
				}
				for range 3 { // with buffers that were used
					b, err := s.Read(httptest.NewRecorder(), request())
					if !errors.Is(err, tt.err) {
						t.Fatalf("got the error %v", err)
					}
					if err == nil {
						check(t, s, b, tt.want)
					}
					if held := s.room.taken(); held != 0 {
						t.Fatalf("%d bytes stay taken", held)
					}
					b, err = s.ReadAsSent(httptest.NewRecorder(), request())
					switch {
					case tt.encoding != "" && !errors.Is(err, ErrEncoding), tt.encoding == "" && !errors.Is(err, tt.err):
						t.Fatalf("as sent: got the error %v", err)
					case err == nil:
						check(t, s, b, tt.sent)
					}
				}
			}
		})
	}
}

// check compares a body, sees that its memory counts, and gives it back.
func check(t *testing.T, s *Reader, b *Body, want []byte) {
	t.Helper()
	if !bytes.Equal(b.Data, want) {
		t.Errorf("got %d bytes", len(b.Data))
	}
	if s.room.taken() < int64(cap(b.Data)) {
		t.Errorf("%d bytes are held of %d", s.room.taken(), cap(b.Data))
	}
	b.Release()
}

// taken is what is held, and what of it is still on its way.
func (r *room) taken() int64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held + int64(len(r.arriving))
}

func TestNoRoom(t *testing.T) {
	s, err := New(Config{Max: 1 << 20, All: 3 << 20})
	if err != nil {
		t.Fatal(err)
	}
	read := func() (*Body, error) {
		return s.Read(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(make([]byte, 900<<10))))
	}
	var bodies []*Body
	for range 2 {
		b, err := read()
		if err != nil {
			t.Fatal(err)
		}
		bodies = append(bodies, b)
	}
	if _, err := read(); !errors.Is(err, ErrFull) {
		t.Errorf("got %v", err)
	}
	bodies[0].Release()
	again, err := read()
	if err != nil {
		t.Fatal(err)
	}
	again.Release()
	bodies[1].Release()
	if held := s.room.taken(); held != 0 {
		t.Errorf("%d bytes stay taken", held)
	}
}
