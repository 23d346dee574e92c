package simulation

import (
	"math"
	"slices"
	"testing"
)

func TestQuantileInterpolates(t *testing.T) {
	for name, c := range map[string]struct {
		of   []float64
		q    float64
		want float64
	}{
		"the median of an odd number is the middle one":   {[]float64{1, 2, 9}, 0.5, 2},
		"the median of an even number lies between":       {[]float64{1, 2, 4, 9}, 0.5, 3},
		"the 90th of five lies between the last two":      {[]float64{10, 20, 30, 40, 50}, 0.9, 46},
		"one value is every quantile":                     {[]float64{7}, 0.95, 7},
		"the 100th is the largest":                        {[]float64{1, 5}, 1, 5},
		"the 75th of four lies a quarter above the third": {[]float64{0, 4, 8, 12}, 0.75, 9},
	} {
		if got := Quantile(c.of, c.q); math.Abs(got-c.want) > 1e-9 {
			t.Errorf("%s: got %v, want %v", name, got, c.want)
		}
	}
	if !math.IsNaN(Quantile(nil, 0.5)) {
		t.Error("the median of nothing is not a number")
	}
}

func TestTeamsAndOrganisationPoolTheirServices(t *testing.T) {
	for seed := range uint64(manySeeds) {
		st, e := plan(Config{Seed: seed})
		for _, p := range []Period{e.Full, e.Recent, e.Between(e.Full.From.Add(14*day), e.Full.From.Add(28*day))} {
			pooled := map[string]*Figures{}
			for _, s := range st.services {
				f := p.Services[s.name]
				for _, name := range []string{"", s.team.name} {
					if pooled[name] == nil {
						pooled[name] = &Figures{Days: f.Days}
					}
					pool(pooled[name], f)
				}
			}
			for name, sum := range pooled {
				want := sum.complete()
				got := p.Organisation
				if name != "" {
					got = p.Teams[name]
				}
				if !same(got, want) {
					t.Errorf("seed %d, team %q: %+v is not the pool of its services %+v", seed, name, got, want)
				}
			}
		}
	}
}

func pool(sum *Figures, f Figures) {
	for _, n := range []struct {
		to   *int
		from int
	}{
		{&sum.Deployments, f.Deployments}, {&sum.Failed, f.Failed}, {&sum.Unrecovered, f.Unrecovered}, {&sum.Rework, f.Rework},
		{&sum.Rollbacks, f.Rollbacks}, {&sum.Changes, f.Changes}, {&sum.Excluded, f.Excluded}, {&sum.OpenChanges, f.OpenChanges},
		{&sum.Incidents, f.Incidents}, {&sum.Unattributed, f.Unattributed}, {&sum.OpenIncidents, f.OpenIncidents},
	} {
		*n.to += n.from
	}
	for i, list := range sum.lists() {
		*list = append(*list, *f.lists()[i]...)
	}
}

func (f *Figures) lists() []*[]float64 {
	return []*[]float64{&f.LeadTimes, &f.Coding, &f.Pickup, &f.Review, &f.Deploy, &f.Recoveries, &f.Restores, &f.Acknowledges}
}

func same(a, b Figures) bool {
	for i, list := range a.lists() {
		if !slices.Equal(*list, *b.lists()[i]) {
			return false
		}
	}
	near := func(x, y float64) bool { return x == y || math.IsNaN(x) && math.IsNaN(y) }
	return a.Days == b.Days && a.Deployments == b.Deployments && a.Failed == b.Failed && a.Unrecovered == b.Unrecovered &&
		a.Rework == b.Rework && a.Rollbacks == b.Rollbacks && a.Changes == b.Changes && a.Excluded == b.Excluded &&
		a.OpenChanges == b.OpenChanges && a.Incidents == b.Incidents && a.Unattributed == b.Unattributed && a.OpenIncidents == b.OpenIncidents &&
		near(a.FailRate, b.FailRate) && near(a.ReworkRate, b.ReworkRate) && near(a.DeploymentsPerDay, b.DeploymentsPerDay) &&
		near(a.LeadTime.P50, b.LeadTime.P50) && near(a.LeadTime.P95, b.LeadTime.P95) && near(a.Recovery.P90, b.Recovery.P90)
}

func TestFiguresAddUp(t *testing.T) {
	for seed := range uint64(manySeeds) {
		_, e := plan(Config{Seed: seed})
		f := e.Full.Organisation
		if f.Failed != len(f.Recoveries)+f.Unrecovered {
			t.Errorf("seed %d: %d failed, %d recovered, %d not", seed, f.Failed, len(f.Recoveries), f.Unrecovered)
		}
		if f.Changes != len(f.LeadTimes)+f.Excluded {
			t.Errorf("seed %d: %d changes, %d with a lead time, %d without", seed, f.Changes, len(f.LeadTimes), f.Excluded)
		}
		if f.Incidents != len(f.Restores)+f.OpenIncidents {
			t.Errorf("seed %d: %d incidents, %d resolved, %d open", seed, f.Incidents, len(f.Restores), f.OpenIncidents)
		}
		contained := map[string]int{}
		for _, c := range e.Changes {
			if !c.DeployedAt.IsZero() {
				contained[c.Service+" "+c.DeploymentID]++
			}
		}
		for _, d := range e.Deployments {
			if d.Production && d.Succeeded && len(d.Environment) > 0 && d.Environment != "prod-us" && contained[d.Service+" "+d.DeploymentID] != d.Changes {
				t.Errorf("seed %d: %s %s contains %d changes, %d name it", seed, d.Service, d.DeploymentID, d.Changes, contained[d.Service+" "+d.DeploymentID])
			}
		}
	}
}
