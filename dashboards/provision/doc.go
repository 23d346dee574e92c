// Package provision brings the dashboards, the data source and the alert rules
// to a Grafana that somebody else runs, through its API.
//
// NewPlan reads what is there and compares: each Step creates, updates, leaves
// or skips one thing and can show its difference. Apply carries a plan out.
// Doing it twice changes nothing the second time. A dashboard that people have
// edited is skipped unless forced: Grafana counts a dashboard's versions, and
// what we save carries the version it will have (marker.go).
//
// Grafana is the port; client.go adapts grafana-api-golang-client to it, which
// is archived upstream and therefore stays behind it.
package provision
