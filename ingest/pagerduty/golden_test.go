package pagerduty_test

import (
	"testing"

	"github.com/fivekeys/fivekeys/ingest/pagerduty"
	"github.com/fivekeys/fivekeys/internal/testkit/golden"
	"github.com/fivekeys/fivekeys/schemas"
)

// acme knows one of the payloads' services.
var acme = &schemas.Catalog{Services: []schemas.Service{
	{Name: "checkout", Team: "commerce", Aliases: []string{"pagerduty:PCHK4T2"}},
}}

// The payloads are written by hand, in the shapes that are documented.
func TestGolden(t *testing.T) {
	for name, body := range golden.Payloads(t) {
		t.Run(name, func(t *testing.T) {
			events, err := pagerduty.New(nil).Decode(schemas.Delivery{Body: body}, acme)
			if err != nil {
				t.Fatal(err)
			}
			golden.Events(t, name, events)
		})
	}
}
