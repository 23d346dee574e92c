package dashboards

const serviceUID = "fivekeys-service"

// service is the evidence: what the figures of one or more services are made of.
// Its lists name the service: who comes from a tile of everything sees all.
func service() Dashboard {
	return Dashboard{
		UID: serviceUID, Title: "Service",
		Description: "The keys of the services chosen and the deployments, changes and failures behind them. Environment narrows the lists of deployments; the keys are of production.",
		Variables:   []Variable{teams, services, environments},
		Annotations: environmentMarks,
		Rows: []Row{
			keyTiles(),
			{Title: "Error budgets", Height: 5, Panels: serviceBudgets()},
			{Title: "Deployments", Height: 9, Panels: serviceDeployments()},
			{Title: "Changes", Height: 9, Panels: serviceChanges()},
			{Title: "Failures, and what the figures leave out", Height: 9, Panels: serviceFailures()},
		},
	}.wholeDays()
}

func serviceDeployments() []Panel {
	return []Panel{
		TimeSeries{
			Frame: Frame{
				Title: "Deployments by state", Width: gridWidth, Query: "service/by_state.sql", Empty: "no deployment to production in these days",
				Description: "Finished production deployments of these days, as the tiles count them: ok; rework (itself a rollback, revert, hotfix or fix); failed (it broke production); rolled back (it failed, and a rollback replaced it). Never live are those whose run failed or was cancelled, which count nowhere. Environment narrows them.",
			},
			Unit: count, Bars: true, Colours: stateColours.without("running"), MinInterval: "1d",
		},
		Table{
			Frame: Frame{
				Title: "Every deployment", Width: gridWidth, Query: "service/deployments.sql", Empty: "no deployment in these days",
				Description: "The deployments of these days to all environments chosen, newest first, with their state, the changes no earlier deployment contained, what there is to say of it (why it is rework, how its failure was attributed, whether it is of production) and how long it took to recover. At most 1,000.",
			},
			Columns: []Column{
				when("time", "Finished (UTC)"), serviceColumn, text("environment", "Environment").wide(105), text("what", "Version").wide(115), state(stateColours).wide(90), number("changes", "Changes").wide(75),
				text("notes", "Notes").least(165), duration("recovery", "Recovered in").orElse("").wide(105),
				text("actor", "By").wide(95), text("deployment_id", "Deployment").least(110), openColumn,
			},
		},
	}
}

// serviceBudgets are as of now: a budget is of a window that ends today.
func serviceBudgets() []Panel {
	link := []Link{
		{Title: "All of its error budgets", URL: budgetsURL},
		{Title: "Its requests and traces", URL: requestsURL},
	}
	return []Panel{
		Table{
			Frame: Frame{
				Title: "Its error budgets", Width: gridWidth, Query: "service/budgets.sql", Empty: "no objective of this service was evaluated", Links: link,
				Description: "Each objective's share of the error budget left, in force, and how fast it is spent: at 1 it ends exactly with its window. As last evaluated, up to a day after the range. At most 100.",
			},
			Columns: []Column{objectiveColumn, serviceColumn, budgetState, budgetShare, budgetTime, burn("burn_1h", "Burn, 1 h"), burn("burn_1d", "Burn, 1 d"), budgetEnding},
		},
		Table{
			Frame: Frame{
				Title: "Which deployments spent them", Width: gridWidth, Query: "service/budget_deployments.sql", Empty: "no deployment of these days spent any", Links: link,
				Description: "Of the deployments of these days, the bad events charged to each within the objective's window as of now, in minutes and as a share of the budget. Place ranks it among all of the objective's deployments. At most 200.",
			},
			Columns: []Column{
				number("place", "Place").wide(55), serviceColumn, versionColumn, objectiveColumn, when("time", "Live since (UTC)"), measured("spent", "Spent", allowed).wide(90),
				measured("share", "Of the budget", ratio).wide(105), text("deployment_id", "Deployment").least(120), openColumn,
			},
		},
	}
}

