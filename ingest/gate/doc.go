// Package gate answers CI/CD over HTTP whether a service may be deployed.
//
//	GET /v1/gate?service=checkout&environment=production
//	  → who asks (auth.go) → the budgets in memory and the policy (handler.go) → answer.go
//
// It decides nothing by itself: internal/gate does. The answer comes from memory
// alone, so that it is there while ClickHouse or NATS are not. It tells names
// and figures of services; who may send events may ask, and so may this machine
// where no token is configured.
package gate
