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
		Annotations: []Annotation{tracedMarks},
		Rows: []Row{
			{Height: 8, Panels: redTrends()},
			{Height: 8, Panels: []Panel{
				TimeSeries{
					Frame: Frame{
						Title: "Latency", Width: 8, Query: "traces/latency.sql", Empty: "no span in this range",
						Description: "Median, 95th and 99th percentile of all requests chosen, pooled from histograms: never averages of percentiles. Within 2 %.",
					},
					Unit: millis, Colours: Colours{"p50": blue, "p95": orange, "p99": vermillion}, MinInterval: "1m",
				},
				Table{
					Frame: Frame{
						Title: "Operations", Width: 16, Query: "traces/operations.sql", Empty: "no span in this range",
						Description: "Requests of each operation in the range, most first: a second, failed, and how long they took.",
					},
					Columns: append([]Column{tracedColumn("service", "Service"), text("operation", "Operation"), text("kind", "Kind").wide(90)}, append(redColumns("requests", "Requests"),
						measured("p50", "p50", millis), measured("p95", "p95", millis), measured("p99", "p99", millis))...),
				},
			}},
			{Title: "Who calls whom", Height: 13, Panels: dependencyPanels()},
			{Title: "Traces", Height: 9, Panels: traceLists()},
			{Height: 18, Panels: []Panel{Trace{Frame{
				Title: "Trace", Width: gridWidth, Query: "traces/trace.sql", Empty: "choose a trace above, or paste its id at the top",
				Description: "Every span of the trace chosen, with its attributes, those of its resource, and what happened within it. Spans are kept for the time configured, a week unless it says otherwise.",
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
	return []Column{measured("rate", "A second", perSecond).digits(2).wide(90), number(countName, title).wide(100), measured("error_ratio", "Errors", ratio).digits(2).wide(90)}
}

// tracedColumn names a service and leads to its keys.
func tracedColumn(name, title string) Column {
	return Column{Name: name, Title: title, Link: &Link{
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
				Description: "Services and their calls in the range: requests a second and p95. The ring is the share that went well (green), failed (vermillion), or nothing known (grey): nobody was seen calling it. Of the services chosen with their neighbours, the 300 busiest calls.",
			},
			Edges: "traces/edges.sql", Unit: perSecond, SecondUnit: millis,
			Arcs:      []Arc{{"arc__ok", bluishGreen}, {"arc__errors", vermillion}, {"arc__unknown", grey}},
			NodeLinks: []Link{toService("Only this service", tracesUID), toService("Its keys and deployments", serviceUID)},
		},
		Table{
			Frame: Frame{
				Title: "Calls", Width: 10, Query: "traces/dependencies.sql", Empty: "no call between services in this range",
				Description: "Calls of one service by another in the range, most first, and how long they took as the callee tells.",
			},
			Columns: append([]Column{tracedColumn("caller", "Caller"), tracedColumn("callee", "Callee")}, append(redColumns("calls", "Calls"), measured("p95", "p95", millis))...),
		},
	}
}

func traceLists() []Panel {
	version := text("version", "Version").wide(90)
	return []Panel{
		Table{
			Frame: Frame{
				Title: "Slowest requests", Width: 12, Query: "traces/slowest.sql", Empty: "no span in this range",
				Description: "The server and consumer spans that took longest, one for each trace. Its name leads to the trace below.",
			},
			Columns: []Column{
				traceColumn, measured("duration_ns", "Took", nanos).wide(90), tracedColumn("service", "Service"), text("operation", "Operation"),
				{Name: "state", Title: "Answer", Width: 80, Colours: answerColours}, version, when("time", "Began (UTC)"),
			},
		},
		Table{
			Frame: Frame{
				Title: "Failing requests", Width: 12, Query: "traces/failing.sql", Empty: "no span failed in this range",
				Description: "The spans that failed last, one for each trace, with what they say of it. Its name leads to the trace below.",
			},
			Columns: []Column{
				traceColumn, tracedColumn("service", "Service"), text("operation", "Operation"), text("message", "What it says").least(150), measured("duration_ns", "Took", nanos).wide(90),
				version, when("time", "Began (UTC)"),
			},
		},
	}
}
