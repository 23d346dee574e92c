package alertmanager_test

import (
	"encoding/base64"
	"errors"
	"net/http"
	"testing"

	"github.com/fivekeys/fivekeys/ingest/alertmanager"
	"github.com/fivekeys/fivekeys/ingest/signature"
	"github.com/fivekeys/fivekeys/internal/testkit/golden"
)

func TestTokens(t *testing.T) {
	basic := func(s string) string { return "Basic " + base64.StdEncoding.EncodeToString([]byte(s)) }
	for name, tt := range map[string]struct {
		tokens []string
		value  string
		want   error
	}{
		"the bearer token lets in":                {[]string{"t0ken"}, "Bearer t0ken", nil},
		"the password lets in, whoever it is":     {[]string{"t0ken"}, basic("alertmanager:t0ken"), nil},
		"also without a name":                     {[]string{"t0ken"}, basic(":t0ken"), nil},
		"a password with a colon":                 {[]string{"t0:ken"}, basic("am:t0:ken"), nil},
		"either of two while it rotates":          {[]string{"old", "new"}, basic("am:old"), nil},
		"another password does not":               {[]string{"t0ken"}, basic("am:t0keN"), signature.ErrMismatch},
		"the name is no password":                 {[]string{"t0ken"}, basic("t0ken:"), signature.ErrMismatch},
		"a token that isn't base64 is no token":   {[]string{"t0ken"}, "Basic t0ken", signature.ErrMissing},
		"another token does not":                  {[]string{"t0ken"}, "Bearer other", signature.ErrMismatch},
		"nothing is missing":                      {[]string{"t0ken"}, "", signature.ErrMissing},
		"an empty password is no way in":          {[]string{""}, basic("am:"), signature.ErrNotConfigured},
		"without a token here nobody is let in":   {nil, "Bearer t0ken", signature.ErrNotConfigured},
		"nor with a password, for the same cause": {nil, basic("am:t0ken"), signature.ErrNotConfigured},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			if tt.value != "" {
				h.Set("Authorization", tt.value)
			}
			source := alertmanager.New(tt.tokens)
			if err := source.Verify(h, nil); !errors.Is(err, tt.want) {
				t.Errorf("Verify gives %v, want %v", err, tt.want)
			}
			if err := source.Precheck(h); !errors.Is(err, tt.want) {
				t.Errorf("Precheck gives %v, want %v", err, tt.want)
			}
		})
	}
}

func TestADeliveryHasNoIDOfItsOwn(t *testing.T) {
	for name, want := range map[string]string{"firing": "firing", "resolved": "resolved", "mixed": "firing/truncated"} {
		if id, kind := alertmanager.New(nil).Identify(nil, golden.Payloads(t)[name]); id != "" || kind != want {
			t.Errorf("%s is identified as %q of %q", name, id, kind)
		}
	}
}
