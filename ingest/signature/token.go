package signature

import (
	"crypto/sha256"
	"crypto/subtle"
	"net/http"
	"net/textproto"
	"strings"
	"sync/atomic"
)

// Token verifies a shared secret that is sent as it is.
type Token struct {
	header string
	scheme string // with its space, e.g. "Bearer "
	sums   atomic.Pointer[[][sha256.Size]byte]
}

// NewToken verifies a token in a header, after a scheme if one is given.
func NewToken(header, scheme string, tokens []string) *Token {
	v := &Token{header: textproto.CanonicalMIMEHeaderKey(header)}
	if scheme != "" {
		v.scheme = scheme + " "
	}
	v.Replace(tokens)
	return v
}

// Replace makes these tokens the active ones, from the next request on.
func (v *Token) Replace(tokens []string) {
	var sums [][sha256.Size]byte
	for _, t := range usable(tokens) {
		sums = append(sums, sha256.Sum256([]byte(t)))
	}
	v.sums.Store(&sums)
}

// NewBearer verifies "Authorization: Bearer …".
func NewBearer(tokens []string) *Token { return NewToken("Authorization", "Bearer", tokens) }

// Precheck decides already: a token needs no body.
func (v *Token) Precheck(h http.Header) error {
	sums := *v.sums.Load()
	if len(sums) == 0 {
		return ErrNotConfigured
	}
	values := h[v.header]
	if len(values) == 0 || values[0] == "" {
		return ErrMissing
	}
	given := values[0]
	// The scheme of Authorization is compared without case (RFC 9110, 11.1).
	if len(given) < len(v.scheme) || !strings.EqualFold(given[:len(v.scheme)], v.scheme) {
		return ErrMissing
	}
	// Sums are of equal length, so that the time tells nothing about a token's.
	sum := sha256.Sum256([]byte(strings.TrimSpace(given[len(v.scheme):])))
	match := 0
	for i := range sums {
		match |= subtle.ConstantTimeCompare(sum[:], sums[i][:])
	}
	if match == 0 {
		return ErrMismatch
	}
	return nil
}

// Verify is Precheck: the body isn't part of it.
func (v *Token) Verify(h http.Header, _ []byte) error { return v.Precheck(h) }
