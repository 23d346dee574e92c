package dashboards

const pipelineUID = "fivekeys-pipeline"

// pipeline tells whether the figures can be trusted: a broken webhook looks
// like a quiet week.
func pipeline() Dashboard {
	tile := func(title, query, description string) Panel {
		return Stat{Frame{Title: title, Width: 6, Query: "pipeline/" + query + ".sql", Empty: "no data", Description: description}}
	}
	return Dashboard{
		UID: pipelineUID, Title: "Pipeline health",
		Description: "What arrives, from where, and how late. A broken webhook looks like a quiet week: here the two differ.",
		From:        "now-7d", To: "now",
		Variables: []Variable{sources},
		Rows: []Row{
			{Height: 5, Panels: []Panel{
				tile("Last delivery", "silence", "How long ago the last delivery of the range arrived, measured to its end, or to now."),
				tile("Deliveries", "deliveries", "Webhook requests accepted in the range, before they are understood."),
				tile("Events", "events", "Domain events first known in the range. One delivery may be several events or none."),
				tile("Delay", "delay", "Median time from an event to our knowing of it (known_at − time), of the events first known in the range. Imported history is as late as it is old."),
			}},
			{Height: 8, Panels: []Panel{
				TimeSeries{
					Frame: Frame{
						Title: "Deliveries by source", Width: 8, Query: "pipeline/deliveries_over_time.sql", Empty: "nothing arrived in this range",
						Description: "Webhook requests accepted, by source, by the hour or coarser. A gap is an hour in which nothing arrived.",
					},
					Unit: "short", Bars: true, Series: "${__field.labels.source}", MinInterval: "1h",
				},
				TimeSeries{
					Frame: Frame{
						Title: "Events by type", Width: 8, Query: "pipeline/events_over_time.sql", Empty: "no event in this range",
						Description: "Domain events by type, by when we first knew of them, by the hour or coarser.",
					},
					Unit: "short", Bars: true, Series: "${__field.labels.type}", MinInterval: "1h",
				},
				TimeSeries{
					Frame: Frame{
						Title: "Delay of events", Width: 8, Query: "pipeline/delay_over_time.sql", Empty: "no event in this range",
						Description: "From an event to our knowing of it (known_at − time), median and 95th percentile, by the hour or coarser. Imported history is as late as it is old.",
					},
					Unit: seconds, Colours: Colours{"median": blue, "95th percentile": orange}, MinInterval: "1h",
				},
			}},
			{Height: 8, Panels: []Panel{
				Table{
					Frame: Frame{
						Title: "Sources", Width: 12, Query: "pipeline/sources.sql", Empty: "nothing arrived in this range",
						Description: "Each source's last delivery in the range, how long it has been silent since, and the usual (median) and longest time between two deliveries. The most silent first: silence far above the usual gap may be a broken webhook.",
					},
					Columns: []Column{
						text("source", "Source"), number("deliveries", "Deliveries"), when("last", "Last (UTC)"), duration("silent", "Silent for"),
						duration("usual_gap", "Usual gap").orElse("one delivery"), duration("longest_gap", "Longest gap").orElse("one delivery"), when("longest_gap_ended", "It ended (UTC)"),
					},
				},
				Table{
					Frame: Frame{
						Title: "Events by type and source", Width: 12, Query: "pipeline/types.sql", Empty: "no event in this range",
						Description: "The events first known in the range: how many, the last one's own time and when we knew of it, and how late they are.",
					},
					Columns: []Column{
						text("type", "Type"), text("source", "Source"), number("events", "Events"), when("last_happened", "Last happened (UTC)"), when("last_known", "Last known (UTC)"),
						duration("delay", "Median delay"), duration("delay_p95", "Delay, p95"),
					},
				},
			}},
		},
	}
}
