package dashboards

const budgetsUID = "fivekeys-budgets"

// budgets is for those on call and those who decide whether to ship: how much
// may still fail, how fast that goes, and which deployment spent it.
func budgets() Dashboard {
	tile := func(title, query, description string) Panel {
		return Stat{Frame{Title: title, Width: 6, Query: "budgets/" + query + ".sql", Empty: "no data", Description: description}}
	}
	return Dashboard{
		UID: budgetsUID, Title: "Error budgets",
		Description: "What each objective may still fail, how fast that is spent, by which deployments, and what was done about it. Figures are as of the end of the range, or now.",
		From:        "now-28d", To: "now",
		Variables:   []Variable{teams, services, objectives},
		Annotations: []Annotation{budgetDeploymentMarks.off(), alertMarks.off(), budgetMarks.off()},
		Rows: []Row{
			{Height: 5, Panels: []Panel{
				tile("Budgets spent", "spent", "Objectives without any error budget left, of those evaluated. Running out: at the burn of the last hour the budget ends before its window does."),
				tile("Least left", "least", "The objective with the smallest share of its budget left, in force, and when that ends at the burn of the last hour."),
				tile("Alerts firing", "firing", "Burn-rate alerts that fire at the end of the range."),
				tile("Deployments in a freeze", "frozen", "Production deployments of the range while a budget of their service was spent. Rollbacks, reverts, hotfixes and fixes are what a freeze is meant to let pass."),
			}},
			{Height: 8, Panels: []Panel{budgetTable()}},
			{Height: 9, Panels: budgetTrends()},
			{Height: 8, Panels: []Panel{burnTable()}},
			{Title: "What spent it", Height: 9, Panels: []Panel{spentTable()}},
			{Title: "Alerts", Height: 9, Panels: []Panel{alertTable()}},
			{Title: "Freezes", Height: 6, Panels: freezeTables()},
			{Title: "Corrections and methods", Height: 6, Panels: correctionTables()},
		},
	}
}

// The columns of budgets, here and on the service's dashboard.
var (
	budgetState  = state(budgetColours)
	budgetShare  = measured("share", "Left", ratio).wide(80)
	budgetTime   = measured("time_left", "Time left", allowed).wide(95)
	budgetEnding = text("outlook", "Forecast").least(235)
)

// Burn rates from which on a cell has a colour: 1 is exactly as allowed, 6 ends
// a month's budget within five days.
func burn(name, title string) Column {
	return Column{
		Name: name, Title: title, Unit: times, Decimals: 2, Empty: "–", Width: 90,
		Steps: []Step{{From: 1.000001, Colour: orange}, {From: 6, Colour: vermillion}},
	}
}

// versionColumn is a deployment by its version, or else by its commit.
var versionColumn = text("what", "Version").wide(120)

func budgetTable() Panel {
	return Table{
		Frame: Frame{
			Title: "Budgets", Width: gridWidth, Query: "budgets/objectives.sql", Empty: "no budget was evaluated in this range",
			Description: "Each objective, the least left first. Left is the share of the error budget (1 − target) that isn't spent, in force: without what corrections exclude. As time it is of (1 − target) × window, and negative where it is overspent. Where something is corrected, the figures as recorded stand beside. At most 500.",
		},
		Columns: []Column{
			objectiveColumn, budgetState, budgetShare, budgetTime, budgetEnding, measured("target", "Target", ratio).wide(80).digits(3),
			measured("indicator", "Reached", ratio).wide(80).digits(3), text("recorded", "As recorded").wide(130), serviceColumn, teamColumn,
		},
	}
}

func budgetTrends() []Panel {
	return []Panel{
		TimeSeries{
			Frame: Frame{
				Title: "Budget left over time", Width: 12, Query: "budgets/remaining_over_time.sql", Empty: "no budget was evaluated in this range",
				Description: "Share of the error budget left, in force; 0 is spent, below it is overspent, and more than once over is drawn at −100 %. Of the objectives chosen, the 20 with the least left now. Deployments, alerts and spent budgets can be marked: switch them on at the top.",
			},
			Unit: ratio, Series: "${__field.labels.objective}", MinInterval: "5m", Lines: []Step{{From: 0, Colour: vermillion}},
		},
		TimeSeries{
			Frame: Frame{
				Title: "Burn of the last hour", Width: 12, Query: "budgets/burn_over_time.sql", Empty: "no traffic in this range",
				Description: "How many times faster than allowed the budget was spent over the hour before, the most within each step. At 1, the line, the budget ends exactly with its window; from the dashed line on an alert about an hour's burn fires, if its short window says so too. Of the objectives chosen, the 20 with the least left now.",
			},
			Unit: times, Decimals: 2, Series: "${__field.labels.objective}", MinInterval: "5m", Lines: []Step{{From: 1, Colour: orange}}, Limits: "/^alert from /",
		},
	}
}

func burnTable() Panel {
	return Table{
		Frame: Frame{
			Title: "Burn by window", Width: gridWidth, Query: "budgets/burn.sql", Empty: "no budget was evaluated in this range",
			Description: "(bad ÷ total) ÷ (1 − target) over the last minutes, hours and days and the objective's whole window. Orange: faster than allowed; vermillion: from six times as fast on. – is no traffic, or a look-back longer than the window. At most 500.",
		},
		Columns: []Column{
			objectiveColumn, burn("burn_5m", "5 min"), burn("burn_30m", "30 min"), burn("burn_1h", "1 h"), burn("burn_2h", "2 h"),
			burn("burn_6h", "6 h"), burn("burn_1d", "1 d"), burn("burn_3d", "3 d"), burn("burn_window", "Window"),
		},
	}
}

