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
				tile("Last arrival", "silence", "How long ago the last delivery of a webhook, or the last event sent to the API, arrived within the range, measured to its end, or to now. Imported history is none."),
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
					Unit: count, Bars: true, Series: "${__field.labels.source}", MinInterval: "1h",
				},
				TimeSeries{
					Frame: Frame{
						Title: "Events by type", Width: 8, Query: "pipeline/events_over_time.sql", Empty: "no event in this range",
						Description: "Domain events by type, by when we first knew of them, by the hour or coarser.",
					},
					Unit: count, Bars: true, Series: "${__field.labels.type}", MinInterval: "1h",
				},
				TimeSeries{
					Frame: Frame{
						Title: "Delay of events", Width: 8, Query: "pipeline/delay_over_time.sql", Empty: "no event in this range",
						Description: "From an event to our knowing of it (known_at − time), median and 95th percentile, by the hour or coarser. The legend names the unit. Imported history is as late as it is old.",
					},
					Unit: count, Series: seriesLabel, Colours: Colours{"median": blue, "95th percentile": reddishPurple}, MinInterval: "1h",
				},
			}},
			{Title: "The pipeline's own work", Height: 5, Panels: []Panel{
				tile("Waiting messages", "waiting", "Messages that stages have still to process, as last reported within the range."),
				tile("Dead letters", "dead", "Messages that could not be processed and wait for somebody to decide, as last reported. fivekeys dlq list shows them with their reasons."),
				tile("Refused requests", "refused", "Requests of the range, deliveries and spans, that were not accepted, and the reasons met most."),
				tile("Spans", "spans", "Spans accepted in the range, those rejected, and how far the tables are behind the stream."),
			}},
			{Height: 8, Panels: pipelineTrends()},
			{Height: 8, Panels: []Panel{
				Table{
					Frame: Frame{
						Title: "What was refused or failed", Width: 12, Query: "pipeline/unwell.sql", Empty: "nothing was refused, and nothing failed",
						Description: "Requests that were not accepted and deliveries that could not be decoded, by who sent them and why. Counted from what the processes report: what happens before a process's first report isn't there. At most 100.",
					},
					Columns: []Column{
						text("stage", "Where").wide(110), text("who", "Source or protocol").least(136), text("outcome", "Why").least(110), number("times", "Times").wide(75), when("last", "Last (UTC)"),
					},
				},
				TimeSeries{
					Frame: Frame{
						Title: "Memory of the processes", Width: 12, Query: "pipeline/memory_over_time.sql", Empty: "no process reported in this range",
						Description: "Resident memory of each process by host name and process id, the largest within each step. The embedded store is a process of its own and isn't in it.",
					},
					Unit: bytesUsed, Series: "${__field.labels.process}", MinInterval: "1m",
				},
			}},
			{Title: "What arrived", Height: 7, Panels: []Panel{
				Table{
					Frame: Frame{
						Title: "Sources", Width: gridWidth, Query: "pipeline/sources.sql", Empty: "nothing arrived in this range",
						Description: "Each source's last arrival in the range, how long it has been silent since, and the usual (median) and longest time between two. Of webhooks every delivery counts; of those that send no webhooks every request with events to the API, imported history left out. The most silent first: silence far above the usual gap may be a broken webhook, or a pipeline that no longer reports. At most 200.",
					},
					Columns: []Column{
						text("source", "Source").least(200), text("way", "By").wide(90), number("arrivals", "Arrivals").wide(85), when("last", "Last (UTC)"), duration("silent", "Silent for").wide(95),
						duration("usual_gap", "Usual gap").orElse("one arrival").wide(100), duration("longest_gap", "Longest gap").orElse("one arrival").wide(105), when("longest_gap_ended", "It ended (UTC)"),
					},
				},
				Table{
					Frame: Frame{
						Title: "Events by type and source", Width: gridWidth, Query: "pipeline/types.sql", Empty: "no event in this range",
						Description: "The events first known in the range: how many, the last one's own time and when we knew of it, and how late they are. At most 200.",
					},
					Columns: []Column{
						text("type", "Type").least(95), text("source", "Source").least(140), number("events", "Events").wide(75), when("last_happened", "Last happened (UTC)").wide(150), when("last_known", "Last known (UTC)"),
						duration("delay", "Median delay").wide(110), duration("delay_p95", "Delay, p95").wide(95),
					},
				},
			}},
		},
	}
}

// pipelineTrends are what the processes say of themselves, sampled every 30 s.
func pipelineTrends() []Panel {
	return []Panel{
		TimeSeries{
			Frame: Frame{
				Title: "Backlog by stage", Width: 8, Query: "pipeline/backlog_over_time.sql", Empty: "no process reported in this range",
				Description: "Messages that each stage has still to process, the most within each step. A burst that drains is no trouble; a line that only climbs is.",
			},
			Unit: many, Series: "${__field.labels.stage}", MinInterval: "1m",
		},
		TimeSeries{
			Frame: Frame{
				Title: "Spans a second", Width: 8, Query: "pipeline/spans_over_time.sql", Empty: "no process that takes spans reported",
				Description: "At the intake: accepted, rejected. At the tables: counted, duplicate (sent again), out of range (older than the retention, or in the future).",
			},
			Unit: perSecond, Series: "${__field.labels.outcome}", MinInterval: "1m",
		},
		TimeSeries{
			Frame: Frame{
				Title: "Lag of spans", Width: 8, Query: "pipeline/spans_delay.sql", Empty: "no process that counts spans reported",
				Description: "Age of the newest message whose spans are in the tables, when they were written; the most within each step. The legend names the unit.",
			},
			Unit: count, Series: seriesLabel, Colours: Colours{"behind": blue}, MinInterval: "1m",
		},
	}
}
