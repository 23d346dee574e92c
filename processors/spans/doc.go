// Package spans turns the stream SPANS into rows, exactly once in effect.
//
//	SPANS ── jetstream.Log: strictly in order ──► session.go
//	  skip what is counted (position) · drop duplicates (duplicates.go)
//	  processors/sli: good and total      ┐
//	  processors/traces: requests, calls  ├► counts.go: absolute counts per minute
//	                     spans to keep    ┘   clickhouse.SpanBatch
//	        every second, or 50,000 spans: a cut
//	  ──► writer.go: spans, counts, then the position ──► trim.go: the stream is shortened
//
// What is in memory after a message is a pure function of the stream's messages up
// to it. Rows say up to which message they count, so a reader that begins anew, or
// two that work at the same time, add nothing twice and write the same rows. What
// isn't in rows (duplicates of the last minutes, open traces) is known again by
// reading from replay_from on without counting.
//
// Time is the stream's: when a message was stored. Where traces wait for it and
// nothing comes, the stage publishes empty messages, ticks.
//
// In a ClickHouse cluster rows have to be read after they were written: give the
// stage a connection to one replica, or insert_quorum with
// select_sequential_consistency.
package spans
