package dashboards

const tracesUID = "fivekeys-traces"

// traces is for those who look for the cause: which operation, which service,
// which request.
func traces() Dashboard {
	return Dashboard{
		UID: tracesUID, Title: "Services and traces",
		Description: "Rate, errors and latency of services and their operations, who calls whom, and the traces behind. Of server and consumer spans, counted in the minute in which they ended.",
		From:        "now-1h", To: "now",
		Variables:   []Variable{tracedServices, operations, chosenTrace},
		Annotations: []Annotation{tracedMarks.off()},
		Rows: []Row{
			{Height: 8, Panels: redTrends()},
			{Height: 8, Panels: []Panel{
				TimeSeries{
					Frame: Frame{
						Title: "Latency", Width: 8, Query: "traces/latency.sql", Empty: "no span in this range",
						Description: "Median, 95th and 99th percentile of all requests chosen, pooled from histograms: never averages of percentiles. Within 2 %.",
					},
					Unit: millis, Colours: Colours{"p50": grey, "p95": blue, "p99": reddishPurple}, MinInterval: "1m",
				},
				Table{
					Frame: Frame{
						Title: "Operations", Width: 16, Query: "traces/operations.sql", Empty: "no span in this range",
						Description: "Requests of each operation in the range, most first: a second, failed, and how long they took. At most 500.",
					},
					Columns: append([]Column{tracedColumn("service", "Service"), text("operation", "Operation").least(130).wrapped(), text("kind", "Kind").wide(80)}, append(redColumns("requests", "Requests"),
						latencyColumn("p50"), latencyColumn("p95"), latencyColumn("p99"))...),
				},
			}},
			{Title: "Who calls whom", Height: 13, Panels: dependencyPanels()},
			{Title: "Traces", Height: 9, Panels: traceLists()},
			{Height: 18, Panels: []Panel{Trace{Frame{
				Title: "Trace", Width: gridWidth, Query: "traces/trace.sql", Empty: "choose a trace above, or paste its id at the top",
				Description: "Every span of the trace chosen, up to 5,000, with its attributes, those of its resource, and what happened within it. Looked for from a day before the range to a day after it. Spans are kept for the time configured, a week unless it says otherwise.",
			}}}},
		},
	}
}

// redTrends draw the ten operations with most requests.
func redTrends() []Panel {
	trend := func(title, query, unit, description string) Panel {
		return TimeSeries{
			Frame: Frame{
				Title: title, Width: 8, Query: "traces/" + query + ".sql", Empty: "no span in this range",
				Description: description + " The ten operations with most requests of those chosen; a minute without requests is a gap.",
			},
			Unit: unit, Series: "${__field.labels.series}", MinInterval: "1m",
		}
	}
	return []Panel{
		trend("Requests a second", "rate", perSecond, "Server and consumer spans a second."),
		trend("Error ratio", "errors", ratio, "Failed ÷ all requests."),
		trend("p95 by operation", "p95", millis, "95 % of the requests were at most as slow. Within 2 %."),
	}
}

// redColumns are the rate, the count and the share of errors.
func redColumns(countName, title string) []Column {
	return []Column{measured("rate", "Rate", perSecond).digits(2).wide(85), number(countName, title).wide(75), measured("error_ratio", "Errors", ratio).digits(2).wide(75)}
}

func latencyColumn(quantile string) Column { return measured(quantile, quantile, millis).wide(70) }

// tracedColumn names a service and leads to its keys.
func tracedColumn(name, title string) Column {
	return Column{Name: name, Title: title, Least: 90, Wraps: true, Link: &Link{
		Title: "The keys of ${__value.text}", URL: "/d/" + serviceUID + "?var-service=${__data.fields." + name + ":percentencode}&var-datasource=${datasource}",
	}}
}

func dependencyPanels() []Panel {
	toService := func(title, uid string) Link {
		return Link{Title: title, URL: "/d/" + uid + "?var-service=${__data.fields.title:percentencode}&var-datasource=${datasource}"}
	}
	return []Panel{
		NodeGraph{
			Frame: Frame{
				Title: "Dependencies", Width: 14, Query: "traces/nodes.sql", Empty: "no call between services in this range",
				Description: "Services and their calls in the range: how often and p95. The ring is the share that went well (green), failed (vermillion), or nothing known (grey): nobody was seen calling it. What sends no spans of its own is named by its callers: a broker or a database as system/name. Of the services chosen with their neighbours, the 300 busiest calls.",
			},
			Edges:     "traces/edges.sql",
			Arcs:      []Arc{{"arc__ok", "went well", bluishGreen}, {"arc__errors", "failed", vermillion}, {"arc__unknown", "nothing known", grey}},
			NodeLinks: []Link{toService("Only this service", tracesUID), toService("Its keys and deployments", serviceUID)},
		},
		Table{
			Frame: Frame{
				Title: "Calls", Width: 10, Query: "traces/dependencies.sql", Empty: "no call between services in this range",
				Description: "Calls of one service by another in the range, most first, and how long they took as the callee tells. At most 500.",
			},
			Columns: append([]Column{tracedColumn("caller", "Caller"), tracedColumn("callee", "Callee")}, append(redColumns("calls", "Calls"), latencyColumn("p95"))...),
		},
	}
}

// The lists begin with the link to the trace, which is what they are for.
func traceLists() []Panel {
	operation, took := text("operation", "Operation").least(100).wrapped(), measured("duration_ns", "Took", nanos).wide(70)
	version := text("version", "Version").wide(70).wrapped()
	return []Panel{
		Table{
			Frame: Frame{
				Title: "Slowest requests", Width: 10, Query: "traces/slowest.sql", Empty: "no span in this range",
				Description: "The 50 server and consumer spans that took longest, one for each trace. Its name leads to the trace below.",
			},
			Columns: []Column{
				traceColumn, took, tracedColumn("service", "Service"), operation, {Name: "state", Title: "Answer", Width: 65, Colours: answerColours}, version,
			},
		},
		Table{
			Frame: Frame{
				Title: "Failing requests", Width: 14, Query: "traces/failing.sql", Empty: "no span failed in this range",
				Description: "The 50 spans that failed last, one for each trace, with what they say of it. Its name leads to the trace below.",
			},
			Columns: []Column{
				traceColumn, tracedColumn("service", "Service"), operation, text("message", "What it says").least(120).wrapped(), took, version,
				{Name: "time", Title: "Began (UTC)", Unit: clock, Width: 115},
			},
		},
	}
}
