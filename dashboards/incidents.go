package dashboards

const incidentsUID = "fivekeys-incidents"

// incidents tells what is wrong now, and how long things stay wrong.
func incidents() Dashboard {
	tile := func(title, query, description string) Panel {
		return Stat{Frame{Title: title, Width: 6, Query: "incidents/" + query + ".sql", Empty: "no data", Description: description}}
	}
	by := func(title, query string, first Column) Panel {
		return Table{
			Frame: Frame{
				Title: title, Width: 12, Query: query, Empty: "no incident in these days",
				Description: "Incidents opened in these days: how many, how many are open or attributed to no deployment, and the medians and 90th percentile of their durations.",
			},
			Columns: []Column{
				first, number("incidents", "Incidents"), number("open", "Open").wide(60), number("unattributed", "Not attributed").wide(120),
				duration("restore", "To restore"), duration("restore_p90", "To restore, p90"), duration("acknowledge", "To acknowledge").least(125),
			},
		}
	}
	severity := text("severity", "Severity").wide(100)
	return Dashboard{
		UID: incidentsUID, Title: "Incidents",
		Description: "Incidents of production: open ones, how long they last, and which deployments caused them. An incident belongs to the day it was opened.",
		Variables:   []Variable{teams, services, environments},
		Annotations: []Annotation{deploymentMarks.off(), failureMarks.off(), incidentMarks.off()},
		Rows: []Row{
			{Height: 5, Panels: []Panel{
				tile("Open now", "open", "Incidents opened up to the end of the range that are not resolved, or reopened."),
				tile("Time to restore", "restore", "Median from opened to resolved, of the incidents opened in these days, and its change against the equally long period before. Open ones are in no duration yet."),
				tile("Time to acknowledge", "acknowledge", "Median from opened to first acknowledged, of the incidents opened in these days, and its change against the equally long period before."),
				tile("Attributed to a deployment", "attributed", "Share of the incidents opened in these days whose deployment is known. Only these count in the change fail rate."),
			}},
			{Height: 8, Panels: []Panel{
				TimeSeries{
					Frame: Frame{
						Title: "Incidents by week", Width: 12, Query: "incidents/weekly.sql", Empty: "no incident",
						Description: "Incidents opened in each complete week, counted back from the last day of the range, attributed to a deployment and not.",
					},
					Unit: count, Bars: true, Colours: attributionColours,
				},
				TimeSeries{
					Frame: Frame{
						Title: "Durations by week", Width: 12, Query: "incidents/weekly_restore.sql", Empty: "no incident resolved or acknowledged",
						Description: "Medians of the incidents opened in each complete week; a week without one is a gap.",
					},
					Unit: seconds, Colours: Colours{"time to restore": blue, "time to acknowledge": skyBlue},
				},
			}},
			{Height: 7, Panels: []Panel{Table{
				Frame: Frame{
					Title: "Open incidents", Width: gridWidth, Query: "incidents/open_list.sql", Empty: "no incident is open, or none is known",
					Description: "What is not resolved, the oldest first; ages are as of the end of the range, or now.",
				},
				Columns: []Column{
					when("time", "Opened (UTC)"), duration("age", "Open for"), serviceColumn, severity, text("title", "Title"), when("acknowledged_at", "Acknowledged (UTC)").orElse("not acknowledged"),
					text("deployment_id", "Deployment"), text("method", "Attributed by"), openColumn,
				},
			}}},
			{Height: 8, Panels: []Panel{
				by("By severity", "incidents/by_severity.sql", severity),
				by("By service", "incidents/by_service.sql", serviceColumn),
			}},
			{Height: 9, Panels: []Panel{Table{
				Frame: Frame{
					Title: "Every incident", Width: gridWidth, Query: "incidents/list.sql", Empty: "no incident in these days",
					Description: "The incidents opened in these days, newest first, with their durations and how they were attributed.",
				},
				Columns: []Column{
					when("time", "Opened (UTC)"), serviceColumn, severity, text("title", "Title"), duration("acknowledge_seconds", "To acknowledge").orElse("not acknowledged"),
					duration("restore_seconds", "To restore").orElse("open"), {Name: "state", Title: "Attribution", Width: 120, Colours: attributionColours}, text("method", "By"),
					text("deployment_id", "Deployment"), openColumn,
				},
			}}},
		},
	}.wholeDays()
}
