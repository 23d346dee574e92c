package protection

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/gate"
	"github.com/fivekeys/fivekeys/schemas"
)

// left is how many of 43.2 minutes each service has.
type left map[string]float64

func (l left) Known(service string) gate.Known {
	const minutes = 43.2
	at := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	known := gate.Known{EvaluatedAt: at}
	if m, there := l[service]; there {
		share := m / minutes
		known.Statuses = []schemas.BudgetStatus{{
			Objective: "availability", Service: service, At: at, From: at.Add(-30 * 24 * time.Hour), To: at,
			BudgetFigures: schemas.BudgetFigures{Remaining: &share, BudgetMinutes: minutes},
		}}
	}
	return known
}

func TestDecide(t *testing.T) {
	shop := []schemas.Repository{{Name: "acme/shop"}}
	catalog := &schemas.Catalog{Services: []schemas.Service{
		{Name: "checkout", Repositories: shop, Production: []string{"prod", "prod-checkout"}},
		{Name: "search", Repositories: shop, Production: []string{"prod", "prod-search"}},
	}}
	for name, tt := range map[string]struct {
		repository, environment string
		budgets                 left
		state                   State
		comment                 string
	}{
		"a repository nobody claims is a service": {
			"acme/blog", "production", left{"acme/blog": -8.8}, Rejected, "availability has spent 52 of its 43 minutes since 2 October",
		},
		"one frozen service of the repository rejects": {
			"acme/shop", "prod", left{"checkout": 12, "search": -8.8}, Rejected, "search: availability has spent 52 of its 43 minutes since 2 October",
		},
		"all are told where none is frozen": {
			"ACME/Shop", "prod", left{"checkout": 12}, Approved, "checkout: availability has 12 of its 43 minutes left\n\nsearch: no error budget is defined for search",
		},
		"a service to whose production it does not belong does not freeze": {
			"acme/shop", "prod-checkout", left{"checkout": 12, "search": -8.8}, Approved, "checkout: availability has 12 of its 43 minutes left",
		},
		"another environment is approved": {
			"acme/shop", "staging", left{"checkout": -1, "search": -1}, Approved,
			"staging is not a production environment of checkout, and budgets freeze production only\n\nstaging is not a production environment of search, and budgets freeze production only",
		},
	} {
		t.Run(name, func(t *testing.T) {
			now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
			q := &Request{Repository: tt.repository, Environment: tt.environment}
			d, guess := decide(q, catalog, tt.budgets, schemas.DefaultPolicy(), now)
			if diff := cmp.Diff(Decision{State: tt.state, Comment: tt.comment, At: now}, d); diff != "" || guess {
				t.Errorf("guess %t, (-want +got):\n%s", guess, diff)
			}
		})
	}
}

func TestACommentIsCutBetweenCharacters(t *testing.T) {
	for n := range 4 {
		text := comment([]string{strings.Repeat("x", n), strings.Repeat("é", maxComment)})
		if len(text) > maxComment+len("…") || !strings.HasSuffix(text, "é…") {
			t.Errorf("%d bytes: %q", len(text), text[len(text)-8:])
		}
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("application/json", []byte(`{"action":"requested","environment":"prod","deployment_callback_url":"u","repository":{"full_name":"a/b"},"deployment":null}`))
	f.Add("application/x-www-form-urlencoded", []byte(`payload=%7B%22action%22%3A%22requested%22%7D`))
	f.Add("", []byte(`{"action":"requested","deployment":{"id":1e99}}`))
	f.Fuzz(func(t *testing.T, media string, body []byte) {
		d := &schemas.Delivery{Source: sourceGitHub, Kind: kindProtection, Body: body, Header: map[string]string{"Content-Type": media}}
		q, asked, err := parseRequest(d)
		if asked && (err != nil || q.Repository == "" || q.Environment == "" || q.Callback == "" || q.Key() == "") {
			t.Errorf("%+v, %v", q, err)
		}
	})
}
