package provision

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	gapi "github.com/grafana/grafana-api-golang-client"
)

// Client is a Grafana behind its HTTP API.
type Client struct{ api *gapi.Client }

var _ Grafana = (*Client)(nil)

const (
	retries    = 2
	retryAfter = time.Second
	timeout    = 30 * time.Second
)

// NewClient logs in with a service account's token.
func NewClient(address, token string) (*Client, error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("parse --grafana-url: %q is no URL; write https://grafana.example.com", address)
	}
	if u.User != nil {
		return nil, errors.New("parse --grafana-url: it holds a user; log in with a service account's token in FIVEKEYS_GRAFANA_TOKEN")
	}
	if token == "" {
		return nil, errors.New("log in to Grafana: FIVEKEYS_GRAFANA_TOKEN is not set; make a service account with the role Admin and a token for it")
	}
	api, err := gapi.New(strings.TrimSuffix(address, "/"), gapi.Config{
		APIKey: token, Client: &http.Client{Timeout: timeout}, NumRetries: retries, RetryTimeout: retryAfter,
	})
	if err != nil {
		return nil, fmt.Errorf("parse --grafana-url: %w", err)
	}
	return &Client{api}, nil
}

// translate gives the client library's errors, which are texts, their types back.
func translate(err error) error {
	if err == nil {
		return nil
	}
	var missing gapi.ErrNotFound
	if errors.As(err, &missing) {
		return ErrNotFound
	}
	var status int
	if _, scanErr := fmt.Sscanf(err.Error(), "status: %d,", &status); scanErr == nil {
		_, body, _ := strings.Cut(err.Error(), "body: ")
		return &Refusal{Status: status, Body: message(body)}
	}
	var transport *url.Error
	if errors.As(err, &transport) {
		return fmt.Errorf("reach Grafana: %w; check --grafana-url", err)
	}
	return fmt.Errorf("understand Grafana's answer: %w; is --grafana-url a Grafana?", err)
}

// message takes the text out of the JSON in which Grafana says no.
func message(body string) string {
	var said struct{ Message string }
	if json.Unmarshal([]byte(body), &said) == nil && said.Message != "" {
		return said.Message
	}
	const enough = 200
	body = strings.Join(strings.Fields(body), " ")
	return body[:min(len(body), enough)]
}

// Health asks what only a Grafana answers.
func (c *Client) Health() error {
	health, err := c.api.Health()
	if err = translate(err); err == nil && health.Database == "" {
		err = ErrNotFound // something answers, but not as Grafana does
	}
	refusal := new(Refusal)
	switch {
	case errors.Is(err, ErrNotFound), errors.As(err, &refusal) && refusal.Status < http.StatusInternalServerError:
		return fmt.Errorf("ask Grafana's health (/api/health): %w; is --grafana-url a Grafana, with the path it is served below?", err)
	case err != nil:
		return fmt.Errorf("ask Grafana's health (/api/health): %w", err)
	case health.Database != "ok":
		return fmt.Errorf("ask Grafana's health (/api/health): its database is %q; run again when Grafana is well", health.Database)
	}
	return nil
}

// Folder reads a folder.
func (c *Client) Folder(uid string) (Folder, error) {
	f, err := c.api.FolderByUID(uid)
	if err != nil {
		return Folder{}, translate(err)
	}
	return Folder{UID: f.UID, Title: f.Title}, nil
}

// CreateFolder makes a folder.
func (c *Client) CreateFolder(f Folder) error {
	_, err := c.api.NewFolder(f.Title, f.UID)
	return translate(err)
}

// AllowTeam finds a team by its name and lets it view the folder.
func (c *Client) AllowTeam(folderUID, team string) error {
	found, err := c.api.SearchTeam(team)
	if err != nil {
		return translate(err)
	}
	for _, t := range found.Teams {
		if strings.EqualFold(t.Name, team) {
			// Not by the call for one team: the library wraps its body twice.
			_, err := c.api.SetFolderResourcePermissions(folderUID, gapi.SetResourcePermissionsBody{
				Permissions: []gapi.SetResourcePermissionItem{{TeamID: t.ID, Permission: "View"}},
			})
			return translate(err)
		}
	}
	return fmt.Errorf("%w: Grafana has no team %q; make it there, or leave out --team-folders", ErrNotFound, team)
}

