package alertmanager_test

import (
	"testing"

	"github.com/fivekeys/fivekeys/ingest/alertmanager"
	"github.com/fivekeys/fivekeys/internal/testkit/golden"
	"github.com/fivekeys/fivekeys/schemas"
)

// acme knows two of the payloads' services.
var acme = &schemas.Catalog{Services: []schemas.Service{
	{Name: "checkout", Team: "commerce", Aliases: []string{"checkout-api"}},
	{Name: "orders", Aliases: []string{"alertmanager:orders-worker"}},
}}

// The payloads are written by hand, in the shapes that are documented.
func TestGolden(t *testing.T) {
	for name, body := range golden.Payloads(t) {
		t.Run(name, func(t *testing.T) {
			events, err := alertmanager.New(nil).Decode(schemas.Delivery{Body: body}, acme)
			if err != nil {
				t.Fatal(err)
			}
			golden.Events(t, name, events)
		})
	}
}
