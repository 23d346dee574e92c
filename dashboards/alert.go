package dashboards

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// AlertRule asks a question of the store again and again and fires for each row
// whose number is above the threshold; the row's text columns are its labels.
// No row is an answer too: all is well, unless NoDataFires.
type AlertRule struct {
	UID, Title string
	Query      string // a file under sql
	Above      float64
	For        time.Duration
	Severity   string // page or ticket
	// NoDataFires: silence is what the rule is about.
	NoDataFires          bool
	Summary, Description string
	// Dashboard and Panel are where to look: a UID and the title of a panel there.
	Dashboard, Panel string
}

// AlertGroup is the rules that are evaluated together.
type AlertGroup struct {
	Title string
	Every time.Duration
	Rules []AlertRule
}

// Alerts lists the alert rules.
func Alerts() []AlertGroup {
	return []AlertGroup{
		{Title: "Error budgets", Every: time.Minute, Rules: []AlertRule{
			{
				UID: "fivekeys-burn-page", Title: "Error budget burns fast", Query: "alerts/burn_page.sql", Severity: "page",
				Summary:     "{{ $labels.objective }} spends its error budget fast",
				Description: "{{ $labels.service }}: rule {{ $labels.rule }} fires. At this rate the budget ends well before its window does. The error budgets dashboard names the deployment that spent it.",
				Dashboard:   budgetsUID, Panel: "Alerts firing and past",
			},
			{
				UID: "fivekeys-burn-ticket", Title: "Error budget burns slowly", Query: "alerts/burn_ticket.sql", Severity: "ticket",
				Summary:     "{{ $labels.objective }} spends its error budget faster than allowed",
				Description: "{{ $labels.service }}: rule {{ $labels.rule }} fires. Nobody has to get up, somebody has to look.",
				Dashboard:   budgetsUID, Panel: "Alerts firing and past",
			},
			{
				UID: "fivekeys-budget-exhausted", Title: "Error budget is spent", Query: "alerts/exhausted.sql", Severity: "ticket",
				Summary:     "{{ $labels.objective }} has no error budget left",
				Description: "{{ $labels.service }} has spent more than its target allows. Where the policy says so, its deployments are frozen.",
				Dashboard:   budgetsUID, Panel: "Budgets",
			},
		}},
		{Title: "Toil", Every: time.Hour, Rules: []AlertRule{
			{
				UID: "fivekeys-toil", Title: "Toil is over its cap", Query: "alerts/toil.sql", Above: 1, Severity: "ticket",
				Summary:     "{{ $labels.team }} does more toil than its cap allows",
				Description: "Over the last four weeks. The toil dashboard says what takes the time, and what of it a machine could do.",
				Dashboard:   toilUID, Panel: "By team and week",
			},
		}},
		{Title: "Pipeline", Every: time.Minute, Rules: []AlertRule{
			{
				UID: "fivekeys-lag", Title: "The pipeline lags", Query: "alerts/lag.sql", Above: 1000, For: 10 * time.Minute, Severity: "ticket",
				Summary:     "Stage {{ $labels.stage }} is behind",
				Description: "More than 1,000 messages have waited for ten minutes: figures are old. Is the store away, or is there too little of a machine?",
				Dashboard:   pipelineUID, Panel: "Backlog by stage",
			},
			{
				UID: "fivekeys-dead-letters", Title: "Dead letters", Query: "alerts/dead_letters.sql", Severity: "ticket",
				Summary:     "Messages could not be processed",
				Description: "fivekeys dlq list shows them with their reasons; dlq redrive brings them back after the cause is mended.",
				Dashboard:   pipelineUID, Panel: "Dead letters",
			},
			{
				UID: "fivekeys-missing-deliveries", Title: "Deliveries are missing", Query: "alerts/missing_deliveries.sql", Above: 1, For: 5 * time.Minute, Severity: "ticket",
				Summary:     "{{ $labels.source }} has fallen silent",
				Description: "Nothing has come from it for longer than in any gap of the last four weeks, and for six hours at least. A broken webhook looks like a quiet week.",
				Dashboard:   pipelineUID, Panel: "Sources",
			},
			{
				UID: "fivekeys-silent", Title: "The pipeline says nothing of itself", Query: "alerts/silent.sql", Above: 300, For: 2 * time.Minute, Severity: "page", NoDataFires: true,
				Summary:     "No process of fivekeys has reported for five minutes",
				Description: "They are down, or the store is. Deliveries wait at their senders at best.",
				Dashboard:   pipelineUID, Panel: "Waiting messages",
			},
		}},
	}
}

