package pagerduty

import (
	"encoding/json"
	"net/http"

	"github.com/fivekeys/fivekeys/ingest/signature"
)

// Name is the source's name in paths, subjects, metrics and aliases.
const Name = "pagerduty"

// headerSignature holds one signature, or several by comma while PagerDuty's
// side of a secret rotates.
const headerSignature = "X-Pagerduty-Signature"

// kept are the headers that help to understand a delivery later. A
// subscription's custom headers are not among them: they may be secrets.
var kept = []string{"Content-Type", "User-Agent", "X-Webhook-Id", "X-Webhook-Subscription"}

// Source is PagerDuty as a source of webhooks.
type Source struct{ *signature.HMAC }

// New takes the secrets that are active: each webhook subscription has its own.
func New(secrets []string) *Source {
	return &Source{signature.NewHMAC(headerSignature, "v1=", secrets)}
}

// Renew makes other secrets the active ones.
func (s *Source) Renew(secrets func(name string) []string) { s.Replace(secrets(Name)) }

// Name is "pagerduty".
func (*Source) Name() string { return Name }

// Identify gives the event's id, which every attempt has, and its type. Both
// stand in the body only.
func (*Source) Identify(_ http.Header, body []byte) (id, kind string) {
	var w webhook
	if json.Unmarshal(body, &w) != nil {
		return "", "" // kept under the body's sum, and set aside where it is decoded
	}
	return w.Event.ID, w.Event.Type
}

// Kept lists the headers to keep.
func (*Source) Kept() []string { return kept }

// Setup says how to configure the secret.
func (*Source) Setup() string {
	return "set FIVEKEYS_PAGERDUTY_SECRET or FIVEKEYS_PAGERDUTY_SECRET_FILE to the secret PagerDuty showed when the webhook subscription was made"
}
