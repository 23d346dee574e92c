package dashboards

const incidentsUID = "fivekeys-incidents"

// incidents tells what is wrong now, and how long things stay wrong.
func incidents() Dashboard {
	tile := func(title, query, description string) Stat {
		return Stat{Frame{Title: title, Width: 6, Query: "incidents/" + query + ".sql", Empty: "no data", Description: description}}
	}
	open := tile("Open now", "open", "Incidents that are not resolved now, or reopened, whatever the range.")
	open.Now = true
	by := func(title, query string, first Column) Panel {
		return Table{
			Frame: Frame{
				Title: title, Width: 12, Query: query, Empty: "no incident in these days",
				Description: "Incidents opened in these days: how many, how many are open or attributed to no deployment, and the medians of the times to restore and to acknowledge, with the 90th percentile. At most 500.",
			},
			Columns: []Column{
				first.least(90), number("incidents", "Incidents").wide(80), number("open", "Open").wide(55), number("unattributed", "Unattributed").wide(100),
				duration("restore", "Restore").wide(75), duration("restore_p90", "Restore, p90").wide(95), duration("acknowledge", "Acknowledge").wide(95),
			},
		}
	}
	severity := text("severity", "Severity").wide(80)
	return Dashboard{
		UID: incidentsUID, Title: "Incidents",
		Description: "Incidents of production: open ones, how long they last, and which deployments caused them. An incident belongs to the day it was opened.",
		Variables:   []Variable{teams, services, environments},
		Annotations: environmentMarks,
		Rows: []Row{
			{Height: 5, Panels: []Panel{
				open,
				tile("Time to restore", "restore", "Median from opened to resolved, of the incidents opened in these days, and its change against the equally long period before. Open ones are in no duration yet."),
				tile("Time to acknowledge", "acknowledge", "Median from opened to first acknowledged, of the incidents opened in these days, and its change against the equally long period before."),
				tile("Attributed to a deployment", "attributed", "Share of the incidents opened in these days whose deployment is known. Only these count in the change fail rate."),
			}},
			{Height: 8, Panels: []Panel{
				TimeSeries{
					Frame: Frame{
						Title: "Incidents over time", Width: 12, Query: "incidents/weekly.sql", Empty: "no incident",
						Description: "Incidents opened in each complete week, counted back from the last day of the range, or on each day where the range has fewer than four weeks, attributed to a deployment and not.",
					},
					Unit: count, Bars: true, Colours: attributionColours,
				},
				TimeSeries{
					Frame: Frame{
						Title: "Durations over time", Width: 12, Query: "incidents/weekly_restore.sql", Empty: "no incident resolved or acknowledged",
						Description: "Medians of the incidents opened in each complete week, or on each day where the range has fewer than four weeks; a time without one is a gap. The legend names the unit.",
					},
					Unit: count, Series: seriesLabel, Colours: Colours{"time to restore": blue, "time to acknowledge": reddishPurple},
				},
			}},
			{Height: 7, Panels: []Panel{Table{
				Frame: Frame{
					Title: "Open incidents", Width: gridWidth, Query: "incidents/open_list.sql", Empty: "no incident is open, or none is known", Now: true,
					Description: "What is not resolved now, whatever the range, the oldest first. At most 200.",
				},
				Columns: []Column{
					when("time", "Opened (UTC)"), duration("age", "Open for").wide(85), serviceColumn, severity, text("title", "Title").least(200), when("acknowledged_at", "Acknowledged (UTC)").orElse("not acknowledged").wide(140),
					text("deployment_id", "Deployment").least(120), text("method", "Attributed by").wide(110), openColumn,
				},
			}}},
			{Height: 8, Panels: []Panel{
				by("By severity", "incidents/by_severity.sql", text("severity", "Severity")),
				by("By service", "incidents/by_service.sql", serviceColumn),
			}},
			{Height: 9, Panels: []Panel{Table{
				Frame: Frame{
					Title: "Every incident", Width: gridWidth, Query: "incidents/list.sql", Empty: "no incident in these days",
					Description: "The incidents opened in these days, newest first, with their durations and how they were attributed. At most 1,000.",
				},
				Columns: []Column{
					when("time", "Opened (UTC)"), serviceColumn, severity, text("title", "Title").least(170), duration("acknowledge_seconds", "To acknowledge").orElse("not acknowledged").wide(130),
					duration("restore_seconds", "To restore").orElse("open").wide(85), {Name: "state", Title: "Attribution", Width: 110, Colours: attributionColours}, text("method", "By").wide(90),
					text("deployment_id", "Deployment").least(120), openColumn,
				},
			}}},
		},
	}.wholeDays()
}
