package simulation_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestTempDecode(t *testing.T) {
	for seed := uint64(0); seed < 3; seed++ {
		s := simulation.Generate(simulation.Config{Seed: seed, ForeignHeads: seed == 1})
		src := github.New([]string{"x"})
		events := map[string]schemas.Event{}
		type key struct{ s, id string }
		succ := map[key]time.Time{}
		succSHA := map[key]string{}
		changes := map[key]bool{}
		inc := map[key]map[schemas.IncidentStatus][]time.Time{}
		cause := map[key]string{}
		bytes := 0
		for _, d := range s.Deliveries {
			bytes += len(d.Body)
			evs, err := src.Decode(schemas.Delivery{Source: "github", ID: d.GUID, Kind: d.Event, Body: d.Body}, &s.Catalog)
			if err != nil {
				t.Fatal(d.Event, err)
			}
			for _, e := range evs {
				k := e.Source + e.ID
				if old, ok := events[k]; ok && string(old.Data) != string(e.Data) {
					t.Errorf("event id %s twice with different data\n%s\n%s", e.ID, old.Data, e.Data)
				}
				events[k] = e
				if !e.Time.Before(s.Expected.Full.To) {
					t.Error("late", e.ID)
				}
				p, _ := e.Payload()
				svc := s.Catalog.Service(e.Subject)
				switch p := p.(type) {
				case *schemas.DeploymentEvent:
					if p.Status == schemas.DeploymentSucceeded && svc.Counts(p) && svc.IsProduction(p.Environment) {
						kk := key{e.Subject, p.DeploymentID}
						if at, ok := succ[kk]; !ok || e.Time.Before(at) {
							succ[kk] = e.Time
						}
						if p.SHA != "" {
							succSHA[kk] = p.SHA
						}
					}
				case *schemas.ChangeEvent:
					changes[key{e.Subject, p.SHA}] = true
				case *schemas.IncidentEvent:
					kk := key{e.Subject, p.IncidentID}
					if inc[kk] == nil {
						inc[kk] = map[schemas.IncidentStatus][]time.Time{}
					}
					inc[kk][p.Status] = append(inc[kk][p.Status], e.Time)
					if p.CausedBy != nil {
						cause[kk] = p.CausedBy.SHA
					}
				}
			}
		}
		n := 0
		for _, d := range s.Expected.Deployments {
			if !d.Production || !d.Succeeded {
				continue
			}
			n++
			kk := key{d.Service, d.DeploymentID}
			if !succ[kk].Equal(d.FinishedAt) || succSHA[kk] != d.SHA {
				t.Errorf("%+v: %v %v", d, succ[kk], succSHA[kk])
			}
		}
		if n != len(succ) {
			t.Errorf("%d expected deployments, %d decoded", n, len(succ))
		}
		for _, c := range s.Expected.Changes {
			if !changes[key{c.Service, c.SHA}] {
				t.Errorf("change missing %+v", c)
			}
		}
		if len(inc) != len(s.Expected.Incidents) {
			t.Errorf("%d incidents, %d", len(inc), len(s.Expected.Incidents))
		}
		for _, i := range s.Expected.Incidents {
			kk := key{i.Service, fmt.Sprintf("%s#%d", i.Repository, i.Number)}
			m := inc[kk]
			last := func(x []time.Time) time.Time {
				var l time.Time
				for _, y := range x {
					if y.After(l) {
						l = y
					}
				}
				return l
			}
			if m == nil || !m["opened"][0].Equal(i.OpenedAt) || !last(m["opened"]).Equal(i.OpenedAt) || !m["acknowledged"][0].Equal(i.AcknowledgedAt) || !last(m["resolved"]).Equal(i.ResolvedAt) {
				t.Errorf("%+v %v", i, m)
			}
			if (cause[kk] != "") != (i.Method == "explicit") {
				t.Errorf("cause %+v", i)
			}
		}
		fmt.Println(seed, len(s.Deliveries), bytes>>20, "MiB events", len(events), "changes", len(changes), "of", len(s.Expected.Changes))
	}
	_ = strings.Join
}
