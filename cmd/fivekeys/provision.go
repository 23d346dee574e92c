package main

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/fivekeys/fivekeys/dashboards/provision"
	"github.com/fivekeys/fivekeys/internal/config"
	"github.com/fivekeys/fivekeys/schemas"
)

type dashboardsProvisionCommand struct {
	GrafanaURL    string `name:"grafana-url" help:"The Grafana to provision." env:"FIVEKEYS_GRAFANA_URL" required:"" placeholder:"URL"`
	DryRun        bool   `help:"Only show what would change, with the differences."`
	Force         bool   `help:"Overwrite dashboards that somebody has edited."`
	TeamFolders   bool   `help:"A folder for each team of the catalogue, with its dashboards, that Grafana's team of the same name may view."`
	DataSourceUID string `name:"datasource-uid" help:"UID of the ClickHouse data source." default:"fivekeys" placeholder:"UID"`
	DataSource    string `name:"datasource" help:"Make that data source too, for the ClickHouse at this address as Grafana sees it: clickhouse:9000, or http://host:8123. The reader's password comes from FIVEKEYS_READER_PASSWORD." placeholder:"ADDR"`
}

// Run plans, shows the plan and carries it out.
func (c *dashboardsProvisionCommand) Run(g *globals, env *environment) error {
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	tokens, err := config.Secrets(env.getenv, "GRAFANA_TOKEN")
	if err != nil {
		return err
	}
	client, err := provision.NewClient(c.GrafanaURL, strings.Join(tokens[:min(1, len(tokens))], ""))
	if err != nil {
		return err
	}
	options := provision.Options{DataSourceUID: c.DataSourceUID, Force: c.Force}
	if c.DataSource != "" {
		if options.DataSource, err = c.dataSource(env); err != nil {
			return err
		}
	}
	if c.TeamFolders {
		options.Teams = teamsOf(&s.catalog)
	}
	wanted, err := provision.Everything(options)
	if err != nil {
		return err
	}
	steps, err := provision.NewPlan(client, wanted)
	if err != nil {
		return err
	}
	for _, step := range steps {
		if _, err := fmt.Fprintln(env.stdout, describe(step)); err != nil {
			return err
		}
		if c.DryRun && step.Diff != "" {
			if _, err := fmt.Fprintln(env.stdout, indent(step.Diff)); err != nil {
				return err
			}
		}
	}
	if c.DryRun {
		return nil
	}
	return provision.Apply(steps)
}

func describe(s provision.Step) string {
	line := fmt.Sprintf("%-9s %s %q", s.Action, s.Kind, s.Name)
	if s.Note != "" {
		line += " (" + s.Note + ")"
	}
	return line
}

func indent(text string) string {
	return "    " + strings.ReplaceAll(strings.TrimRight(text, "\n"), "\n", "\n    ")
}

// readerPassword names the secret of the read-only role.
const readerPassword = "READER_PASSWORD"

func (c *dashboardsProvisionCommand) dataSource(env *environment) (*provision.DataSource, error) {
	passwords, err := config.Secrets(env.getenv, readerPassword)
	if err != nil {
		return nil, err
	}
	if len(passwords) == 0 {
		return nil, usagef("dashboards provision --datasource: FIVEKEYS_%s is not set; Grafana logs in as %s", readerPassword, readerUser)
	}
	protocol, address, secure := "native", c.DataSource, false
	for _, p := range []string{"http", "https"} {
		if rest, ok := strings.CutPrefix(address, p+"://"); ok {
			protocol, address, secure = "http", strings.TrimSuffix(rest, "/"), p == "https"
		}
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usagef("dashboards provision --datasource: %q has no port; write clickhouse:9000 or http://clickhouse:8123", c.DataSource)
	}
	number, err := strconv.Atoi(port)
	if err != nil {
		return nil, usagef("dashboards provision --datasource: %q is no port", port)
	}
	return &provision.DataSource{Name: "fivekeys", Password: passwords[0], JSONData: map[string]any{
		"host": host, "port": number, "protocol": protocol, "secure": secure, "defaultDatabase": "fivekeys", "username": readerUser,
	}}, nil
}

// teamsOf lists the catalogue's teams, each once.
func teamsOf(catalog *schemas.Catalog) []string {
	var teams []string
	for _, s := range catalog.Services {
		if team := catalog.Service(s.Name).Team; team != "" && !slices.Contains(teams, team) {
			teams = append(teams, team)
		}
	}
	slices.Sort(teams)
	return teams
}
