package notify

import (
	"encoding/json"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/internal/amount"
	"github.com/fivekeys/fivekeys/schemas"
)

// postableAlert is one alert of Alertmanager's API v2. Labels are its identity;
// without an end it fires until resolve_timeout.
type postableAlert struct {
	Labels       map[string]string `json:"labels"`
	Annotations  map[string]string `json:"annotations"`
	StartsAt     time.Time         `json:"startsAt"`
	EndsAt       *time.Time        `json:"endsAt,omitempty"`
	GeneratorURL string            `json:"generatorURL,omitempty"`
}

// The names of our alerts.
const (
	alertBurn      = "ErrorBudgetBurn"
	alertExhausted = "ErrorBudgetExhausted"
	alertNoData    = "ObjectiveWithoutData"
)

// alertsAddress is where an Alertmanager takes alerts; the configured root may
// have a path, and may be the address itself.
func alertsAddress(root string) (string, error) {
	u, err := url.Parse(root)
	if err != nil {
		return "", fmt.Errorf("read the address of an Alertmanager: %w", err)
	}
	path, _, _ := strings.Cut(u.Path, "/api/v")
	u.Path = strings.TrimRight(path, "/") + "/api/v2/alerts"
	return u.String(), nil
}

// alertsRequest renders the body that all alerts of one request share.
func alertsRequest(alerts []postableAlert, token string) (request, error) {
	body, err := json.Marshal(alerts)
	if err != nil {
		return request{}, fmt.Errorf("render alerts: %w", err)
	}
	header := map[string]string{"Content-Type": "application/json"}
	if token != "" {
		header["Authorization"] = "Bearer " + token
	}
	return request{body: body, header: header}, nil
}

// postable renders a signal; before is what the receiver was told of the same
// thing, nil for nothing. A restored budget says when it was restored only, and
// the alert began when it was spent.
func (s *signal) postable(before *signal, link string) postableAlert {
	if s.alert != nil {
		return burnAlert(s.alert, link)
	}
	p := budgetAlert(s.budget, link)
	if !s.begun() && before != nil && before.budget != nil && before.at().Before(p.StartsAt) {
		p.StartsAt = before.at().UTC()
	}
	return p
}

func burnAlert(a *schemas.AlertSignal, link string) postableAlert {
	p := postableAlert{
		Labels: filled(map[string]string{
			"alertname": alertBurn, "service": a.Service, "slo": a.SLO, "objective": a.Objective,
			"severity": string(a.Severity), "team": a.Team, "rule": a.Rule,
		}),
		Annotations: filled(map[string]string{
			"summary": a.Summary, "description": burnText(a),
			"deployment": a.DeploymentID, "version": a.Version, "deployment_url": a.DeploymentURL,
		}),
		StartsAt: a.StartedAt.UTC(), GeneratorURL: link,
	}
	if a.NoData {
		p.Labels["alertname"] = alertNoData
	}
	if a.DeployedAt != nil {
		p.Annotations["deployed_at"] = a.DeployedAt.UTC().Format(time.RFC3339)
	}
	if a.State == schemas.AlertResolved {
		p.end(a.ResolvedAt)
	}
	return p
}

// burnText is the arithmetic behind the summary.
func burnText(a *schemas.AlertSignal) string {
	if a.NoData {
		return fmt.Sprintf("%s had traffic, and has had none for %s. That neither burns nor refills its error budget.", a.Objective, a.Long)
	}
	text := fmt.Sprintf("The error budget of %s burns %s as fast as it may over %s and %s over %s; the alert begins at %s.",
		a.Objective, amount.Times(a.LongBurn), a.Long, amount.Times(a.ShortBurn), a.Short, amount.Number(a.Factor))
	switch left := a.MinutesLeft; {
	case left == nil || a.State == schemas.AlertResolved:
	case *left <= 0:
		text += " Nothing of it is left."
	case a.RunsOutAt != nil:
		text += fmt.Sprintf(" What is left, %s, runs out at %s.", amount.Minutes(*left), a.RunsOutAt.UTC().Format("2006-01-02 15:04 MST"))
	}
	return text
}

func budgetAlert(b *schemas.BudgetSignal, link string) postableAlert {
	p := postableAlert{
		Labels: filled(map[string]string{
			"alertname": alertExhausted, "service": b.Service, "slo": b.SLO, "objective": b.Objective,
			"severity": string(schemas.SeverityTicket), "team": b.Team,
		}),
		Annotations: filled(map[string]string{
			"summary": b.Summary, "description": budgetText(b),
		}),
		StartsAt: b.At.UTC(), GeneratorURL: link,
	}
	if b.State == schemas.BudgetRestored {
		p.end(&b.At)
	}
	return p
}

func budgetText(b *schemas.BudgetSignal) string {
	switch left := b.Remaining; {
	case left == nil:
		return fmt.Sprintf("No data of %s within its window: nothing of its error budget is known to be spent.", b.Objective)
	case *left > 0:
		return fmt.Sprintf("%s of the error budget of %s is left.", amount.Percent(*left), b.Objective)
	case *left > -leastOverspent:
		return fmt.Sprintf("All of the error budget of %s is spent.", b.Objective)
	default:
		return fmt.Sprintf("The error budget of %s is overspent by %s.", b.Objective, amount.Percent(-*left))
	}
}

// leastOverspent is the least share of a budget that it is called overspent by.
const leastOverspent = 0.0005

// end marks it as over. Alertmanager refuses an end before the start, and makes
// nothing of one that is the same.
func (p *postableAlert) end(at *time.Time) {
	end := p.StartsAt
	if at != nil && at.After(end) {
		end = at.UTC()
	}
	p.EndsAt = &end
}

// filled leaves empty values out: to Alertmanager they are no label at all.
func filled(values map[string]string) map[string]string {
	for name, value := range values {
		if value == "" {
			delete(values, name)
		}
	}
	return values
}
