package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// verdict is what an attempt came to; a closed set, and the metric's label.
type verdict string

const (
	sent      verdict = "sent"
	failed    verdict = "failed"    // to be tried again
	refused   verdict = "refused"   // no use trying again
	duplicate verdict = "duplicate" // the receiver has it already
	unwanted  verdict = "unwanted"  // the receiver's filters
	expired   verdict = "expired"   // older than the stream keeps
	malformed verdict = "malformed"
)

var verdicts = []verdict{sent, failed, refused, duplicate, unwanted, expired, malformed}

// answer is what a receiver said.
type answer struct {
	verdict verdict
	err     error
	// later is how long it wants to be left alone.
	later time.Duration
}

const (
	// maxLater keeps a mistaken Retry-After from silencing a receiver for good.
	maxLater = time.Hour
	// answerRead is how much of an answer is read, answerKept how much of it is told.
	answerRead = 64 << 10
	answerKept = 256
)

// request is what is sent: everything but the address.
type request struct {
	body   []byte
	header map[string]string
}

// post sends one request. The address isn't repeated in errors: those of chats
// often are a secret themselves.
func post(ctx context.Context, client *http.Client, address string, r request) answer {
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(r.body))
	if err != nil {
		return answer{verdict: refused, err: errors.New("its address can't be used")}
	}
	req.Header.Set("User-Agent", "fivekeys")
	for name, value := range r.header {
		req.Header.Set(name, value)
	}
	res, err := client.Do(req)
	if err != nil {
		var where *url.Error
		if errors.As(err, &where) {
			err = where.Err
		}
		return answer{verdict: failed, err: fmt.Errorf("reach the receiver: %w", err)}
	}
	text, _ := io.ReadAll(io.LimitReader(res.Body, answerRead)) // read so that the connection is used again
	_ = res.Body.Close()
	return judge(res, text)
}

// judge reads a status. A redirect isn't followed: it would be the way to send
// signals, and our address, where nobody configured it.
func judge(res *http.Response, text []byte) answer {
	said := fmt.Errorf("the receiver answers %s: %s", res.Status, brief(text))
	switch code := res.StatusCode; {
	case code >= 200 && code < 300:
		return answer{verdict: sent}
	case code == http.StatusTooManyRequests || code == http.StatusServiceUnavailable:
		return answer{verdict: failed, err: said, later: retryAfter(res.Header, time.Now())}
	case code >= 400 && code < 500 && code != http.StatusRequestTimeout:
		return answer{verdict: refused, err: said}
	case code >= 300 && code < 400:
		return answer{verdict: failed, err: fmt.Errorf("%w (redirects aren't followed; configure where it leads)", said)}
	}
	return answer{verdict: failed, err: said}
}

// retryAfter reads seconds or a date.
func retryAfter(h http.Header, now time.Time) time.Duration {
	value := h.Get("Retry-After")
	if seconds, err := strconv.ParseUint(value, 10, 31); err == nil {
		return min(time.Duration(seconds)*time.Second, maxLater)
	}
	if at, err := http.ParseTime(value); err == nil {
		return min(max(at.Sub(now), 0), maxLater)
	}
	return 0
}

// brief makes one short line of a body.
func brief(text []byte) string {
	line := strings.Join(strings.Fields(string(text[:min(len(text), answerKept)])), " ")
	return strings.ToValidUTF8(line, "?")
}
