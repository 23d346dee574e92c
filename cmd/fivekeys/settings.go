package main

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/internal/bands"
	"github.com/fivekeys/fivekeys/internal/config"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/openslo"
	"github.com/fivekeys/fivekeys/schemas"
)

// settings are what flags, environment, secrets and the configuration file say
// together. Flags win over the environment, and that over the file.
type settings struct {
	catalog       schemas.Catalog
	natsURL       string
	clickhouseURL string
	cluster       string
	listen        string
	bands         bands.Set
	minimumSample int
	tokens        []string
	personKey     []byte
	sourceSecrets func(source string) []string
	// spanTokens are demanded of senders of spans; none lets everybody on this
	// machine send, and serve listens on no other address then.
	spanTokens []string
	objectives []schemas.Objective
	// link is where alerts lead to: the dashboard of error budgets.
	link string
	file config.Config
}

const (
	defaultData   = "fivekeys-data"
	defaultListen = "127.0.0.1:8080"
)

// settings reads the configuration and completes the global flags with it.
func (g *globals) settings(env *environment) (*settings, error) {
	file := config.Default()
	if path := g.configFile(); path != "" {
		var err error
		if file, err = config.Load(path); err != nil {
			return nil, err
		}
		for _, w := range file.Warnings {
			env.logger.Warn(w.String())
		}
	}
	g.Data = cmp.Or(g.Data, file.Data, defaultData)
	s := &settings{
		catalog:       file.Catalog,
		natsURL:       cmp.Or(g.NATSURL, file.NATS.URL),
		clickhouseURL: cmp.Or(g.ClickHouseURL, file.ClickHouse.URL),
		cluster:       file.ClickHouse.Cluster,
		listen:        cmp.Or(file.Listen, defaultListen),
		minimumSample: file.MinimumSample,
		file:          file,
	}
	var err error
	if s.bands, err = bands.Lookup(cmp.Or(file.Bands, bands.DefaultVersion)); err != nil {
		return nil, err
	}
	if s.tokens, err = config.Secrets(env.getenv, "API_TOKEN"); err != nil {
		return nil, err
	}
	if s.spanTokens, err = config.Secrets(env.getenv, "SPAN_TOKEN"); err != nil {
		return nil, err
	}
	if s.objectives, err = objectives(file.SLOFiles); err != nil {
		return nil, err
	}
	s.link = env.getenv("FIVEKEYS_GRAFANA_URL")
	keys, err := config.Secrets(env.getenv, "PERSON_KEY")
	if err != nil {
		return nil, err
	}
	if len(keys) > 0 {
		s.personKey = []byte(keys[0])
	}
	if err := s.addClickHousePassword(env); err != nil {
		return nil, err
	}
	secrets := map[string][]string{}
	for _, source := range append(sourceNames(), github.App) {
		name := strings.TrimPrefix(secretVariable(source), "FIVEKEYS_")
		if secrets[source], err = config.Secrets(env.getenv, name); err != nil {
			return nil, err
		}
	}
	if err := checkApp(secrets); err != nil {
		return nil, err
	}
	s.sourceSecrets = func(source string) []string { return secrets[source] }
	return s, nil
}

// checkApp wants a secret for the App that is nobody else's: the App answers
// with its own rights whoever signs with it.
func checkApp(secrets map[string][]string) error {
	variable := secretVariable(github.App)
	for _, secret := range secrets[github.App] {
		if slices.Contains(secrets[github.Name], secret) {
			return fmt.Errorf("%s and %s share a value: whoever may send a webhook could have the App approve deployments; give the App a secret of its own in GitHub",
				variable, secretVariable(github.Name))
		}
	}
	return nil
}

// missingApp says that GitHub's App is configured and none of its requests could
// be believed.
func (s *settings) missingApp() error {
	if s.file.GitHubApp.ID == 0 || len(s.sourceSecrets(github.App)) > 0 {
		return nil
	}
	return fmt.Errorf("github_app is configured and %s is not set: no request of GitHub's would be answered; set it, or %[1]s_FILE, to the webhook secret of the App, which is not that of other webhooks",
		secretVariable(github.App))
}

// objectives reads the SLO files, if any are named.
func objectives(files []string) ([]schemas.Objective, error) {
	if len(files) == 0 {
		return nil, nil
	}
	set := openslo.Load(files...)
	if err := set.Err(); err != nil {
		return nil, fmt.Errorf("%w (fivekeys slo lint lists all there is to mend)", err)
	}
	return set.Objectives, nil
}

// addClickHousePassword puts a password that has a variable or a file of its own
// into the URL.
func (s *settings) addClickHousePassword(env *environment) error {
	passwords, err := config.Secrets(env.getenv, "CLICKHOUSE_PASSWORD")
	if err != nil || len(passwords) == 0 {
		return err
	}
	u, err := url.Parse(s.clickhouseURL)
	if s.clickhouseURL == "" || err != nil || u.User.Username() == "" {
		return errors.New("FIVEKEYS_CLICKHOUSE_PASSWORD is set, and --clickhouse-url names no user; write clickhouse://user@host:9000/fivekeys")
	}
	u.User = url.UserPassword(u.User.Username(), passwords[0])
	s.clickhouseURL = u.String()
	return nil
}

// secretVariable is the environment variable of a source's secrets.
func secretVariable(source string) string { return "FIVEKEYS_" + strings.ToUpper(source) + "_SECRET" }

// nats completes the connection's configuration; the embedded server's folder
// is the caller's to add.
func (s *settings) nats(logger *slog.Logger) (jetstream.Config, error) {
	n := s.file.NATS
	c := jetstream.Config{
		URL: s.natsURL, User: n.User, NKeySeedFile: n.NKeyFile, CredsFile: n.CredsFile,
		TLS:      jetstream.TLS{CAFile: n.TLS.CA, CertFile: n.TLS.Cert, KeyFile: n.TLS.Key, ServerName: n.TLS.ServerName},
		Topology: jetstream.Topology{Partitions: s.file.Partitions, Replicas: s.file.Replicas},
		Logger:   logger,
	}
	for _, secret := range []struct {
		file string
		into *string
	}{{n.PasswordFile, &c.Password}, {n.TokenFile, &c.Token}} {
		if secret.file == "" {
			continue
		}
		text, err := os.ReadFile(secret.file)
		if err != nil {
			return c, fmt.Errorf("read NATS credentials: %w", err)
		}
		*secret.into = strings.TrimSpace(string(text))
	}
	return c, nil
}
