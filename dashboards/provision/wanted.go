package provision

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/fivekeys/fivekeys/dashboards"
)

// FolderUID is the folder of everything that is not a team's own.
const FolderUID = "fivekeys"

const (
	folderTitle    = "fivekeys"
	dataSourceType = "grafana-clickhouse-datasource"
)

// Options choose what a Grafana should have.
type Options struct {
	// DataSourceUID is the ClickHouse data source that alert rules ask and new
	// dashboards open with.
	DataSourceUID string
	// DataSource is made or kept up to date; nil where somebody else does that.
	DataSource *DataSource
	// Teams get a folder each, with the dashboards opened on the team and the
	// right to view it for Grafana's team of the same name.
	Teams []string
	Force bool
}

// Everything is all dashboards and alert rules.
func Everything(o Options) (Wanted, error) {
	w := Wanted{
		Folders: []Folder{{UID: FolderUID, Title: folderTitle}}, Viewers: map[string]string{},
		DataSource: o.DataSource, Force: o.Force,
	}
	if w.DataSource != nil {
		w.DataSource.UID, w.DataSource.Type = o.DataSourceUID, dataSourceType
	}
	if err := w.addDashboards(FolderUID, ""); err != nil {
		return Wanted{}, err
	}
	for _, team := range o.Teams {
		uid := teamFolder(team)
		w.Folders = append(w.Folders, Folder{UID: uid, Title: folderTitle + ": " + team})
		w.Viewers[uid] = team
		if err := w.addDashboards(uid, team); err != nil {
			return Wanted{}, err
		}
	}
	for _, g := range dashboards.Alerts() {
		group := RuleGroup{Title: g.Title, FolderUID: FolderUID, Interval: int64(g.Every.Seconds())}
		for _, r := range g.Rules {
			queries, err := r.Queries(o.DataSourceUID)
			if err != nil {
				return Wanted{}, err
			}
			annotations, err := r.Annotations()
			if err != nil {
				return Wanted{}, err
			}
			rule := Rule{
				UID: r.UID, Title: r.Title, Condition: dashboards.Condition, For: r.For.String(), NoData: r.NoDataState(),
				Labels: r.Labels(), Annotations: annotations,
			}
			for _, q := range queries {
				rule.Data = append(rule.Data, Query{RefID: q.RefID, DataSourceUID: q.DataSource, From: int64(q.From.Seconds()), Model: q.Model})
			}
			group.Rules = append(group.Rules, rule)
		}
		w.Rules = append(w.Rules, group)
	}
	return w, nil
}

// addDashboards adds all dashboards to a folder; a team's open on the team.
func (w *Wanted) addDashboards(folder, team string) error {
	files, err := dashboards.Files()
	if err != nil {
		return err
	}
	for _, f := range files {
		var model map[string]any
		if err := json.Unmarshal(f.JSON, &model); err != nil {
			return fmt.Errorf("read dashboard %s: %w", f.Name, err)
		}
		if team != "" {
			if !openOn(model, team) {
				continue // a dashboard without teams is everybody's, once
			}
			uid, _ := model["uid"].(string)
			model["uid"] = shortUID(uid + "-" + slug(team))
		}
		w.Dashboards = append(w.Dashboards, Dashboard{FolderUID: folder, Model: model})
	}
	return nil
}

// openOn sets the team variable, where there is one.
func openOn(model map[string]any, team string) bool {
	for _, v := range variables(model) {
		variable, _ := v.(map[string]any)
		if variable["name"] == "team" {
			variable["current"] = map[string]any{"text": []any{team}, "value": []any{team}}
			return true
		}
	}
	return false
}

func teamFolder(team string) string { return shortUID(FolderUID + "-team-" + slug(team)) }

// maxUID is Grafana's.
const maxUID = 40

// shortUID keeps within Grafana's bound and stays unique.
func shortUID(uid string) string {
	if len(uid) <= maxUID {
		return uid
	}
	hash, err := hashOf(map[string]any{"uid": uid})
	if err != nil {
		panic(err) // a string always encodes
	}
	return uid[:maxUID-len(hash)-1] + "-" + hash
}

// slug makes a name fit for a uid: letters, digits, - and _.
func slug(name string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r == '-', r == '_':
			return r
		case r >= 'A' && r <= 'Z':
			return r - 'A' + 'a'
		}
		return '-'
	}, name)
}
