package body

import (
	"io"
	"net/http"
	"time"
)

const (
	// firstBytes is how long a body may take to begin: headers and body are sent at
	// once by everyone who means it.
	firstBytes = 5 * time.Second
	// pace is what must arrive in a second afterwards, far below the slowest link
	// that carries webhooks.
	pace = 16 << 10
	// longest is how long a body may take at all.
	longest = time.Minute
)

// arrival is a body on its way. A sender that stops, or sends a byte now and
// then, is cut off: it holds room.
type arrival struct {
	src     io.Reader
	control *http.ResponseController
	start   time.Time
	until   time.Time // the deadline that is set
	size    int64
}

func arrive(w http.ResponseWriter, src io.Reader) *arrival {
	return &arrival{src: src, control: http.NewResponseController(w), start: time.Now()}
}

func (a *arrival) Read(p []byte) (int, error) {
	if until := a.start.Add(allowance(a.size)); until.Sub(a.until) >= time.Second {
		a.until = until
		// Servers that have no deadlines (a test's recorder) have no slow senders.
		_ = a.control.SetReadDeadline(until)
	}
	n, err := a.src.Read(p)
	a.size += int64(n)
	return n, err
}

// allowance is how long the next byte may take, from the start, once size have
// come.
func allowance(size int64) time.Duration {
	return min(firstBytes+time.Duration(size)*time.Second/pace, longest)
}

// end lets the server wait for the sender's next request as long as it likes.
func (a *arrival) end() { _ = a.control.SetReadDeadline(time.Time{}) }
