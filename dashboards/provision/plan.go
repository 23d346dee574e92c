package provision

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/rogpeppe/go-internal/diff"
)

// Action is what a step does.
type Action string

// The actions.
const (
	Create    Action = "create"
	Update    Action = "update"
	Overwrite Action = "overwrite" // an edited dashboard, by force
	Unchanged Action = "unchanged"
	Skip      Action = "skip" // an edited dashboard
)

// Step is one thing of Grafana's and what becomes of it.
type Step struct {
	Action Action
	Kind   string // folder, data source, dashboard, alert rules, permission
	Name   string
	// Note says why, where the action alone does not.
	Note string
	// Diff is what changes, in unified form; empty for what is unchanged.
	Diff  string
	apply func() error
}

// Wanted is what Grafana should have.
type Wanted struct {
	Folders    []Folder
	Viewers    map[string]string // folder UID → team of Grafana's that may view it
	DataSource *DataSource       // nil leaves data sources alone
	Dashboards []Dashboard
	Rules      []RuleGroup
	// Force overwrites dashboards that people have edited.
	Force bool
}

// NewPlan compares what is wanted with what is there. It changes nothing. It asks
// for Grafana's health first: an address that has nothing of what it is asked for
// looks like an empty Grafana.
func NewPlan(g Grafana, w Wanted) ([]Step, error) {
	if err := g.Health(); err != nil {
		return nil, err
	}
	p := planner{g: g, force: w.Force}
	for _, f := range w.Folders {
		p.folder(f)
		if team := w.Viewers[f.UID]; team != "" {
			p.step(Step{Action: Update, Kind: "permission", Name: f.Title, Note: "team " + team + " may view", apply: func() error { return g.AllowTeam(f.UID, team) }})
		}
	}
	if w.DataSource != nil {
		p.dataSource(*w.DataSource)
	}
	for _, d := range w.Dashboards {
		p.dashboard(d)
	}
	for _, r := range w.Rules {
		p.rules(r)
	}
	return p.steps, p.err
}

// Apply carries the steps out in order and stops at the first that fails: what
// was applied stays, and the next run goes on from there.
func Apply(steps []Step) error {
	for _, s := range steps {
		if s.apply == nil {
			continue
		}
		if err := s.apply(); err != nil {
			return fmt.Errorf("%s %s %q: %w", s.Action, s.Kind, s.Name, err)
		}
	}
	return nil
}

type planner struct {
	g     Grafana
	force bool
	steps []Step
	err   error // the first; nothing is asked after it
}

func (p *planner) step(s Step) { p.steps = append(p.steps, s) }

func (p *planner) fail(kind, name string, err error) {
	p.err = fmt.Errorf("look at %s %q: %w", kind, name, err)
}

func (p *planner) folder(f Folder) {
	if p.err != nil {
		return
	}
	have, err := p.g.Folder(f.UID)
	switch {
	case errors.Is(err, ErrNotFound):
		p.step(Step{Action: Create, Kind: "folder", Name: f.Title, apply: func() error { return p.g.CreateFolder(f) }})
	case err != nil:
		p.fail("folder", f.Title, err)
	default:
		// A folder may be called what its readers like; the uid is what counts.
		p.step(Step{Action: Unchanged, Kind: "folder", Name: have.Title})
	}
}

func (p *planner) dataSource(d DataSource) {
	if p.err != nil {
		return
	}
	have, err := p.g.DataSource(d.UID)
	switch {
	case errors.Is(err, ErrNotFound):
		p.step(Step{Action: Create, Kind: "data source", Name: d.Name, Diff: difference(nil, d.JSONData), apply: func() error { return p.g.CreateDataSource(d) }})
	case err != nil:
		p.fail("data source", d.Name, err)
	case have.Type != d.Type:
		p.fail("data source", d.Name, fmt.Errorf("uid %s is a data source of type %s, not %s; remove it or give ours another uid with --datasource-uid", d.UID, have.Type, d.Type))
	case covers(have.JSONData, d.JSONData):
		p.step(Step{Action: Unchanged, Kind: "data source", Name: d.Name, Note: "its password is only written when something else changes"})
	default:
		p.step(Step{Action: Update, Kind: "data source", Name: d.Name, Diff: difference(have.JSONData, d.JSONData), apply: func() error { return p.g.UpdateDataSource(d) }})
	}
}

// covers says whether everything wanted is there; Grafana adds keys of its own.
func covers(have, want map[string]any) bool {
	for k, v := range want {
		if !same(have[k], v) {
			return false
		}
	}
	return true
}

