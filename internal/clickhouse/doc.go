// Package clickhouse is the store: everything fivekeys knows of ClickHouse,
// through clickhouse-go/v2, the same for the embedded engine, a server and a
// cluster.
//
// Deliveries and events are appended (log.go); the facts folded from a
// service's events are compared with what the store holds and only rows that
// differ are written (changeset.go, tables.go). Spans and what is counted from them
// come in whole columns, with the position in their stream (span_*.go). Every table is keyed by
// identity, so writing a row twice leaves one. Tables and views come from
// schemas/clickhouse by way of goose (migrate.go).
package clickhouse
