package signature

import (
	"errors"
	"net/http"
	"strings"
)

// The reasons for refusing a request.
var (
	// ErrNotConfigured: no secret is known for this sender, so nothing of it can be believed.
	ErrNotConfigured = errors.New("no secret is configured")
	// ErrMissing: the request carries no signature or token.
	ErrMissing = errors.New("signature is missing")
	// ErrMismatch: it carries one that no active secret makes.
	ErrMismatch = errors.New("signature does not match")
)

// Verifier decides whether a request is authentic.
type Verifier interface {
	// Precheck refuses what can be refused by the headers alone, before a body
	// is read: an anonymous sender must not be able to make us buffer anything.
	Precheck(h http.Header) error
	// Verify decides, given the raw body.
	Verify(h http.Header, body []byte) error
}

// usable drops empty secrets: an empty HMAC key or token would let anyone in.
func usable(secrets []string) []string {
	var out []string
	for _, s := range secrets {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, s)
		}
	}
	return out
}

var (
	_ Verifier = (*HMAC)(nil)
	_ Verifier = (*Token)(nil)
)