func spentTable() Panel {
	return Table{
		Frame: Frame{
			Title: "Budget spent by deployment", Width: gridWidth, Query: "budgets/deployments.sql", Empty: "no bad event in the windows, or the range ends before now",
			Description: "Each bad event is charged to the deployment whose version or commit its spans name, otherwise to the one that was live. Within each objective's window as of now, as recorded, most minutes first; of the objectives chosen, the 10 that spent most minutes. By version says how much of it the spans named; the rest is by time. At most 500 lines.",
		},
		Columns: []Column{
			number("place", "Place").wide(55), objectiveColumn, serviceColumn, versionColumn, when("time", "Live since (UTC)").orElse("unknown"),
			measured("spent", "Spent", allowed).wide(90), measured("share", "Of the budget", ratio).wide(105), number("bad", "Bad events"), measured("certain", "By version", ratio).wide(85),
			text("deployment_id", "Deployment").least(120).wrapped(), openColumn,
		},
	}
}

func alertTable() Panel {
	return Table{
		Frame: Frame{
			Title: "Alerts firing and past", Width: gridWidth, Query: "budgets/alerts.sql", Empty: "no alert in this range",
			Links:       []Link{{Title: "Requests and traces", URL: requestsURL}},
			Description: "Burn-rate alerts that fired within the range, those still firing first: the burn over the long and the short window when it fired and the factor both had to exceed, the time that was left, the service's deployment before, and what the alert said. At most 500.",
		},
		Columns: []Column{
			state(firingColours).wide(75), {Name: "severity", Title: "Severity", Width: 75, Colours: severityColours}, objectiveColumn, text("rule", "Alert").wide(80),
			when("time", "Since (UTC)"), duration("lasted", "For").wide(80), text("burns", "Burn, of factor").wide(150), measured("time_left", "Left then", allowed).wide(85),
			text("deployment", "Deployment").least(110).wrapped(), text("summary", "What it said").least(140).wrapped(), openColumn,
		},
	}
}

func freezeTables() []Panel {
	return []Panel{
		Table{
			Frame: Frame{
				Title: "Times without budget", Width: gridWidth, Query: "budgets/freezes.sql", Empty: "no budget was spent in this range",
				Description: "When a budget was spent and when there was some again, with the production deployments of its service in between. Whether they were to be frozen is the policy's. At most 200.",
			},
			Columns: []Column{
				objectiveColumn, serviceColumn, when("time", "Spent (UTC)"), when("restored_at", "Restored (UTC)").orElse("not restored"), duration("lasted", "For").wide(90),
				number("deployments", "Deployments").wide(110), number("fixes", "Of them fixes").wide(110),
			},
		},
		Table{
			Frame: Frame{
				Title: "Deployments made during one", Width: gridWidth, Query: "budgets/freeze_deployments.sql", Empty: "no deployment while a budget was spent",
				Description: "Production deployments while a budget of their service was spent, newest first; one line for each such objective. A fix is a rollback, revert, hotfix or the fix of an incident. At most 500.",
			},
			Columns: []Column{
				when("time", "Live (UTC)"), serviceColumn, versionColumn, objectiveColumn, text("fix", "Fix").wide(70), text("actor", "By").wrapped(), text("deployment_id", "Deployment").wrapped(), openColumn,
			},
		},
	}
}

func correctionTables() []Panel {
	return []Panel{
		Table{
			Frame: Frame{
				Title: "Corrections", Width: gridWidth, Query: "budgets/corrections.sql", Empty: "nothing was corrected",
				Description: "Periods excluded afterwards, by whom and why, with the objective's budget as recorded and as corrected by all of them together. Both stay visible: nothing is rewritten. At most 200.",
			},
			Columns: []Column{
				objectiveColumn, when("time", "From (UTC)").wide(150), when("to_time", "To (UTC)").wide(150), text("repeats", "Repeats").wide(90).wrapped(), text("reason", "Why").least(180).wrapped(), text("author", "By").wide(90).wrapped(),
				when("made_at", "Made (UTC)").wide(150), measured("recorded", "As recorded", ratio).wide(100), measured("as_corrected", "As corrected", ratio).wide(105),
			},
		},
		Table{
			Frame: Frame{
				Title: "The three budgeting methods", Width: gridWidth, Query: "budgets/methods.sql", Empty: "no budget was evaluated in this range",
				Description: "The same indicator under each method, as of now: Occurrences counts events, Timeslices the slices that are good enough, RatioTimeslices every slice by its ratio. Choose an objective at the top to see its three. At most 300 lines.",
			},
			Columns: []Column{
				objectiveColumn, text("method", "Method").wide(130), text("chosen", "Chosen").wide(80), measured("good", "Good", many).digits(0), measured("total", "Total", many).digits(0),
				measured("indicator", "Reached", ratio).digits(3), measured("share", "Left", ratio),
			},
		},
	}
}
