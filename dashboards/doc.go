// Package dashboards describes our Grafana dashboards in Go and SQL and writes
// them as the JSON that Grafana loads.
//
// A Dashboard holds Rows of Panels (Stat, TimeSeries, Table, NodeGraph, Trace …);
// the layout follows from their widths. Each panel names one file under sql/,
// which reads nothing but the public views; sql/parts holds what several of
// them share (the days of the range, the scope, the bands). All gives every
// dashboard, Files the JSON of each; json/ is their committed form.
//
//	five_keys.go, service.go, incidents.go, budgets.go,
//	toil.go, traces.go, pipeline.go                        what is shown
//	dashboard.go, panel.go, trace_panel.go, column.go,
//	look.go                                                the words for it
//	model.go, layout.go, query.go                          into Grafana's JSON
package dashboards

//go:generate go test . -run "TestCommittedJSONIsUpToDate|TestAlertFileIsUpToDate" -update
