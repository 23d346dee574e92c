package github

import (
	"net/http"
	"slices"
	"strings"

	"github.com/fivekeys/fivekeys/ingest/signature"
)

// Name is the source's name in paths, subjects and metrics.
const Name = "github"

// Header names in the form net/http keeps them.
const (
	headerSignature   = "X-Hub-Signature-256"
	headerDelivery    = "X-Github-Delivery"
	headerEvent       = "X-Github-Event"
	headerContentType = "Content-Type"
)

// kept are the headers that help to understand a delivery later: which hook
// sent it, for whom, from which server.
var kept = []string{
	headerContentType,
	"User-Agent",
	"X-Github-Hook-Id",
	"X-Github-Hook-Installation-Target-Id",
	"X-Github-Hook-Installation-Target-Type",
	"X-Github-Enterprise-Host",
	"X-Github-Enterprise-Version",
}

// App is the name under which the secret of the GitHub App is configured.
const App = "github_app"

// askApp is the event that asks the App whether a deployment may go ahead. It is
// answered with the App's rights, so only the App's secret vouches for it:
// whoever administers a repository may know that of an ordinary webhook.
const askApp = "deployment_protection_rule"

// Source is GitHub as a source of webhooks.
type Source struct {
	hooks, app *signature.HMAC
	// Toil is set before the first delivery is decoded.
	Toil Toil
}

// New takes the secrets that are active: those of webhooks, and those of the
// App, which may send everything.
func New(secrets, app []string) *Source {
	return &Source{
		hooks: signature.NewHMAC(headerSignature, prefix, slices.Concat(secrets, app)),
		app:   signature.NewHMAC(headerSignature, prefix, app),
	}
}

// Renew makes other secrets the active ones.
func (s *Source) Renew(secrets func(name string) []string) {
	s.hooks.Replace(slices.Concat(secrets(Name), secrets(App)))
	s.app.Replace(secrets(App))
}

const prefix = "sha256="

// vouching are the secrets that a delivery must be signed with one of.
func (s *Source) vouching(h http.Header) *signature.HMAC {
	if strings.EqualFold(strings.TrimSpace(h.Get(headerEvent)), askApp) {
		return s.app
	}
	return s.hooks
}

// Precheck decides by the headers what can be.
func (s *Source) Precheck(h http.Header) error { return s.vouching(h).Precheck(h) }

// Verify decides, given the raw body.
func (s *Source) Verify(h http.Header, body []byte) error { return s.vouching(h).Verify(h, body) }

// Name is "github".
func (*Source) Name() string { return Name }

// Identify gives the delivery's GUID, which a redelivery keeps, and the event's name.
func (*Source) Identify(h http.Header, _ []byte) (id, kind string) {
	return h.Get(headerDelivery), h.Get(headerEvent)
}

// Kept lists the headers to keep.
func (*Source) Kept() []string { return kept }

// Setup says how to configure the secret.
func (*Source) Setup() string {
	return "set FIVEKEYS_GITHUB_SECRET or FIVEKEYS_GITHUB_SECRET_FILE to the secret of the webhook in GitHub, FIVEKEYS_GITHUB_APP_SECRET to that of the App"
}
