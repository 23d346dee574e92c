package github

import (
	"net/http"

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

// Source is GitHub as a source of webhooks.
type Source struct {
	*signature.HMAC
	// Toil is set before the first delivery is decoded.
	Toil Toil
}

// New takes the secrets that are active.
func New(secrets []string) *Source {
	return &Source{HMAC: signature.NewHMAC(headerSignature, "sha256=", secrets)}
}

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
	return "set FIVEKEYS_GITHUB_SECRET or FIVEKEYS_GITHUB_SECRET_FILE to the secret of the webhook in GitHub"
}
