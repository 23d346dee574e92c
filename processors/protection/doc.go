// Package protection answers GitHub's custom deployment protection rules from
// the error budgets: a deployment to production of a service whose budget is
// spent is rejected, with the reason as the comment.
//
//	deliveries.github ─► stage.go ─ deployment_protection_rule only ─► request.go
//	request + catalogue + budgets + policy ─► decision.go
//	decision ─► bucket of answers ─► app.go ─ POST deployment_callback_url ─► GitHub
//
// It reads the deliveries beside the decode stage, through a consumer of its own
// that exists only where a GitHub App is configured. A decision is kept before it
// is sent, so that the same request gets the same answer, and gets it once,
// whatever crashes in between and however often GitHub sends it. A request that
// was answered is never answered again: not when the budget is restored either.
package protection
