package alertmanager

import (
	"encoding/json"
	"net/http"

	"github.com/fivekeys/fivekeys/ingest/signature"
)

// Name is the source's name in paths, subjects, metrics and aliases.
const Name = "alertmanager"

const headerAuthorization = "Authorization"

var kept = []string{"Content-Type", "User-Agent"}

// Source is Alertmanager as a source of webhooks.
type Source struct{ tokens *signature.Token }

// New takes the tokens that are active.
func New(tokens []string) *Source { return &Source{signature.NewBearer(tokens)} }

// Name is "alertmanager".
func (*Source) Name() string { return Name }

// Precheck takes a token in either way that Alertmanager can send one: as
// authorization (bearer) or as the password of basic_auth, whose user name is
// free.
func (s *Source) Precheck(h http.Header) error {
	r := http.Request{Header: h}
	if _, password, basic := r.BasicAuth(); basic {
		return s.tokens.Precheck(http.Header{headerAuthorization: {"Bearer " + password}})
	}
	return s.tokens.Precheck(h)
}

// Verify is Precheck: the body isn't part of it.
func (s *Source) Verify(h http.Header, _ []byte) error { return s.Precheck(h) }

// Renew makes other tokens the active ones.
func (s *Source) Renew(secrets func(name string) []string) { s.tokens.Replace(secrets(Name)) }

// Identify gives no id: there is none, so that the gateway takes the body's sum.
// The kind is the group's status, with a note where Alertmanager has left alerts
// out (max_alerts of its webhook_config): their incidents are missing.
func (*Source) Identify(_ http.Header, body []byte) (id, kind string) {
	var n struct {
		Status    string `json:"status"`
		Truncated int    `json:"truncatedAlerts"`
	}
	if json.Unmarshal(body, &n) != nil {
		return "", ""
	}
	if n.Truncated > 0 {
		return "", n.Status + "/truncated"
	}
	return "", n.Status
}

// Kept lists the headers to keep.
func (*Source) Kept() []string { return kept }

// Setup says how to configure the secret.
func (*Source) Setup() string {
	return "set FIVEKEYS_ALERTMANAGER_SECRET or FIVEKEYS_ALERTMANAGER_SECRET_FILE to the credentials (or the password of basic_auth) in the http_config of Alertmanager's webhook_config"
}

var _ signature.Verifier = (*Source)(nil)
