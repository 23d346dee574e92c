package main

import (
	"log/slog"

	"github.com/fivekeys/fivekeys/internal/bands"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

// settings are what flags, environment, secrets and the configuration file say
// together; flags win over the file.
type settings struct {
	catalog       schemas.Catalog
	natsURL       string
	clickhouseURL string
	cluster       string
	bands         bands.Set
	minimumSample int
	tokens        []string
	personKey     []byte
	sourceSecrets func(source string) []string
}

func (s *settings) nats(logger *slog.Logger) jetstream.Config {
	return jetstream.Config{URL: s.natsURL, Logger: logger}
}

func (g *globals) settings(env *environment) (*settings, error) {
	set, err := bands.Lookup(bands.DefaultVersion)
	return &settings{natsURL: g.NATSURL, clickhouseURL: g.ClickHouseURL, bands: set, sourceSecrets: func(string) []string { return []string{"x"} }}, err
}

type checkCommand struct{}

func (checkCommand) Run() error { return nil }
