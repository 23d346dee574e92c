package body

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"runtime"
	"sync"
	"testing"
	"time"
)

// bomb is zeroes in gzip, which makes a thousandth of them.
func bomb(t *testing.T, size int) []byte {
	t.Helper()
	var out bytes.Buffer
	w := gzip.NewWriter(&out)
	if _, err := io.CopyN(w, zeroes{}, int64(size)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}

func message(encoding string, data []byte) *http.Request {
	frame := binary.BigEndian.AppendUint32([]byte{1}, uint32(len(data)))
	request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(append(frame, data...)))
	request.Header.Set("Grpc-Encoding", encoding)
	request.ContentLength = -1
	return request
}

// However many large bodies come at a time, in memory are as many as there are
// places; and a small one waits for none of them.
func TestBombsCostWhatAFewDo(t *testing.T) {
	const bombs, size, most = 24, 15 << 20, 16 << 20
	atOnce := min(runtime.GOMAXPROCS(0), 4)
	data := bomb(t, size)
	for name, read := range map[string]func(*Reader) (*Body, error){
		"over HTTP": func(r *Reader) (*Body, error) {
			request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(data))
			request.Header.Set("Content-Encoding", "gzip")
			return r.Read(httptest.NewRecorder(), request)
		},
		"over gRPC": func(r *Reader) (*Body, error) { return r.ReadMessage(httptest.NewRecorder(), message("gzip", data)) },
	} {
		t.Run(name, func(t *testing.T) {
			r, err := New(Config{Max: most, All: 256 << 20, Reuse: true})
			if err != nil {
				t.Fatal(err)
			}
			var all sync.WaitGroup
			working := make(chan struct{}, bombs)
			leave := make(chan struct{})
			for range bombs {
				all.Go(func() {
					b, err := read(r)
					if errors.Is(err, ErrFull) {
						return // it has waited for too long on a busy machine
					}
					if err != nil || len(b.Data) != size {
						t.Errorf("a bomb is not read: %v", err)
						return
					}
					working <- struct{}{}
					<-leave
					b.Release()
				})
			}
			for range atOnce {
				<-working
			}
			small, err := r.ReadMessage(httptest.NewRecorder(), message("gzip", bomb(t, 10_000)))
			if err != nil || len(small.Data) != 10_000 {
				t.Errorf("a small body among them: %v", err)
			} else {
				small.Release()
			}
			close(leave)
			all.Wait()
			// A body of 15 MiB stands in a buffer of 16. Outside of a place each takes what
			// small bodies take.
			if limit := int64(atOnce)*(most+1) + bombs*(large+128<<10); r.room.peak > limit {
				t.Errorf("%d bombs of %d bytes took %d bytes at a time, want at most %d", bombs, size, r.room.peak, limit)
			}
			if held := r.room.taken(); held != 0 {
				t.Errorf("%d bytes stay taken", held)
			}
		})
	}
}

