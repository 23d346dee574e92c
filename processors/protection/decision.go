package protection

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/fivekeys/fivekeys/internal/gate"
	"github.com/fivekeys/fivekeys/schemas"
)

// State is the answer in GitHub's words.
type State string

// The states.
const (
	Approved State = "approved"
	Rejected State = "rejected"
)

// Decision is what GitHub is told.
type Decision struct {
	State   State     `json:"state"`
	Comment string    `json:"comment"`
	At      time.Time `json:"at"`
	// AnsweredAt is when GitHub took it; nil until then.
	AnsweredAt *time.Time `json:"answered_at,omitempty"`
}

// Budgets are the last known ones; *gate.Board has them.
type Budgets interface {
	Known(service string) gate.Known
}

// decide asks the gate for every service of the repository to whose production
// the environment belongs: one that is frozen rejects the deployment. guess says
// that a budget was not known and the policy's fail mode decided.
func decide(q *Request, catalog *schemas.Catalog, budgets Budgets, policy schemas.Policy, now time.Time) (d Decision, guess bool) {
	var approving, rejecting, elsewhere []string
	services := catalog.ServicesOf(q.Repository, nil)
	for i := range services {
		s := &services[i]
		v := gate.Decide(s.Name, budgets.Known(s.Name), policy, now)
		if !s.IsProduction(q.Environment) {
			elsewhere = append(elsewhere, v.Elsewhere(s.Name, q.Environment).Reason)
			continue
		}
		guess = guess || v.Ground == gate.Unknown
		reason := v.Reason
		if len(services) > 1 {
			reason = s.Name + ": " + reason
		}
		if v.Allow {
			approving = append(approving, reason)
		} else {
			rejecting = append(rejecting, reason)
		}
	}
	d = Decision{State: Approved, At: now.UTC()}
	switch {
	case len(rejecting) > 0:
		d.State, d.Comment = Rejected, comment(rejecting)
	case len(approving) > 0:
		d.Comment = comment(approving)
	default:
		d.Comment = comment(elsewhere)
	}
	return d, guess
}

// maxComment keeps a repository of many services from a comment that GitHub
// doesn't take.
const maxComment = 1000

func comment(reasons []string) string {
	text := strings.Join(reasons, "\n\n")
	if len(text) <= maxComment {
		return text
	}
	cut := maxComment
	for !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + "…"
}
