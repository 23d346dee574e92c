package github_test

import (
	"errors"
	"net/http"
	"testing"

	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/ingest/signature"
)

// TestOnlyTheAppAsksTheApp: the answer to a deployment_protection_rule is given
// with the App's rights, and many may know the secret of a webhook.
func TestOnlyTheAppAsksTheApp(t *testing.T) {
	const hook, app, ask = "of the webhook", "of the App", "deployment_protection_rule"
	body := []byte(`{"action":"requested"}`)
	for name, tt := range map[string]struct {
		secrets, apps []string
		event, signed string
		want          error
	}{
		"the App asks":                                        {[]string{hook}, []string{app}, ask, app, nil},
		"a webhook does not ask":                              {[]string{hook}, []string{app}, ask, hook, signature.ErrMismatch},
		"nor in another spelling":                             {[]string{hook}, []string{app}, " Deployment_Protection_Rule", hook, signature.ErrMismatch},
		"nor where the App has no secret":                     {[]string{hook}, nil, ask, hook, signature.ErrNotConfigured},
		"nor with an empty one":                               {[]string{hook}, []string{" "}, ask, "", signature.ErrNotConfigured},
		"the App's secret may be rotated":                     {[]string{hook}, []string{"next", app}, ask, app, nil},
		"a webhook tells the rest":                            {[]string{hook}, []string{app}, "push", hook, nil},
		"and so may the App":                                  {[]string{hook}, []string{app}, "push", app, nil},
		"also where there is nothing else":                    {nil, []string{app}, "push", app, nil},
		"nobody tells anything without a secret":              {nil, nil, "push", hook, signature.ErrNotConfigured},
		"nobody asks under no event at all as if it were one": {[]string{hook}, []string{app}, "", hook, nil},
	} {
		t.Run(name, func(t *testing.T) {
			s := github.New(tt.secrets, tt.apps)
			h := http.Header{}
			h.Set("X-GitHub-Event", tt.event)
			h.Set("X-Hub-Signature-256", signature.Sign("sha256=", tt.signed, body))
			err := s.Precheck(h)
			if err == nil {
				err = s.Verify(h, body)
			}
			if !errors.Is(err, tt.want) {
				t.Errorf("%v, want %v", err, tt.want)
			}
		})
	}
}