func TestALargeBodyWaitsNoLongerThanItsSender(t *testing.T) {
	r, err := New(Config{Max: 16 << 20, All: 256 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for range cap(r.places) {
		if err := r.places.enter(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	gone, leave := context.WithCancel(t.Context())
	leave()
	if _, err := r.ReadMessage(httptest.NewRecorder(), message("gzip", bomb(t, 2<<20)).WithContext(gone)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if held := r.room.taken(); held != 0 {
		t.Errorf("%d bytes stay taken", held)
	}
}

func TestMessages(t *testing.T) {
	r, err := New(Config{Max: 1 << 20, All: 64 << 20})
	if err != nil {
		t.Fatal(err)
	}
	for sentence, tt := range map[string]struct {
		sent     []byte
		encoding string
		want     int
		err      error
	}{
		"a plain message":                     {[]byte("\x00\x00\x00\x00\x02hi"), "gzip", 2, nil},
		"an empty message":                    {[]byte("\x00\x00\x00\x00\x00"), "", 0, nil},
		"nothing at all":                      {nil, "", 0, ErrCut},
		"half a prefix":                       {[]byte("\x00\x00"), "", 0, ErrCut},
		"half a message":                      {[]byte("\x00\x00\x00\x00\x02h"), "", 0, ErrCut},
		"more than one message":               {[]byte("\x00\x00\x00\x00\x01h\x00\x00\x00\x00\x01h"), "", 0, ErrBroken},
		"one that says to be too long":        {[]byte("\x00\xff\xff\xff\xffh"), "", 0, ErrTooLarge},
		"one that is compressed as nobody is": {[]byte("\x01\x00\x00\x00\x01h"), "br", 0, ErrEncoding},
		"one that says to be compressed":      {[]byte("\x01\x00\x00\x00\x01h"), "gzip", 0, ErrBroken},
	} {
		t.Run(sentence, func(t *testing.T) {
			request := httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(tt.sent))
			request.Header.Set("Grpc-Encoding", tt.encoding)
			b, err := r.ReadMessage(httptest.NewRecorder(), request)
			if !errors.Is(err, tt.err) {
				t.Fatalf("got %v", err)
			}
			if err == nil {
				if len(b.Data) != tt.want {
					t.Errorf("got %q", b.Data)
				}
				b.Release()
			}
			if held := r.room.taken(); held != 0 {
				t.Errorf("%d bytes stay taken", held)
			}
		})
	}
}

// Whoever fills the room with bodies that never end leaves half of it to other
// addresses, and some of the rest to small bodies of its own address.
func TestUnfinishedBodiesLeaveRoom(t *testing.T) {
	const limit = 256 << 20
	r := newRoom(limit)
	attacker, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.2")
	for range Crowd - 1 {
		own := int64(0)
		for step := int64(smallest); r.receive(attacker, own, step) == nil; step = own {
			own += step
		}
	}
	if r.arriving[attacker] > limit/2 {
		t.Errorf("one address took %d of %d bytes", r.arriving[attacker], limit)
	}
	if err := r.receive(attacker, 0, 24<<10); err != nil {
		t.Errorf("a small body of the same address: %v", err)
	}
	if err := r.receive(other, 0, limit/4); err != nil {
		t.Errorf("a body of another address: %v", err)
	}
}

func TestSlowBodiesAreCutOff(t *testing.T) {
	for size, want := range map[int64]time.Duration{0: firstBytes, 1: firstBytes, pace: firstBytes + time.Second, 1 << 30: longest} {
		if got := allowance(size).Truncate(time.Second); got != want {
			t.Errorf("%d bytes may take %s, want %s", size, got, want)
		}
	}
	// The deadline is set on the connection, moves with what comes, and ends with the body.
	deadlines := &deadlines{ResponseRecorder: httptest.NewRecorder()}
	a := arrive(deadlines, bytes.NewReader(make([]byte, 4*pace)))
	for range 4 {
		if _, err := io.ReadFull(a, make([]byte, pace)); err != nil {
			t.Fatal(err)
		}
	}
	a.end()
	if n := len(deadlines.set); n < 4 || !deadlines.set[n-1].IsZero() || !deadlines.set[n-2].After(deadlines.set[0]) {
		t.Errorf("the deadlines were %v", deadlines.set)
	}
}

type deadlines struct {
	*httptest.ResponseRecorder
	set []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error {
	d.set = append(d.set, t)
	return nil
}

// A pooled buffer of megabytes must not be held by a body of a few bytes.
func TestABodyHoldsWhatHasCome(t *testing.T) {
	r, err := New(Config{Max: 16 << 20, All: 256 << 20, Reuse: true})
	if err != nil {
		t.Fatal(err)
	}
	read := func(size int) *Body {
		b, err := r.Read(httptest.NewRecorder(), httptest.NewRequest(http.MethodPost, "/", bytes.NewReader(make([]byte, size))))
		if err != nil {
			t.Fatal(err)
		}
		return b
	}
	read(3 << 20).Release()
	small := read(100)
	defer small.Release()
	if small.held > 8<<10 {
		t.Errorf("100 bytes hold %d", small.held)
	}
	// Nor one that is announced and has not come.
	for range 100 {
		announced, started := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(announced)
			request := httptest.NewRequest(http.MethodPost, "/", io.MultiReader(bytes.NewReader([]byte("x")), signal{started}))
			request.ContentLength = 16 << 20
			_, _ = r.Read(httptest.NewRecorder(), request)
		}()
		<-started
		if held := r.room.taken(); held > 24<<10 {
			t.Fatalf("a byte of sixteen million holds %d", held)
		}
		<-announced
	}
}

// signal says that it is read, and ends.
type signal struct{ started chan struct{} }

func (s signal) Read([]byte) (int, error) {
	close(s.started)
	return 0, io.ErrUnexpectedEOF
}

func TestMemoryGoesBackAfterAPeakOnly(t *testing.T) {
	r := newRoom(1 << 20)
	calmed := make(chan struct{}, 8)
	r.calm = func() { calmed <- struct{}{} }
	use := func(n int64) {
		if err := r.take(n); err != nil {
			t.Fatal(err)
		}
		r.give(n)
	}
	use(100 << 10)
	if r.calming {
		t.Error("memory is given back after little was held")
	}
	use(900 << 10)
	select {
	case <-calmed:
	case <-time.After(20 * calmDown):
		t.Fatal(fmt.Sprint("no memory is given back after a peak of ", r.peak))
	}
}
