package decode

import (
	"github.com/fivekeys/fivekeys/ingest/alertmanager"
	"github.com/fivekeys/fivekeys/ingest/gateway"
	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/ingest/pagerduty"
	"github.com/fivekeys/fivekeys/schemas"
)

// Decoder understands the payloads of one source. It is a pure function of the
// delivery and the catalogue, and its events' ids come from the payload.
type Decoder interface {
	Decode(d schemas.Delivery, c *schemas.Catalog) ([]schemas.Event, error)
}

// Source is everything one source of webhooks brings: how to accept a delivery
// (its verifier, its ids) and how to decode it.
type Source interface {
	gateway.Source
	Decoder
	// Renew makes other secrets the active ones, from the next delivery on.
	Renew(secrets func(name string) []string)
}

// Sources are the registered ones.
type Sources []Source

// Registered gives every source, each with the secrets that are active for it;
// toil says which of GitHub's issues are toil.
func Registered(secrets func(source string) []string, toil github.Toil) Sources {
	hooks := github.New(secrets(github.Name), secrets(github.App))
	hooks.Toil = toil
	return Sources{
		hooks,
		pagerduty.New(secrets(pagerduty.Name)),
		alertmanager.New(secrets(alertmanager.Name)),
	}
}

// Gateway gives the sources as the gateway needs them.
func (s Sources) Gateway() []gateway.Source {
	out := make([]gateway.Source, len(s))
	for i, source := range s {
		out[i] = source
	}
	return out
}
