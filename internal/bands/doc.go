// Package bands says which performance band (Elite, High, Medium, Low) a DORA
// figure falls into.
//
// The thresholds are data with a version, because DORA moved them from report
// to report: a Set is one year's table, found by Lookup. Classify compares one
// value, ClassifyFrequency the rhythm of deployments; both answer
// NotEnoughData below the minimum sample rather than guess. No I/O, no clock.
//
// 2024 and 2025 are missing on purpose: the 2024 table isn't monotonic (High
// fails more often than Medium) and so can't be cut-offs, 2025 has no tiers.
package bands
