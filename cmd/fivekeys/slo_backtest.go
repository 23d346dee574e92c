package main

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/openslo"
	"github.com/fivekeys/fivekeys/processors/slo"
	"github.com/fivekeys/fivekeys/schemas"
)

type sloBacktestCommand struct {
	SLO    string   `arg:"" name:"slo" help:"The SLO, or one objective of it."`
	Since  string   `help:"How far back: days (90d), weeks (12w) or a date." default:"28d"`
	Rules  []string `name:"rule" help:"A candidate: long window, short window, factor, as 1h/5m:14.4; may be repeated. The objective's own alerts unless given." placeholder:"RULE"`
	Format string   `help:"${enum}." enum:"table,json,markdown" default:"table"`
}

// Run tells how candidate alerts would have done.
func (c *sloBacktestCommand) Run(ctx context.Context, g *globals, env *environment) error {
	span, err := period(c.Since, time.Now().UTC())
	if err != nil {
		return err
	}
	rules, err := burnRules(c.Rules)
	if err != nil {
		return err
	}
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	set := openslo.Load(s.file.SLOFiles...)
	if err := set.Err(); err != nil {
		return fmt.Errorf("%w (fivekeys slo lint lists all there is to mend)", err)
	}
	o, err := findObjective(set.Objectives, c.SLO)
	if err != nil {
		return err
	}
	store, done, err := g.openStore(ctx, env, s, true)
	if err != nil {
		return err
	}
	defer done()
	to := time.Now().UTC().Truncate(time.Minute)
	report, err := backtest(ctx, store, o, set.Objectives, rules, span.From, to)
	if err != nil {
		return err
	}
	if c.Format == "json" {
		out := json.NewEncoder(env.stdout)
		out.SetIndent("", "  ")
		return out.Encode(report)
	}
	return report.print(env, c.Format == "markdown")
}

var burnRule = regexp.MustCompile(`^([0-9]+[mhdw])/([0-9]+[mhdw]):([0-9.]+)$`)

func burnRules(texts []string) ([]schemas.BurnAlert, error) {
	var rules []schemas.BurnAlert
	seen := map[string]bool{}
	for _, t := range texts {
		m := burnRule.FindStringSubmatch(t)
		if m == nil {
			return nil, usagef("slo backtest: --rule %q: give the long window, the short one and the factor: 1h/5m:14.4", t)
		}
		factor, err := strconv.ParseFloat(m[3], 64)
		long, short := windowLength(m[1]), windowLength(m[2])
		switch {
		case err != nil || factor <= 0:
			return nil, usagef("slo backtest: --rule %q: the factor is a number above 0", t)
		case short <= 0 || short >= long || long > maxRuleWindow:
			return nil, usagef("slo backtest: --rule %q: the long window comes first and is longer, and 90d at most", t)
		case seen[t]:
			continue
		}
		seen[t] = true
		rules = append(rules, schemas.BurnAlert{Name: t, Severity: schemas.SeverityPage, Long: long, Short: short, Factor: factor})
	}
	return rules, nil
}

const maxRuleWindow = 90 * 24 * time.Hour

func windowLength(s string) time.Duration {
	n, err := strconv.Atoi(s[:len(s)-1])
	if err != nil || n > 10_000 {
		return maxRuleWindow + 1 // too long, which is said
	}
	return time.Duration(n) * map[byte]time.Duration{'m': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour, 'w': 7 * 24 * time.Hour}[s[len(s)-1]]
}

func findObjective(objectives []schemas.Objective, name string) (schemas.Objective, error) {
	var keys, parts []string
	for _, o := range objectives {
		if o.Key == name {
			return o, nil
		}
		keys = append(keys, o.Key)
		if o.SLO == name {
			parts = append(parts, o.Key)
		}
	}
	switch {
	case len(parts) > 0:
		return schemas.Objective{}, usagef("slo backtest: %s has several objectives, name one: %s", name, strings.Join(parts, ", "))
	case len(keys) == 0:
		return schemas.Objective{}, usagef("slo backtest: there are no objectives; name OpenSLO files under slos: in %s", defaultConfigFile)
	}
	return schemas.Objective{}, usagef("slo backtest: there is no objective %q (%s)", name, strings.Join(keys, ", "))
}

// backtestReport is what is printed. Its JSON form is a published contract:
// durations are seconds, null means that there is nothing to divide by.
type backtestReport struct {
	Objective string           `json:"objective"`
	Service   string           `json:"service"`
	From      time.Time        `json:"from"`
	To        time.Time        `json:"to"`
	Minutes   int              `json:"minutes_with_traffic"`
	Incidents int              `json:"incidents"`
	Trials    []backtestResult `json:"candidates"`
}

type backtestResult struct {
	Rule      string         `json:"rule"`
	Fires     int            `json:"fires"`
	Firing    float64        `json:"firing_seconds"`
	Detection *float64       `json:"detection_seconds_median"`
	Reset     *float64       `json:"reset_seconds_median"`
	Precision *float64       `json:"precision"`
	Recall    *float64       `json:"recall"`
	Alerts    []backtestFire `json:"alerts"`
}

