package dashboards

const serviceUID = "fivekeys-service"

// service is the evidence: what one service's figures are made of.
func service() Dashboard {
	return Dashboard{
		UID: serviceUID, Title: "Service",
		Description: "One service's keys and the deployments, changes and failures behind them. Environment narrows the lists of deployments; the keys are of production.",
		Variables:   []Variable{teams, services.one(), environments},
		Annotations: []Annotation{deploymentMarks.off(), failureMarks, incidentMarks},
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
				Title: "Deployments by state", Width: 6, Query: "service/by_state.sql", Empty: "no deployment in this range",
				Description: "Finished deployments: ok; rework (itself a rollback, revert, hotfix or fix); failed (it broke production); rolled back (it failed, and a rollback replaced it); never live (its run failed or was cancelled, so it counts nowhere).",
			},
			Unit: count, Bars: true, Colours: stateColours.without("running"), MinInterval: "1d",
		},
		Table{
			Frame: Frame{
				Title: "Every deployment", Width: 18, Query: "service/deployments.sql", Empty: "no deployment in these days",
				Description: "The deployments of these days, newest first, with their state, the changes no earlier deployment contained, why one is rework, how its failure was attributed and how long it took to recover.",
			},
			Columns: []Column{
				when("time", "Finished (UTC)"), text("what", "Version").wide(115), state(stateColours), number("changes", "Changes").wide(75),
				text("environment", "Environment").wide(105), text("rework_reason", "Rework by").least(90), text("failure_method", "Failed by"), duration("recovery", "Recovered in").orElse("").wide(105),
				text("notes", "Notes"), text("actor", "By"), text("deployment_id", "Deployment").least(100), openColumn,
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
				Description: "Each objective's share of the error budget left, in force, and how fast it is spent: at 1 it ends exactly with its window. As last evaluated, up to a day after the range.",
			},
			Columns: []Column{objectiveColumn, budgetState, budgetShare, budgetTime, burn("burn_1h", "Burn, 1 h"), burn("burn_1d", "Burn, 1 d"), budgetEnding},
		},
		Table{
			Frame: Frame{
				Title: "Which deployments spent them", Width: gridWidth, Query: "service/budget_deployments.sql", Empty: "no deployment of these days spent any", Links: link,
				Description: "Of the deployments of these days, the bad events charged to each within the objective's window as of now, in minutes and as a share of the budget. Place ranks it among all of the objective's deployments.",
			},
			Columns: []Column{
				number("place", "Place").wide(60), text("what", "Version").wide(130), objectiveColumn, when("time", "Live since (UTC)"), measured("spent", "Spent", allowed).wide(100),
				measured("share", "Of the budget", ratio).wide(110), text("deployment_id", "Deployment"), openColumn,
			},
		},
	}
}

func serviceChanges() []Panel {
	return []Panel{
		BarChart{
			Frame: Frame{
				Title: "Stages of the lead time", Width: 6, Query: "service/stages.sql", Empty: "no change with a known stage in these days",
				Description: "Coding: first commit → pull request opened. Pickup: → first review by someone else. Review: → merged. Deploy: merged → in production. Medians of stages don't add up to the median of the whole.",
			},
			Unit: seconds, Colours: Colours{"median": blue, "90th percentile": skyBlue},
		},
		Table{
			Frame: Frame{
				Title: "The changes inside each deployment", Width: 18, Query: "service/changes.sql", Empty: "no change went to production in these days",
				Description: "Every change by the first production deployment that contains it, with its lead time and stages, or why it has none.",
			},
			Columns: []Column{
				when("time", "Deployed (UTC)"), text("deployment_id", "Deployment"), text("change", "Change").wide(110), text("title", "Title").least(150), text("author", "Author"),
				duration("lead_time_seconds", "Lead time").orElse("–").wide(85), duration("coding_seconds", "Coding").orElse("–").wide(85),
				duration("pickup_seconds", "Pickup").orElse("–").wide(85), duration("review_seconds", "Review").orElse("–").wide(85),
				duration("deploy_seconds", "Deploy").orElse("–").wide(85), text("excluded", "No lead time").least(110),
			},
		},
		BarChart{
			Frame: Frame{
				Title: "Age of the open changes", Width: 6, Query: "service/open_ages.sql", Empty: "no change is waiting, or none is known",
				Description: "Changes on the default branch that are not in production, by their age at the end of the range.",
			},
			Unit: count, Colours: Colours{"changes": blue},
		},
		Table{
			Frame: Frame{
				Title: "Open changes", Width: 18, Query: "service/open_changes.sql", Empty: "no change is waiting, or none is known",
				Description: "What is merged and not in production, the oldest first; ages are as of the end of the range, or now.",
			},
			Columns: []Column{
				text("change", "Change").wide(110), text("title", "Title").least(150), text("author", "Author"), when("time", "Merged (UTC)"), duration("age", "Waiting for").wide(110),
			},
		},
	}
}

func serviceFailures() []Panel {
	return []Panel{
		Table{
			Frame: Frame{
				Title: "Why each deployment counts as failed", Width: gridWidth, Query: "service/failures.sql", Empty: "no failed deployment in these days",
				Description: "Each cause of each failure with the method of attribution, the strongest first: explicit (the incident names the deployment or commit), rollback, revert, hotfix, window (the latest deployment before the incident opened).",
				Links:       []Link{{Title: "All incidents", URL: incidentsURL}},
			},
			Columns: []Column{
				when("time", "Failed (UTC)"), text("deployment_id", "Deployment"), text("method", "Attributed by"), text("incident", "Incident"), text("incident_id", "Incident id"),
				text("fix_id", "Fixed by"), when("recovered_at", "Recovered (UTC)").orElse("not recovered"), duration("recovery_seconds", "Recovery").orElse("not recovered"), openColumn,
			},
		},
		Table{
			Frame: Frame{
				Title: "What the figures leave out", Width: gridWidth, Query: "service/quality.sql", Empty: "nothing is known of these days",
				Description: "What is unresolved, excluded or unattributed in these days, out of how many, and what that means for the figures.",
			},
			Columns: []Column{
				text("what", "What").wide(320), number("number", "Count").wide(70), number("out_of", "Out of").wide(70), text("meaning", "Meaning"),
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
