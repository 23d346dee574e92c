package main

import (
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/schemas"
)

const apiToken = "api-token"

// TestTheGateAnswersWithTheStoreAndNATSAway freezes a service, then takes away
// what the budgets come from, first ClickHouse and then NATS. The last known
// budget answers and says how old it is; once it is too old, the policy's fail
// mode decides.
func TestTheGateAnswersWithTheStoreAndNATSAway(t *testing.T) {
	for fail, allow := range map[string]bool{"open": true, "closed": false} {
		t.Run("fail "+fail, func(t *testing.T) {
			t.Parallel()
			nats := testkit.StartNATS(t)
			proxy := testkit.NewProxy(t, testkit.Server(t).HTTPAddr())
			folder := siteFolder(t, schemas.Catalog{})
			configure(t, folder, sloFiles+"gate: {fail: "+fail+"}\n", map[string]string{"slos/orders.yaml": reportedSLO})
			var ahead atomic.Int64 // of the clock that goes
			now := func() time.Time { return time.Now().Add(time.Duration(ahead.Load())) }
			s := startSiteOn(t, folder, now, func(c *settings, o *pipelineOptions) {
				c.natsURL, c.clickhouseURL = nats.URL(), testkit.ServerURL(proxy.Addr())
				o.evaluateEvery = 400 * time.Millisecond
				o.tokens = []string{apiToken}
			})
			says := func(when, ground string, allow bool) gateAnswer {
				t.Helper()
				var a gateAnswer
				until(t, func() (bool, string) {
					a = askGateAs(t, s.client, s.url, apiToken, "shop")
					return a.Ground == ground, fmt.Sprintf("%s: the gate says %+v, want %s", when, a, ground)
				})
				if a.Allow != allow {
					t.Errorf("%s: the gate says %+v", when, a)
				}
				return a
			}
			// The failures ended when the tests began: the budget is spent for more
			// than an hour.
			out := &sender{url: s.url, token: apiToken, client: s.client}
			if err := out.send(t.Context(), orders(t, time.Now().UTC().Truncate(time.Minute).Add(-ordersBad*time.Minute))); err != nil {
				t.Fatal(err)
			}
			says("at first", "exhausted", false)

			for _, outage := range []struct {
				what      string
				away, end func()
			}{
				{"ClickHouse away", proxy.Cut, proxy.Mend},
				{"ClickHouse silent", proxy.Silence, proxy.Mend},
				{"NATS away", nats.Kill, nats.Start},
			} {
				outage.away()
				last := says(outage.what, "exhausted", false).Budget[0].At
				ahead.Add(int64(10 * time.Minute))
				a := says(outage.what+" for ten minutes", "exhausted", false)
				// What was under way when it went away may have come to its end.
				if at := a.Budget[0].At; at.Sub(last) > 2*time.Minute || *a.AgeSeconds < (8*time.Minute).Seconds() {
					t.Errorf("%s: the budget is of %s and %v s old, it was of %s", outage.what, at, *a.AgeSeconds, last)
				}
				ahead.Add(int64(8 * time.Minute))
				if a := says(outage.what+" for too long", "unknown", allow); *a.AgeSeconds < (15 * time.Minute).Seconds() {
					t.Errorf("%s: a budget %v s old is unknown", outage.what, *a.AgeSeconds)
				}
				outage.end()
				if a := says(outage.what+" no more", "exhausted", false); *a.AgeSeconds > (5 * time.Minute).Seconds() {
					t.Errorf("%s no more: the budget is %v s old", outage.what, *a.AgeSeconds)
				}
			}
		})
	}
}