type backtestFire struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Long     float64   `json:"long_burn"`
	Short    float64   `json:"short_burn"`
	Incident string    `json:"incident,omitempty"`
}

func backtest(ctx context.Context, store *clickhouse.Store, o schemas.Objective, all []schemas.Objective, rules []schemas.BurnAlert, from, to time.Time) (*backtestReport, error) {
	if len(rules) == 0 {
		for _, a := range o.BurnAlerts() {
			if a.NoData {
				a.Name += " " + schemas.Shorthand(a.Long)
			} else {
				a.Name += fmt.Sprintf(" %s/%s:%.4g", schemas.Shorthand(a.Long), schemas.Shorthand(a.Short), a.Factor)
			}
			rules = append(rules, a)
		}
	}
	if len(rules) == 0 {
		return nil, usagef("slo backtest: %s has no alerts of its own; give candidates: --rule 1h/5m:14.4", o.Key)
	}
	test, err := slo.NewBacktest(o, all, rules)
	if err != nil {
		return nil, err
	}
	r := &backtestReport{Objective: o.Key, Service: o.Service, From: from, To: to}
	query := clickhouse.SLOQuery{Objectives: []string{o.Key}, Reported: o.Indicator.Reported, From: from.Add(-test.Needs()), To: to}
	take := func(m clickhouse.SLOMinute) {
		r.Minutes++
		test.Add(m.Objective, time.Unix(m.Minute*60, 0), m.Good, m.Total)
	}
	sources := []schemas.Objective{o}
	for _, p := range o.Parts {
		for _, other := range all {
			if other.Key == p.Objective {
				sources = append(sources, other)
			}
		}
	}
	for _, source := range sources {
		query.Objectives, query.Reported = []string{source.Key}, source.Indicator.Reported
		if err := store.SLOMinutes(ctx, query, take); err != nil {
			return nil, err
		}
	}
	corrections, err := store.SLOCorrections(ctx)
	if err != nil {
		return nil, err
	}
	var parsed []slo.Correction
	for _, e := range corrections {
		if c, err := slo.ParseCorrection(e); err == nil { // serve says which it leaves out
			parsed = append(parsed, c)
		}
	}
	test.Correct(parsed, from, to)
	incidents, err := store.IncidentsOf(ctx, o.Service, from, to)
	if err != nil {
		return nil, err
	}
	var outages []slo.Outage
	for _, i := range incidents {
		outages = append(outages, slo.Outage{ID: i.IncidentID, From: i.OpenedAt, To: i.ResolvedAt})
	}
	r.Incidents = len(outages)
	for _, trial := range test.Run(from, to, outages) {
		r.Trials = append(r.Trials, resultOf(&trial))
	}
	return r, nil
}

func resultOf(t *slo.Trial) backtestResult {
	r := backtestResult{
		Rule: t.Name, Fires: len(t.Fires), Precision: t.Precision(), Recall: t.Recall(),
		Detection: inSeconds(t.Detection), Reset: inSeconds(t.Reset), Alerts: []backtestFire{},
	}
	for _, f := range t.Fires {
		r.Firing += f.To.Sub(f.From).Seconds()
		r.Alerts = append(r.Alerts, backtestFire{f.From, f.To, f.LongBurn, f.ShortBurn, f.Incident})
	}
	if t.Incidents == 0 {
		r.Precision = nil // without a record of incidents a fire is neither right nor wrong
	}
	return r
}

func inSeconds(d *time.Duration) *float64 {
	if d == nil {
		return nil
	}
	s := d.Seconds()
	return &s
}

func (r *backtestReport) print(env *environment, markdown bool) error {
	t := newTable(env.stdout)
	t.AppendHeader(table.Row{"candidate", "fires", "firing", "detection", "reset", "precision", "recall"})
	right := []table.ColumnConfig{}
	for n := 2; n <= 7; n++ {
		right = append(right, table.ColumnConfig{Number: n, Align: text.AlignRight})
	}
	t.SetColumnConfigs(right)
	for _, c := range r.Trials {
		t.AppendRow(table.Row{c.Rule, c.Fires, human(time.Duration(c.Firing) * time.Second), secondsText(c.Detection), secondsText(c.Reset), shareText(c.Precision), shareText(c.Recall)})
	}
	printed := t.Render()
	if markdown {
		printed = t.RenderMarkdown()
	}
	_, err := fmt.Fprintf(env.stdout, `%s, %s … %s UTC: %d minutes with traffic, %d incidents of %s

%s

Detection is from an incident's opening to the alert, reset from its end to the alert's (medians; negative is earlier).
Precision: alerts of which an incident tells. Recall: incidents of which an alert tells.
`, r.Objective, r.From.Format("2006-01-02 15:04"), r.To.Format("2006-01-02 15:04"), r.Minutes, r.Incidents, r.Service, printed)
	return err
}

func secondsText(v *float64) string {
	if v == nil {
		return "no data"
	}
	d := time.Duration(*v) * time.Second
	if d < 0 {
		return "-" + human(-d)
	}
	return human(d)
}

func shareText(v *float64) string {
	if v == nil {
		return "no data"
	}
	return fmt.Sprintf("%.0f %%", 100**v)
}
