package dashboards

import "cmp"

// Dashboard is one page of Grafana.
type Dashboard struct {
	// UID is part of its address and never changes.
	UID         string
	Title       string
	Description string
	// From and To are the time range it opens with.
	From, To    string
	Variables   []Variable
	Annotations []Annotation
	// Fresh names the SQL of the line at the top that says how fresh the data is.
	Fresh string
	Rows  []Row
}

// freshness is one line, as of now whatever the range.
func (d Dashboard) freshness() Row {
	return Row{Height: 2, Panels: []Panel{Line{Frame{
		Title: "How fresh this is", Width: gridWidth, Query: d.Fresh, Empty: "nothing is known of it", Now: true,
		Description: "When the newest of what this page shows became known, and whether something waits to be processed. As of now, of everything: neither the range nor a choice narrows it.",
	}}}}
}

// wholeDays opens a dashboard on the days of `fivekeys report`: the last 90, today
// included, so that what is open is as of now.
func (d Dashboard) wholeDays() Dashboard {
	d.From, d.To = "now-90d", "now"
	return d
}

// Row is a strip of panels of one height, with a heading where it has a title.
type Row struct {
	Title  string
	Height int
	Panels []Panel
}

// Variable is a choice at the top of a dashboard.
type Variable struct {
	Name  string
	Label string
	// Query names the SQL file that lists the choices, in a column of its own.
	Query string
	// Typed is a field for a text; it has no Query.
	Typed bool
	// Some: it narrows some panels only; the others have nothing it could narrow.
	Some bool
}

// The variables that dashboards share. The data source is one of its own: no
// panel names a data source in any other way.
var (
	teams        = Variable{Name: "team", Label: "Team", Query: "variables/team.sql"}
	services     = Variable{Name: "service", Label: "Service", Query: "variables/service.sql"}
	environments = Variable{Name: "environment", Label: "Environment", Query: "variables/environment.sql", Some: true}
	sources      = Variable{Name: "source", Label: "Source", Query: "variables/source.sql", Some: true}
	objectives   = Variable{Name: "objective", Label: "Objective", Query: "variables/objective.sql"}
	toilTeams    = Variable{Name: "team", Label: "Team", Query: "variables/toil_team.sql"}
	// Of what spans tell of, which no catalogue may know.
	tracedServices = Variable{Name: "service", Label: "Service", Query: "variables/traced_service.sql", Some: true}
	operations     = Variable{Name: "operation", Label: "Operation", Query: "variables/operation.sql", Some: true}
	chosenTrace    = Variable{Name: "trace", Label: "Trace", Typed: true, Some: true}
)

// Annotation marks moments on the time series of a dashboard.
type Annotation struct {
	Name   string
	Query  string
	Colour string
	// Off shows it only when somebody switches it on: hundreds of marks bury a chart.
	Off bool
}

var (
	// Of all services chosen, on pages without environments.
	deploymentMarks = Annotation{Name: "Deployments", Query: "annotations/deployments.sql", Colour: skyBlue}
	failureMarks    = Annotation{Name: "Failed deployments", Query: "annotations/failed_deployments.sql", Colour: orange}
	incidentMarks   = Annotation{Name: "Incidents", Query: "annotations/incidents.sql", Colour: vermillion}
	// Of the environments chosen, too.
	environmentMarks = []Annotation{
		{Name: "Deployments", Query: "annotations/environment_deployments.sql", Colour: skyBlue, Off: true},
		{Name: "Failed deployments", Query: "annotations/environment_failed_deployments.sql", Colour: orange, Off: true},
		{Name: "Incidents", Query: "annotations/environment_incidents.sql", Colour: vermillion, Off: true},
	}
	alertMarks  = Annotation{Name: "Alerts", Query: "annotations/alerts.sql", Colour: vermillion}
	budgetMarks = Annotation{Name: "Budgets spent and restored", Query: "annotations/budgets.sql", Colour: reddishPurple}
	// On a page about budgets an objective narrows, too.
	budgetDeploymentMarks = Annotation{Name: "Deployments", Query: "annotations/budget_deployments.sql", Colour: skyBlue}
	// Of the services that spans name: there is no team among them.
	tracedMarks = Annotation{Name: "Deployments", Query: "annotations/traced_deployments.sql", Colour: skyBlue}
)

func (a Annotation) off() Annotation {
	a.Off = true
	return a
}

// All lists the dashboards, the overview first.
func All() []Dashboard {
	all := []Dashboard{fiveKeys(), service(), incidents(), budgets(), toil(), traces(), pipeline()}
	for i, d := range all {
		all[i].Fresh = cmp.Or(map[string]string{budgetsUID: "fresh/budgets.sql", tracesUID: "fresh/spans.sql"}[d.UID], "fresh/events.sql")
	}
	return all
}
