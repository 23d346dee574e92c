package provision

import (
	"errors"
	"fmt"
	"net/http"
)

// Grafana is what provisioning needs of Grafana's API. What does not exist is
// ErrNotFound; what Grafana refuses is a *Refusal.
type Grafana interface {
	// Health fails where there is no Grafana, or none that is well.
	Health() error
	Folder(uid string) (Folder, error)
	CreateFolder(f Folder) error
	// AllowTeam lets a team of Grafana's view a folder, beside those who may already.
	AllowTeam(folderUID, team string) error
	DataSource(uid string) (DataSource, error)
	CreateDataSource(d DataSource) error
	UpdateDataSource(d DataSource) error
	Dashboard(uid string) (Dashboard, error)
	SaveDashboard(d Dashboard, overwrite bool) error
	RuleGroup(folderUID, title string) (RuleGroup, error)
	SaveRuleGroup(g RuleGroup) error
}

// Folder is a folder of dashboards and rules.
type Folder struct{ UID, Title string }

// DataSource is a data source; Password is written, never read.
type DataSource struct {
	UID, Name, Type string
	JSONData        map[string]any
	Password        string
}

// Dashboard is a dashboard's JSON in a folder.
type Dashboard struct {
	FolderUID string
	Model     map[string]any
}

// RuleGroup is a group of alert rules that are evaluated together.
type RuleGroup struct {
	Title     string
	FolderUID string
	Interval  int64 // seconds
	Rules     []Rule
}

// Rule is one alert rule: queries and expressions, of which Condition is asked.
type Rule struct {
	UID, Title   string
	Condition    string
	For          string
	NoData       string
	Labels       map[string]string
	Annotations  map[string]string
	Data         []Query
	IsPaused     bool
	ExecErrState string
}

// Query is one query or expression of a rule.
type Query struct {
	RefID         string
	DataSourceUID string
	From          int64 // seconds before now
	Model         map[string]any
}

// ErrNotFound says that Grafana has no such thing.
var ErrNotFound = errors.New("not found")

// Refusal is an answer of Grafana that is no success.
type Refusal struct { //nolint:errname // what Grafana says, whatever one does with it
	Status int
	Body   string
}

func (r *Refusal) Error() string {
	text := fmt.Sprintf("Grafana answered %d %s", r.Status, http.StatusText(r.Status))
	if r.Body != "" {
		text += ": " + r.Body
	}
	if hint := r.hint(); hint != "" {
		text += "; " + hint
	}
	return text
}

func (r *Refusal) hint() string {
	switch {
	case r.Status == http.StatusUnauthorized:
		return "check the service account's token (FIVEKEYS_GRAFANA_TOKEN)"
	case r.Status == http.StatusForbidden:
		return "the service account needs the role Editor for dashboards, Admin for the data source and folders' permissions"
	case r.Status == http.StatusConflict:
		return "something of that name exists already under another uid; rename or remove it"
	case r.Status == http.StatusPreconditionFailed:
		return "somebody saved it meanwhile or a dashboard of that title is in the folder; run again, or with --force"
	case r.Status >= http.StatusInternalServerError:
		return "Grafana itself is unwell; what was applied before stays, run again later"
	}
	return ""
}
