package pagerduty_test

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/ingest/pagerduty"
	"github.com/fivekeys/fivekeys/ingest/signature"
	"github.com/fivekeys/fivekeys/internal/testkit/golden"
)

func TestSignatures(t *testing.T) {
	const body = `{"event":{}}`
	by := func(secret string) string { return signature.Sign("v1=", secret, []byte(body)) }
	for name, tt := range map[string]struct {
		secrets []string
		header  string
		want    error
	}{
		"signed with our secret":                            {[]string{"ours"}, by("ours"), nil},
		"signed with both while PagerDuty's secret rotates": {[]string{"ours"}, by("theirs") + "," + by("ours"), nil},
		"with a space after the comma":                      {[]string{"ours"}, by("theirs") + ", " + by("ours"), nil},
		"signed with the new one while ours rotates":        {[]string{"old", "new"}, by("new"), nil},
		"signed with the old one while ours rotates":        {[]string{"old", "new"}, by("old"), nil},
		"signed by two subscriptions' secrets, one is ours": {[]string{"a", "b"}, by("b"), nil},
		"signed with another secret":                        {[]string{"ours"}, by("theirs"), signature.ErrMismatch},
		"a later version beside ours":                       {[]string{"ours"}, "v2=00," + by("ours"), nil},
		"a later version alone":                             {[]string{"ours"}, strings.Replace(by("ours"), "v1", "v2", 1), signature.ErrMismatch},
		"not signed":                                        {[]string{"ours"}, "", signature.ErrMissing},
		"no secret here":                                    {nil, by("ours"), signature.ErrNotConfigured},
	} {
		t.Run(name, func(t *testing.T) {
			h := http.Header{}
			if tt.header != "" {
				h.Set("X-PagerDuty-Signature", tt.header)
			}
			if err := pagerduty.New(tt.secrets).Verify(h, []byte(body)); !errors.Is(err, tt.want) {
				t.Errorf("Verify gives %v, want %v", err, tt.want)
			}
		})
	}
}

func TestADeliveryIsKnownByItsEvent(t *testing.T) {
	source := pagerduty.New(nil)
	id, kind := source.Identify(http.Header{"X-Webhook-Id": {"another"}}, golden.Payloads(t)["acknowledged"])
	if id != "01GQ7ZJ1M5T0A0000000000002" || kind != "incident.acknowledged" {
		t.Errorf("is identified as %q of %q", id, kind)
	}
	if id, kind := source.Identify(nil, []byte(`{"event":`)); id != "" || kind != "" {
		t.Errorf("what can't be read is identified as %q of %q", id, kind)
	}
}