func serviceChanges() []Panel {
	stage := func(name, title string) Column { return duration(name, title).orElse("–").wide(80) }
	return []Panel{
		BarChart{
			Frame: Frame{
				Title: "Stages of the lead time", Width: 12, Query: "service/stages.sql", Empty: "no change with a known stage in these days",
				Description: "Coding: first commit → pull request opened. Pickup: → first review by someone else. Review: → merged. Deploy: merged → in production. Medians of stages don't add up to the median of the whole.",
			},
			Unit: seconds, Colours: Colours{"median": blue, "90th percentile": reddishPurple},
		},
		BarChart{
			Frame: Frame{
				Title: "Age of the open changes", Width: 12, Query: "service/open_ages.sql", Empty: "no change is waiting, or none is known", Now: true,
				Description: "Changes on the default branch that are not in production now, whatever the range, by their age.",
			},
			Unit: count, Colours: Colours{"changes": blue},
		},
		Table{
			Frame: Frame{
				Title: "The changes inside each deployment", Width: gridWidth, Query: "service/changes.sql", Empty: "no change went to production in these days",
				Description: "Every change by the first production deployment that contains it, with its lead time and stages, or why it has none. At most 1,000.",
			},
			Columns: []Column{
				when("time", "Deployed (UTC)"), serviceColumn, text("deployment_id", "Deployment").least(110), text("change", "Change").wide(100), text("title", "Title").least(150), text("author", "Author").wide(90),
				stage("lead_time_seconds", "Lead time"), stage("coding_seconds", "Coding"), stage("pickup_seconds", "Pickup"), stage("review_seconds", "Review"), stage("deploy_seconds", "Deploy"),
				text("excluded", "No lead time").wide(95),
			},
		},
		Table{
			Frame: Frame{
				Title: "Open changes", Width: gridWidth, Query: "service/open_changes.sql", Empty: "no change is waiting, or none is known", Now: true,
				Description: "What is merged and not in production now, whatever the range, the oldest first. At most 500.",
			},
			Columns: []Column{
				serviceColumn, text("change", "Change").wide(110), text("title", "Title").least(250), text("author", "Author").wide(150), when("time", "Merged (UTC)"), duration("age", "Waiting for").wide(110),
			},
		},
	}
}

func serviceFailures() []Panel {
	return []Panel{
		Table{
			Frame: Frame{
				Title: "Why each deployment counts as failed", Width: gridWidth, Query: "service/failures.sql", Empty: "no failed deployment in these days",
				Description: "Each cause of each failure with the method of attribution, the strongest first: explicit (the incident names the deployment or commit), rollback, revert, hotfix, window (the latest deployment before the incident opened). At most 500.",
				Links:       []Link{{Title: "All incidents", URL: incidentsURL}},
			},
			Columns: []Column{
				when("time", "Failed (UTC)"), serviceColumn, text("deployment_id", "Deployment").least(110), text("method", "Attributed by").wide(105), text("incident", "Incident").least(150), text("incident_id", "Incident id").least(100),
				text("fix_id", "Fixed by").least(100), when("recovered_at", "Recovered (UTC)").orElse("not recovered"), duration("recovery_seconds", "Recovery").orElse("not recovered").wide(110), openColumn,
			},
		},
		Table{
			Frame: Frame{
				Title: "What the figures leave out", Width: gridWidth, Query: "service/quality.sql", Empty: "nothing is known of these days",
				Description: "What is unresolved, excluded or unattributed in these days, out of how many, and what that means for the figures.",
			},
			Columns: []Column{
				text("what", "What").wide(320), number("number", "Count").wide(70), number("out_of", "Out of").wide(70), text("meaning", "Meaning").least(400),
			},
		},
	}
}

// without leaves a text out.
func (c Colours) without(text string) Colours {
	out := Colours{}
	for name, colour := range c {
		if name != text {
			out[name] = colour
		}
	}
	return out
}
