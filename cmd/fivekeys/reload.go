package main

import (
	"context"
	"reflect"
	"strings"

	"github.com/fivekeys/fivekeys/internal/config"
)

// reload reads the configuration and the secrets again and takes what can be
// taken while serving: the catalogue, and everything that is checked with a
// secret. Where there is a mistake all stays as it was.
func (p *pipeline) reload(ctx context.Context, g *globals) {
	s, err := g.settings(p.env)
	if err == nil && p.options.ingest {
		err = s.missingApp()
	}
	if err != nil {
		p.env.logger.Error("not reloaded: what was in force stays in force", "error", oneLine(err))
		return
	}
	for _, source := range p.webhooks {
		source.Renew(s.sourceSecrets)
	}
	p.replaceTokens(s)
	p.catalogue.Store(&s.catalog)
	folded := 0
	if p.facts != nil {
		if folded, err = p.facts.Use(ctx, &s.catalog); err != nil {
			p.env.logger.Error("the catalogue is in force, and not all services could be folded again; the next start does", "error", err)
		}
	}
	p.env.logger.Info("reloaded secrets and catalogue", "services", len(s.catalog.Services), "folded_again", folded)
	if changed := needRestart(&p.settings.file, &s.file); len(changed) > 0 {
		p.env.logger.Warn("these changed too and want a restart", "settings", strings.Join(changed, ", "))
	}
}

// reloadable are the settings that reload takes, and those that nothing is made
// of while serving.
var reloadable = map[string]bool{"Catalog": true, "Warnings": true, "Bands": true, "MinimumSample": true}

// needRestart names the settings that differ and are read at the start only.
func needRestart(before, after *config.Config) []string {
	var names []string
	a, b := reflect.ValueOf(before).Elem(), reflect.ValueOf(after).Elem()
	for i := range a.NumField() {
		name := a.Type().Field(i).Name
		if !reloadable[name] && !reflect.DeepEqual(a.Field(i).Interface(), b.Field(i).Interface()) {
			names = append(names, name)
		}
	}
	return names
}
