// Package slo evaluates error budgets: how much of each objective's budget is
// left, how fast it burns, which alerts fire.
//
//	Evaluator.Run    every 15 s: changed minutes from the store   evaluator.go, load.go, changes.go
//	Ledger           what an objective counted, per minute        ledger.go, tally.go, pack.go
//	account          an objective with its parts and the periods
//	                 that corrections exclude                     account.go, correction.go
//	figures, burn    the arithmetic                               figures.go, status.go
//	step             alerts and budgets, minute by minute         alert.go, budget.go
//	tell              of the alerts of one outage, one             outage.go
//	outbox           tables first, then NATS                      outbox.go, signal.go, summary.go
//	Backtest         the same steps over stored minutes           backtest.go
//
// The core (everything up to step) has no clock and does no I/O: what fires at a
// minute is a function of the minutes before it and of the state it starts from.
package slo
