package report

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/bands"
	"github.com/fivekeys/fivekeys/schemas"
)

var now = time.Date(2025, 11, 18, 9, 30, 0, 0, time.UTC)

// someQuery is a quarter of everything.
func someQuery() Query {
	return Query{Period: CompleteDays(now, 90), At: now, Top: 5}
}

// habit is how a made-up service works.
type habit struct {
	service, team string
	perDay        float64 // deployments on a working day
	leadHours     float64
	failRate      float64
	recoverHours  float64
	since         int // days ago of its first deployment
}

var habits = []habit{
	{"checkout", "payments", 3.2, 14, .04, .6, 400},
	{"ledger", "payments", .35, 120, .12, 20, 400},
	{"search", "discovery", 1.4, 30, .08, 3, 400},
	{"recommendations-with-a-rather-long-name", "discovery", .2, 400, .22, 90, 400},
	{"storefront", "web", 5, 6, .02, .3, 400},
	{"legacy-billing", "", .03, 900, .5, 200, 400},
	{"labs", "web", .6, 20, 0, 0, 9},
}

// rows makes up daily rows of the days before `now` with a seed, so that
// every run has the same.
func rows(seed uint64, days int, habits ...habit) Memory {
	r := rand.New(rand.NewPCG(seed, 42))
	var m Memory
	duration := func(hours float64) float64 { return math.Round(hours*3600*1000*(.2+r.ExpFloat64())) / 1000 }
	today := now.Truncate(Day)
	for _, h := range habits {
		for ago := min(days, h.since); ago >= 1; ago-- {
			d := schemas.Day{Service: h.service, Team: h.team, Day: today.AddDate(0, 0, -ago)}
			first := ago == h.since
			rate := h.perDay * (1.3 - float64(ago)/400)
			if wd := d.Day.Weekday(); wd == time.Saturday || wd == time.Sunday {
				rate /= 20
			}
			for first || r.Float64() < rate {
				rate--
				d.Deployments++
				changes := 1 + r.IntN(4)
				if !first {
					d.Batches++
					d.BatchChanges += changes
				}
				for range changes {
					d.Changes++
					if first || r.IntN(60) == 0 {
						d.Excluded++
						reason := schemas.ExcludedNegative
						if first {
							reason = schemas.ExcludedBaseline
						}
						m.Changes = append(m.Changes, schemas.Change{Service: h.service, Team: h.team,
							SHA: fmt.Sprintf("%s-%d-%d", h.service, ago, d.Changes), Excluded: reason,
							MergedAt: d.Day, DeployedAt: d.Day.Add(time.Hour)})
						continue
					}
					d.Coding = append(d.Coding, duration(h.leadHours*.4))
					d.Pickup = append(d.Pickup, duration(h.leadHours*.1))
					d.Review = append(d.Review, duration(h.leadHours*.3))
					d.Deploy = append(d.Deploy, duration(h.leadHours*.2))
					d.LeadTimes = append(d.LeadTimes, duration(h.leadHours))
				}
				first = false
				if r.IntN(80) == 0 {
					d.Unresolved++
				}
				if r.Float64() >= h.failRate {
					continue
				}
				d.Failed++
				d.Incidents++
				if ago < 20 && r.IntN(3) == 0 {
					d.Unrecovered++
					d.OpenIncidents++
					continue
				}
				d.Recoveries = append(d.Recoveries, duration(h.recoverHours))
				d.Restores = append(d.Restores, duration(h.recoverHours*1.2))
				d.Acknowledges = append(d.Acknowledges, duration(h.recoverHours*.1))
				d.Rework++
				d.Rollbacks += r.IntN(2)
			}
			if r.IntN(150) == 0 {
				d.Incidents++
				d.Unattributed++
				d.Restores = append(d.Restores, duration(2))
			}
			if d.Deployments+d.Incidents == 0 {
				continue
			}
			for _, list := range [][]float64{d.LeadTimes, d.Coding, d.Pickup, d.Review, d.Deploy, d.Recoveries, d.Restores, d.Acknowledges} {
				slices.Sort(list)
			}
			m.Days = append(m.Days, d)
		}
		m.Known = append(m.Known, knownFor(h.service, h.team, h.since))
		for i := range r.IntN(6) {
			m.Changes = append(m.Changes, schemas.Change{Service: h.service, Team: h.team, SHA: fmt.Sprintf("%s-open-%d", h.service, i),
				Excluded: schemas.ExcludedOpen, MergedAt: now.Add(-time.Duration(duration(h.leadHours)) * time.Second)})
		}
	}
	return m
}

// knownFor is what is known of a service whose deployments, changes and failures
// have been told for so many days.
func knownFor(service, team string, days int) schemas.Knowledge {
	since := now.Truncate(Day).AddDate(0, 0, -days)
	return schemas.Knowledge{Service: service, Team: team, Since: since, Deployed: since, Changes: since, FailureSignal: since}
}

// knownOf is that of every service and team that rows tell of.
func knownOf(m Memory, days int) []schemas.Knowledge {
	var known []schemas.Knowledge
	seen := map[[2]string]bool{}
	tell := func(service, team string) {
		if !seen[[2]string{service, team}] {
			seen[[2]string{service, team}] = true
			known = append(known, knownFor(service, team, days))
		}
	}
	for _, d := range m.Days {
		tell(d.Service, d.Team)
	}
	for _, c := range m.Changes {
		tell(c.Service, c.Team)
	}
	return known
}

func options(t testing.TB) Options {
	t.Helper()
	set, err := bands.Lookup("2023")
	if err != nil {
		t.Fatal(err)
	}
	return Options{Bands: set, Rules: "dora/1"}
}

func makeReport(t testing.TB, src Source, q Query) Report {
	t.Helper()
	r, err := Make(context.Background(), src, q, options(t))
	if err != nil {
		t.Fatal(err)
	}
	return r
}
