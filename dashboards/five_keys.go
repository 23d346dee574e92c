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
			{Height: 9, Panels: []Panel{keysTable("Teams", "five_keys/teams.sql", teamColumn.least(120), trendColumn)}},
			{Height: 11, Panels: []Panel{keysTable("Services", "five_keys/services.sql", serviceColumn, teamColumn)}},
			{Height: 10, Panels: []Panel{
				Table{
					Frame: Frame{
						Title: "What changed most", Width: 16, Query: "five_keys/changed_most.sql",
						Description: "The services' keys that moved most against the equally long period before. Changes that may be chance are left out: from or to fewer than 5 samples, or within the 95 % interval of a rate.",
						Empty:       "nothing changed beyond chance, or there is nothing to compare with",
					},
					Columns: []Column{
						serviceColumn, text("metric", "Key").least(130), text("before", "Before"), text("now", "Now"), text("change", "Change").least(90),
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
	trend := func(title string, width int, query, unit, empty, description string) TimeSeries {
		return TimeSeries{
			Frame: Frame{
				Title: title, Width: width, Query: "five_keys/weekly_" + query + ".sql", Empty: empty,
				Description: description + " A point for each complete week, counted back from the last day of the range, or for each day where the range has fewer than four weeks; a time without data is a gap.",
			},
			Unit: unit,
		}
	}
	// The legend of a time names its unit, which is that of the largest.
	lasting := func(title, query, label, empty, description string) Panel {
		t := trend(title, 5, query, count, empty, description)
		t.Series, t.Colours = seriesLabel, Colours{label: blue}
		return t
	}
	return []Panel{
		trend("Deployments over time", 5, "frequency", count, "no deployment", "Successful production deployments."),
		lasting("Lead time over time", "lead_time", "median lead time", "no lead time known", "Median lead time of the changes first deployed then."),
		trend("Fail rate over time", 5, "fail_rate", ratio, "no deployment", "Failed ÷ all production deployments of the time."),
		lasting("Recovery over time", "recovery", "median recovery time", "no recovery", "Median recovery time of the deployments of the time that failed and recovered."),
		trend("Rework over time", 4, "rework_rate", ratio, "no deployment", "Unplanned ÷ all production deployments of the time."),
	}
}

// trendColumn is a line of bars in one cell. Grafana's own sparkline needs the
// series of all rows in a second query and two transformations to join them.
var trendColumn = Column{Name: "trend", Title: "Trend", Width: 110, Wraps: true}

// seriesLabel names each series by the column series of its SQL.
const seriesLabel = "${__field.labels.series}"

// keysTable has a line for each team or service: after the first columns one cell
// for each key, with its value, band and what it rests on.
func keysTable(title, query string, first ...Column) Panel {
	description := "The five keys of each, most deployments first: the value, its band, and what it rests on, of the rates with the 95 % Wilson interval. Only those with a production deployment in these days. At most 500."
	if len(first) > 0 && first[len(first)-1].Name == trendColumn.Name {
		description += " The trend is of successful production deployments, a bar for each of the last twelve complete weeks, or for each day where the range has fewer than four weeks; a dot is a time without one."
	}
	return Table{
		Frame: Frame{Title: title, Width: gridWidth, Query: query, Empty: "no deployment in these days", Description: description},
		Columns: append(first,
			key("frequency", "Frequency").wide(185), key("lead_time", "Lead time").wide(180), key("fail_rate", "Fail rate").wide(205),
			key("recovery", "Recovery").wide(185), key("rework", "Rework").wide(195)),
	}
}
