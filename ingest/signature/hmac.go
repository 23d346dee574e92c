package signature

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"net/http"
	"net/textproto"
	"strings"
	"sync"
	"sync/atomic"
)

// maxSignatures bounds how many signatures of one header are looked at.
const maxSignatures = 8

// HMAC verifies an HMAC-SHA256 of the raw body, given in hex.
type HMAC struct {
	header string
	prefix string
	keys   atomic.Pointer[[]key]
}

// key is a secret with its hashes in waiting: Reset restores a keyed hash
// without hashing the key again.
type key struct{ hashes *sync.Pool }

// NewHMAC verifies signatures in a header: prefix and hex, several separated by
// commas while a secret rotates at the sender's side. The secrets are the ones
// active while one rotates at ours.
func NewHMAC(header, prefix string, secrets []string) *HMAC {
	v := &HMAC{header: textproto.CanonicalMIMEHeaderKey(header), prefix: prefix}
	v.Replace(secrets)
	return v
}

// Replace makes these secrets the active ones, from the next request on.
func (v *HMAC) Replace(secrets []string) {
	var keys []key
	for _, s := range usable(secrets) {
		secret := []byte(s)
		keys = append(keys, key{&sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }}})
	}
	v.keys.Store(&keys)
}

// Precheck wants a secret on our side and a well-formed signature on theirs.
func (v *HMAC) Precheck(h http.Header) error {
	if len(*v.keys.Load()) == 0 {
		return ErrNotConfigured
	}
	var sums [maxSignatures][sha256.Size]byte
	_, err := v.signatures(h, &sums)
	return err
}

// Verify wants one of the request's signatures to be made with one of the secrets.
func (v *HMAC) Verify(h http.Header, body []byte) error {
	keys := *v.keys.Load()
	if len(keys) == 0 {
		return ErrNotConfigured
	}
	var sums [maxSignatures][sha256.Size]byte
	n, err := v.signatures(h, &sums)
	if err != nil {
		return err
	}
	for _, k := range keys {
		want := k.sum(body)
		for i := range n {
			if hmac.Equal(sums[i][:], want[:]) {
				return nil
			}
		}
	}
	return ErrMismatch
}

// signatures decodes the header into sums. Signatures of another scheme (a
// sender may announce v2= beside v1=) are passed over.
func (v *HMAC) signatures(h http.Header, sums *[maxSignatures][sha256.Size]byte) (int, error) {
	values := h[v.header]
	if len(values) == 0 || values[0] == "" {
		return 0, ErrMissing
	}
	n := 0
	rest := values[0]
	for rest != "" && n < maxSignatures {
		var one string
		one, rest, _ = strings.Cut(rest, ",")
		digits, ok := strings.CutPrefix(strings.TrimSpace(one), v.prefix)
		if !ok || len(digits) != hex.EncodedLen(sha256.Size) {
			continue
		}
		if _, err := hex.Decode(sums[n][:], []byte(digits)); err == nil {
			n++
		}
	}
	if n == 0 {
		return 0, ErrMismatch
	}
	return n, nil
}

func (k key) sum(body []byte) (out [sha256.Size]byte) {
	mac := k.hashes.Get().(hash.Hash) //nolint:forcetypeassert // the pool makes nothing else
	mac.Reset()
	mac.Write(body)
	mac.Sum(out[:0])
	k.hashes.Put(mac)
	return out
}

// Sign gives the header value a sender with this secret would set, for
// self-tests and load generators.
func Sign(prefix, secret string, body []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	return prefix + hex.EncodeToString(mac.Sum(nil))
}