// same compares as JSON, in which all numbers are alike.
func same(a, b any) bool { return reflect.DeepEqual(normal(a), normal(b)) }

func normal(v any) any {
	text, err := json.Marshal(v)
	if err != nil {
		return v
	}
	var out any
	if json.Unmarshal(text, &out) != nil {
		return v
	}
	return out
}

func (p *planner) dashboard(d Dashboard) {
	if p.err != nil {
		return
	}
	uid, _ := d.Model["uid"].(string)
	title, _ := d.Model["title"].(string)
	hash, err := hashOf(d.Model)
	if err != nil {
		p.fail("dashboard", title, err)
		return
	}
	have, err := p.g.Dashboard(uid)
	if errors.Is(err, ErrNotFound) {
		p.step(Step{
			Action: Create, Kind: "dashboard", Name: title,
			apply: func() error { return p.g.SaveDashboard(p.stamped(d, hash, 0, nil), false) },
		})
		return
	}
	if err != nil {
		p.fail("dashboard", title, err)
		return
	}
	version := versionOf(have.Model)
	mark, ours := markerOf(have.Model)
	edited := !ours || mark.version != version
	s := Step{Kind: "dashboard", Name: title}
	switch {
	case !edited && mark.hash == hash && have.FolderUID == d.FolderUID:
		s.Action = Unchanged
	case edited && !p.force:
		s.Action, s.Note = Skip, "edited by somebody since; --force overwrites it"
		s.Diff = difference(plain(have.Model), plain(d.Model))
	default:
		s.Action = Update
		if edited {
			s.Action = Overwrite
		}
		s.Diff = difference(plain(have.Model), plain(d.Model))
		s.apply = func() error { return p.g.SaveDashboard(p.stamped(d, hash, version, have.Model["id"]), edited) }
	}
	p.step(s)
}

// stamped is the dashboard as it is sent: over a version, with the marker of
// the version it becomes.
func (p *planner) stamped(d Dashboard, hash string, over int64, id any) Dashboard {
	model := withMarker(d.Model, marker{hash, over + 1})
	model["version"], model["id"] = over, id
	return Dashboard{FolderUID: d.FolderUID, Model: model}
}

func (p *planner) rules(g RuleGroup) {
	if p.err != nil {
		return
	}
	have, err := p.g.RuleGroup(g.FolderUID, g.Title)
	switch {
	case errors.Is(err, ErrNotFound):
		p.step(Step{Action: Create, Kind: "alert rules", Name: g.Title, apply: func() error { return p.g.SaveRuleGroup(g) }})
		return
	case err != nil:
		p.fail("alert rules", g.Title, err)
		return
	}
	g = keepPauses(g, have)
	if sameRules(g, have) {
		p.step(Step{Action: Unchanged, Kind: "alert rules", Name: g.Title})
		return
	}
	p.step(Step{Action: Update, Kind: "alert rules", Name: g.Title, Diff: difference(have.Rules, g.Rules), apply: func() error { return p.g.SaveRuleGroup(g) }})
}

// keepPauses: a rule that somebody has paused stays paused.
func keepPauses(g, have RuleGroup) RuleGroup {
	paused := map[string]bool{}
	for _, r := range have.Rules {
		paused[r.UID] = r.IsPaused
	}
	rules := make([]Rule, len(g.Rules))
	for i, r := range g.Rules {
		r.IsPaused = paused[r.UID]
		rules[i] = r
	}
	g.Rules = rules
	return g
}

func sameRules(want, have RuleGroup) bool {
	if want.Interval != have.Interval || len(want.Rules) != len(have.Rules) {
		return false
	}
	for i, w := range want.Rules {
		h := have.Rules[i]
		if w.UID != h.UID || w.Title != h.Title || w.Condition != h.Condition || w.For != h.For || w.NoData != h.NoData ||
			!same(w.Labels, h.Labels) || !same(w.Annotations, h.Annotations) || len(w.Data) != len(h.Data) {
			return false
		}
		for j, q := range w.Data {
			if q.RefID != h.Data[j].RefID || q.DataSourceUID != h.Data[j].DataSourceUID || !covers(h.Data[j].Model, q.Model) {
				return false
			}
		}
	}
	return true
}

// difference shows two values as a unified diff of their JSON.
func difference(have, want any) string {
	return string(diff.Diff("Grafana", pretty(have), "fivekeys", pretty(want)))
}

func pretty(v any) []byte {
	if rv := reflect.ValueOf(v); !rv.IsValid() || rv.IsZero() {
		return nil
	}
	text, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return nil // it came from JSON
	}
	return append(text, '\n')
}
