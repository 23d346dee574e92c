package signature_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/ingest/signature"
)

const body = "Hello, World!"

// The example of GitHub's documentation on validating deliveries.
const (
	githubSecret    = "It's a Secret to Everybody"
	githubSignature = "sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17"
)

func TestHMAC(t *testing.T) {
	second := signature.Sign("sha256=", "second", []byte(body))
	many := strings.Repeat(signature.Sign("sha256=", "x", []byte(body))+",", 8) + second
	for name, tt := range map[string]struct {
		secrets   []string
		signature string
		body      string
		want      error
	}{
		"GitHub's documented example is authentic":           {[]string{githubSecret}, githubSignature, body, nil},
		"upper-case hex is the same signature":               {[]string{githubSecret}, "sha256=" + strings.ToUpper(githubSignature[7:]), body, nil},
		"another body is not":                                {[]string{githubSecret}, githubSignature, body + " ", signature.ErrMismatch},
		"another secret is not":                              {[]string{"other"}, githubSignature, body, signature.ErrMismatch},
		"while a secret rotates the old one still counts":    {[]string{"second", githubSecret}, githubSignature, body, nil},
		"while a secret rotates the new one counts already":  {[]string{"second", githubSecret}, second, body, nil},
		"after the rotation the old one no longer counts":    {[]string{"second"}, githubSignature, body, signature.ErrMismatch},
		"no signature is missing":                            {[]string{githubSecret}, "", body, signature.ErrMissing},
		"no secret is not configured":                        {nil, githubSignature, body, signature.ErrNotConfigured},
		"an empty secret is none":                            {[]string{"", "  "}, signature.Sign("sha256=", "", []byte(body)), body, signature.ErrNotConfigured},
		"SHA-1 is no signature":                              {[]string{githubSecret}, "sha1=d0f7…", body, signature.ErrMismatch},
		"cut short is no signature":                          {[]string{githubSecret}, githubSignature[:40], body, signature.ErrMismatch},
		"not hex is no signature":                            {[]string{githubSecret}, "sha256=" + strings.Repeat("zz", 32), body, signature.ErrMismatch},
		"one of several signatures is enough":                {[]string{"second"}, githubSignature + ", " + second, body, nil},
		"another scheme beside it is passed over":            {[]string{"second"}, "v2=00," + second, body, nil},
		"the ninth signature is not looked at, nor an abyss": {[]string{"second"}, many, body, signature.ErrMismatch},
	} {
		t.Run(name, func(t *testing.T) {
			v := signature.NewHMAC("x-hub-signature-256", "sha256=", tt.secrets)
			h := http.Header{}
			if tt.signature != "" {
				h.Set("X-Hub-Signature-256", tt.signature)
			}
			if err := v.Verify(h, []byte(tt.body)); !errors.Is(err, tt.want) {
				t.Errorf("Verify gives %v, want %v", err, tt.want)
			}
			if err := v.Precheck(h); tt.want == nil && err != nil {
				t.Errorf("Precheck refuses what Verify accepts: %v", err)
			}
		})
	}
}

func TestHMACWithoutPrefix(t *testing.T) {
	v := signature.NewHMAC("X-Grafana-Alerting-Signature", "", []string{"s"})
	h := http.Header{"X-Grafana-Alerting-Signature": {signature.Sign("", "s", []byte(body))}}
	if err := v.Verify(h, []byte(body)); err != nil {
		t.Errorf("Verify gives %v", err)
	}
}

func TestToken(t *testing.T) {
	for name, tt := range map[string]struct {
		tokens []string
		value  string
		want   error
	}{
		"the token lets in":                      {[]string{"t0ken"}, "Bearer t0ken", nil},
		"the scheme has no case":                 {[]string{"t0ken"}, "bearer t0ken", nil},
		"either of two lets in while it rotates": {[]string{"old", "new"}, "Bearer old", nil},
		"another token does not":                 {[]string{"t0ken"}, "Bearer t0keN", signature.ErrMismatch},
		"a prefix of it does not":                {[]string{"t0ken"}, "Bearer t0k", signature.ErrMismatch},
		"an empty token does not":                {[]string{"t0ken"}, "Bearer ", signature.ErrMismatch},
		"another scheme is no token":             {[]string{"t0ken"}, "Basic t0ken", signature.ErrMissing},
		"no header is no token":                  {[]string{"t0ken"}, "", signature.ErrMissing},
		"no token configured lets nobody in":     {[]string{""}, "Bearer ", signature.ErrNotConfigured},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			if tt.value != "" {
				h.Set("Authorization", tt.value)
			}
			if err := signature.NewBearer(tt.tokens).Verify(h, nil); !errors.Is(err, tt.want) {
				t.Errorf("Verify gives %v, want %v", err, tt.want)
			}
		})
	}
}

func FuzzHMAC(f *testing.F) {
	f.Add("sha256=00,v1=", "body")
	f.Add(githubSignature, body)
	v := signature.NewHMAC("S", "sha256=", []string{"secret nobody signs with"})
	f.Fuzz(func(t *testing.T, header, body string) {
		if v.Verify(http.Header{"S": {header}}, []byte(body)) == nil {
			t.Errorf("%q is accepted for %q", header, body)
		}
	})
}