// ErrorState: a question that can't be asked is the data source's trouble, and
// Grafana says so by an alert of its own.
const errorState = "Error"

// lookBack is the range an alert's query gets; ours name their own.
const lookBack = 10 * time.Minute

// NoDataState is Grafana's word for what no row means.
func (r AlertRule) NoDataState() string {
	if r.NoDataFires {
		return "Alerting"
	}
	return "OK"
}

// Labels of the rule's alerts, beside those of their rows.
func (r AlertRule) Labels() map[string]string {
	return map[string]string{"severity": r.Severity, "product": "fivekeys"}
}

// Annotations say what happened and where to look. Grafana takes a dashboard
// only together with a panel of it.
func (r AlertRule) Annotations() (map[string]string, error) {
	id, err := panelID(r.Dashboard, r.Panel)
	if err != nil {
		return nil, fmt.Errorf("alert rule %s: %w", r.UID, err)
	}
	return map[string]string{
		"summary": r.Summary, "description": r.Description, "__dashboardUid__": r.Dashboard, "__panelId__": strconv.Itoa(id),
	}, nil
}

// panelID finds the number that a panel has on its dashboard.
func panelID(uid, title string) (int, error) {
	for _, d := range All() {
		if d.UID != uid {
			continue
		}
		panels, err := d.panels()
		if err != nil {
			return 0, err
		}
		for _, p := range panels {
			if p, _ := p.(object); p["title"] == title && p["type"] != "row" {
				id, _ := p["id"].(int)
				return id, nil
			}
		}
	}
	return 0, fmt.Errorf("no panel %q on the dashboard %s", title, uid)
}

// Condition is the expression that decides.
const Condition = "C"

// AlertQuery is one step of a rule: the SQL, then expressions over its answer.
type AlertQuery struct {
	RefID      string
	DataSource string // UID, "__expr__" for an expression
	From       time.Duration
	Model      map[string]any
}

// Queries gives the rule's steps: SQL → last value → above the threshold.
func (r AlertRule) Queries(dataSource string) ([]AlertQuery, error) {
	sql, err := query(r.Query)
	if err != nil {
		return nil, err
	}
	const expression = "__expr__"
	step := func(refID, kind string, more map[string]any) AlertQuery {
		model := map[string]any{"refId": refID, "type": kind, "datasource": map[string]any{"type": expression, "uid": expression}}
		for k, v := range more {
			model[k] = v
		}
		return AlertQuery{RefID: refID, DataSource: expression, Model: model}
	}
	return []AlertQuery{
		{RefID: "A", DataSource: dataSource, From: lookBack, Model: map[string]any{
			"refId": "A", "datasource": map[string]any{"type": pluginID, "uid": dataSource}, "editorType": "sql", "rawSql": sql,
			"queryType": "table", "format": shapeTable, "pluginVersion": pluginVersion,
		}},
		step("B", "reduce", map[string]any{"expression": "A", "reducer": "last"}),
		step(Condition, "threshold", map[string]any{"expression": "B", "conditions": []any{
			map[string]any{"evaluator": map[string]any{"type": "gt", "params": []any{r.Above}}},
		}}),
	}, nil
}

// AlertFile is the rules as Grafana's file provisioning reads them.
func AlertFile(folder, dataSource string) ([]byte, error) {
	groups := list{}
	for _, g := range Alerts() {
		rules := list{}
		for _, r := range g.Rules {
			queries, err := r.Queries(dataSource)
			if err != nil {
				return nil, fmt.Errorf("build alert rule %s: %w", r.UID, err)
			}
			annotations, err := r.Annotations()
			if err != nil {
				return nil, err
			}
			data := list{}
			for _, q := range queries {
				data = append(data, object{
					"refId": q.RefID, "datasourceUid": q.DataSource, "model": q.Model,
					"relativeTimeRange": object{"from": int(q.From.Seconds()), "to": 0},
				})
			}
			rules = append(rules, object{
				"uid": r.UID, "title": r.Title, "condition": Condition, "data": data, "for": r.For.String(),
				"noDataState": r.NoDataState(), "execErrState": errorState, "labels": r.Labels(), "annotations": annotations,
			})
		}
		groups = append(groups, object{"orgId": 1, "name": g.Title, "folder": folder, "interval": g.Every.String(), "rules": rules})
	}
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	err := encoder.Encode(object{"apiVersion": 1, "groups": groups})
	return out.Bytes(), err
}