// DataSource reads a data source; its password is not to be had.
func (c *Client) DataSource(uid string) (DataSource, error) {
	d, err := c.api.DataSourceByUID(uid)
	if err != nil {
		return DataSource{}, translate(err)
	}
	return DataSource{UID: d.UID, Name: d.Name, Type: d.Type, JSONData: d.JSONData}, nil
}

func (d DataSource) api() *gapi.DataSource {
	out := &gapi.DataSource{UID: d.UID, Name: d.Name, Type: d.Type, Access: "proxy", JSONData: d.JSONData}
	if d.Password != "" {
		out.SecureJSONData = map[string]any{"password": d.Password}
	}
	return out
}

// CreateDataSource makes a data source.
func (c *Client) CreateDataSource(d DataSource) error {
	_, err := c.api.NewDataSource(d.api())
	return translate(err)
}

// UpdateDataSource replaces a data source; without a password the old one stays.
func (c *Client) UpdateDataSource(d DataSource) error {
	return translate(c.api.UpdateDataSourceByUID(d.api()))
}

// Dashboard reads a dashboard.
func (c *Client) Dashboard(uid string) (Dashboard, error) {
	d, err := c.api.DashboardByUID(uid)
	if err != nil {
		return Dashboard{}, translate(err)
	}
	return Dashboard{FolderUID: d.Meta.FolderUID, Model: d.Model}, nil
}

// SaveDashboard creates or updates. Without overwrite Grafana refuses (412)
// where somebody has saved a newer version than the model says.
func (c *Client) SaveDashboard(d Dashboard, overwrite bool) error {
	_, err := c.api.NewDashboard(gapi.Dashboard{
		Model: d.Model, FolderUID: d.FolderUID, Overwrite: overwrite, Message: "fivekeys dashboards provision",
	})
	return translate(err)
}

// RuleGroup reads a group of rules.
func (c *Client) RuleGroup(folderUID, title string) (RuleGroup, error) {
	g, err := c.api.AlertRuleGroup(folderUID, title)
	if err != nil {
		return RuleGroup{}, translate(err)
	}
	if len(g.Rules) == 0 {
		return RuleGroup{}, ErrNotFound
	}
	out := RuleGroup{Title: g.Title, FolderUID: g.FolderUID, Interval: g.Interval}
	for _, r := range g.Rules {
		rule := Rule{
			UID: r.UID, Title: r.Title, Condition: r.Condition, For: r.For, NoData: string(r.NoDataState), ExecErrState: string(r.ExecErrState),
			Labels: r.Labels, Annotations: r.Annotations, IsPaused: r.IsPaused,
		}
		for _, q := range r.Data {
			model, _ := q.Model.(map[string]any)
			rule.Data = append(rule.Data, Query{
				RefID: q.RefID, DataSourceUID: q.DatasourceUID, From: int64(q.RelativeTimeRange.From), Model: model,
			})
		}
		out.Rules = append(out.Rules, rule)
	}
	return out, nil
}

// SaveRuleGroup replaces a group with its rules.
func (c *Client) SaveRuleGroup(g RuleGroup) error {
	out := gapi.RuleGroup{Title: g.Title, FolderUID: g.FolderUID, Interval: g.Interval}
	for _, r := range g.Rules {
		rule := gapi.AlertRule{
			UID: r.UID, Title: r.Title, Condition: r.Condition, For: r.For, NoDataState: gapi.NoDataState(r.NoData),
			ExecErrState: gapi.ExecErrState(cmp.Or(r.ExecErrState, string(gapi.ErrError))),
			Labels:       r.Labels, Annotations: r.Annotations, IsPaused: r.IsPaused, FolderUID: g.FolderUID, RuleGroup: g.Title,
		}
		var err error
		if rule.ForDuration, err = time.ParseDuration(r.For); err != nil {
			return fmt.Errorf("save rule %s: %w", r.UID, err)
		}
		for _, q := range r.Data {
			rule.Data = append(rule.Data, &gapi.AlertQuery{
				RefID: q.RefID, DatasourceUID: q.DataSourceUID, Model: q.Model,
				RelativeTimeRange: gapi.RelativeTimeRange{From: time.Duration(q.From)}, /* the library's type says nanoseconds, the API means seconds */
			})
		}
		out.Rules = append(out.Rules, rule)
	}
	return translate(c.api.SetAlertRuleGroup(out))
}
