// Package grafanatest is a Grafana for tests: a Server that answers as Grafana's
// HTTP API does, as far as provisioning uses it, and what Grafana refuses, of
// alert rules (rules.go) and of dashboards (dashboards.go).
//
// The same checks hold for what comes through the API and for what Grafana reads
// from files: there one rule that is refused keeps everything away that is loaded
// after the rules, dashboards among it.
package grafanatest
