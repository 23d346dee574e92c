// Package report makes the report that an engineering lead looks at: the five
// DORA keys with their bands and trends, and what stands beside them.
//
// A Query says which services and which days. A Source (ClickHouse, or Memory
// for rows folded a moment ago, as `--as-of` does) pools the daily rows into
// Aggregates: sums and exact quantiles by scope, period and week. Build turns
// those into a Report without I/O or clock: rates with their intervals, bands,
// trends, and "no data" where there is none. A renderer (Table, JSON, CSV,
// Markdown) prints it.
//
//	Query → Source → Aggregates → Build → Report → renderer
//
// What stands beside the keys, error budgets (budget.go) and toil (toil.go), is
// added by ClickHouse.Complete where there is any; CSV holds the keys only.
//
// Everything is computed from pooled rows: a team's median is the median of
// its services' durations, never an average of their medians.
package report
