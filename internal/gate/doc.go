// Package gate answers whether a service's error budget allows a deployment.
//
//	processors/slo ─ Publish ─► KV bucket ─ watch ─► Board   (publish.go, board.go)
//	Board.Known(service) + Policy + now ─ Decide ─► Verdict   (decide.go)
//	Verdict.Reason, a sentence in minutes                     (sentence.go)
//
// The evaluator publishes the budgets of each service as one value. Every
// process keeps all of them in memory, so that the answer needs neither
// ClickHouse nor NATS: while those are away the last known budgets stay, and
// grow older. A budget older than the policy's MaxAge is no longer known, and
// the policy says whether that lets a deployment through or not.
package gate
