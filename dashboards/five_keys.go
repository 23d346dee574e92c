package dashboards

const fiveKeysUID = "fivekeys-five-keys"

// fiveKeys is the overview for those who lead: how are we doing, is it getting
// better, and where should I look.
func fiveKeys() Dashboard {
	return Dashboard{
		UID: fiveKeysUID, Title: "Five keys",
		Description: "The five DORA keys of production, of the services chosen, over whole UTC days, compared with as many days before.",
		Variables:   []Variable{teams, services},
		Annotations: []Annotation{deploymentMarks.off(), failureMarks.off(), incidentMarks.off()},
		Rows: []Row{
			keyTiles(Link{Title: evidenceTitle, URL: evidenceURL}),
			{Height: 6, Panels: keyTrends()},
			{Height: 4, Panels: beside()},
			{Height: 8, Panels: []Panel{keysTable("Teams", "five_keys/teams.sql", teamColumn)}},
			{Height: 10, Panels: []Panel{keysTable("Services", "five_keys/services.sql", serviceColumn)}},
			{Height: 10, Panels: []Panel{
				Table{
					Frame: Frame{
						Title: "What changed most", Width: 16, Query: "five_keys/changed_most.sql",
						Description: "The services' keys that moved most against the equally long period before. Changes that may be chance are left out: from or to fewer than 5 samples, or within the 95 % interval of a rate.",
						Empty:       "nothing changed beyond chance, or there is nothing to compare with",
					},
					Columns: []Column{
						serviceColumn, text("metric", "Key"), text("before", "Before"), text("now", "Now"), text("change", "Change"),
						{Name: "verdict", Title: "Verdict", Width: 100, Colours: verdictColours},
					},
				},
				Text{
					Frame: Frame{Title: "How to read this", Width: 8, Description: "What the figures are and how they are judged."},
					Markdown: `**Days** are whole UTC days: of a range that ends today, today counts as one.

**Bands** are those of DORA 2023: Elite, High, Medium, Low, always in the same four colours with the word beside them. Fewer than 5 samples get no band but *not enough data*. The rework rate has no band.

**Change** compares with the equally long period before; *better* and *worse* are said only where it is more than chance.

**Medians** are of pooled changes and deployments, never averages of averages. **No data** is never 0.

A team's or a service's name leads to its figures, and those to the deployments, changes and incidents they are made of.`,
				},
			}},
		},
	}.wholeDays()
}

// keyTiles are the five keys as five figures.
func keyTiles(links ...Link) Row {
	tile := func(title string, width int, query, description string) Panel {
		return Stat{Frame{
			Title: title, Width: width, Query: "five_keys/" + query + ".sql", Empty: "no data",
			Description: description + " Above it: the band, what the figure rests on, and the change against the equally long period before.",
			Links:       links,
		}}
	}
	return Row{Height: 5, Panels: []Panel{
		tile("Deployment frequency", 5, "frequency", "Successful production deployments ÷ days, days without one included. The band goes by the median count of days with a deployment: 5 a week, 1 a week, 1 a month."),
		tile("Change lead time", 5, "lead_time", "Median, over the changes first deployed in these days, from the first commit to production. Bands: under a day, a week, 30 days."),
		tile("Change fail rate", 5, "fail_rate", "Production deployments that failed ÷ production deployments, with the 95 % Wilson interval. It counts deployments, never incidents. Bands: up to 5, 10, 15 %."),
		tile("Recovery time", 5, "recovery", "Median, over the failed deployments of these days that recovered, until the earliest of: incident resolved, rollback finished, fix finished. Those still open are counted beside it. Bands: under an hour, a day, a week."),
		tile("Rework rate", 4, "rework_rate", "Unplanned production deployments (rollback, revert, hotfix, fix of an incident) ÷ production deployments, with the 95 % Wilson interval. DORA gives it no band."),
	}}
}

// beside the keys: what speed may not cost.
func beside() []Panel {
	return []Panel{
		Stat{Frame{
			Title: "Error budgets", Width: 12, Query: "five_keys/budgets.sql", Empty: "no data",
			Description: "Error budgets that are spent, of the objectives of the services chosen, as last evaluated, up to a day after the range.",
			Links:       []Link{{Title: "What is left, and what spent it", URL: budgetsURL}},
		}},
		Stat{Frame{
			Title: "Toil", Width: 12, Query: "five_keys/toil.sql", Empty: "no data",
			Description: "Confirmed toil ÷ working time of the teams chosen, in the weeks that the range touches, against their cap. With services chosen: of the teams whose services they are.",
			Links:       []Link{{Title: "Where it goes, and what to automate first", URL: toilURL}},
		}},
	}
}

// keyTrends stand below the tiles, each below its key.
func keyTrends() []Panel {
	trend := func(title string, width int, query, unit, empty, description string) Panel {
		return TimeSeries{
			Frame: Frame{
				Title: title, Width: width, Query: "five_keys/weekly_" + query + ".sql", Empty: empty,
				Description: description + " A point for each complete week, counted back from the last day of the range; a week without data is a gap.",
			},
			Unit: unit,
		}
	}
	return []Panel{
		trend("Frequency by week", 5, "frequency", perWeek, "no deployment", "Successful production deployments in the week."),
		trend("Lead time by week", 5, "lead_time", seconds, "no lead time known", "Median lead time of the changes first deployed in the week."),
		trend("Fail rate by week", 5, "fail_rate", ratio, "no deployment", "Failed ÷ all production deployments of the week."),
		trend("Recovery by week", 5, "recovery", seconds, "no recovery", "Median recovery time of the deployments of the week that failed and recovered."),
		trend("Rework by week", 4, "rework_rate", ratio, "no deployment", "Unplanned ÷ all production deployments of the week."),
	}
}

// keysTable has a line of five keys with their bands for each team or service.
func keysTable(title, query string, first Column) Panel {
	columns := []Column{
		first.least(130), measured("a_week", "Deployments", perWeek).wide(105), number("deployments", "n").wide(55), bandOf("rate_band"),
		duration("lead_time", "Lead time").wide(90), number("changes", "Changes").wide(75), bandOf("lead_band"),
		measured("fail_rate", "Fail rate", ratio).wide(75), text("failed_of", "Failed of (95 %)").least(140), bandOf("failed_band"),
		duration("recovery_time", "Recovery").wide(85), text("recovered", "Recovered").wide(90), bandOf("recovered_band"),
		measured("rework_rate", "Rework", ratio).wide(70), text("reworked_of", "Rework of (95 %)").least(140),
	}
	if first.Name == serviceColumn.Name {
		columns = append(columns, teamColumn)
	}
	return Table{
		Frame: Frame{
			Title: title, Width: gridWidth, Query: query, Empty: "no deployment in these days",
			Description: "The five keys of each, most deployments first, with bands, the counts they rest on and the 95 % Wilson intervals of the rates. Only those with a production deployment in these days.",
		},
		Columns: columns,
	}
}
