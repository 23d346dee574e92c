// Package toil keeps what turns minutes of toil into a ratio: which team had
// which capacity and which cap in which week.
//
// Toil itself needs no process. What deployments and incidents suggest is one of
// the fold's facts (processors/dora, InferToil). Its events pass from event_log
// into toil_log (schemas/clickhouse, toil_log_feed) as they are stored, and the
// views compute from there, so that they are a function of the set of events:
//
//	          event_log → toil_log → toil → toil_weekly → toil_burn
//	facts → inferred_toil_facts ┘         ↘ toil_categories
//
// The views toil, toil_weekly and toil_categories keep inferred toil apart from
// confirmed. Rules are here: Plan says which rows make the store's rules those
// of the configuration without changing the weeks that are over, and Keeper
// writes them when a process starts.
package toil
