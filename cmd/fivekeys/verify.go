package main

import (
	"context"
	"fmt"
	"math"
	"strings"

	"github.com/fivekeys/fivekeys/internal/report"
	"github.com/fivekeys/fivekeys/internal/simulation"
)

// verify compares a report with what the simulation planned, for the whole
// organisation, every team and every service, and says how many figures it
// compared.
func verify(ctx context.Context, source report.Source, q report.Query, want simulation.Period) (int, error) {
	r, err := report.Make(ctx, source, q, report.Options{})
	if err != nil {
		return 0, err
	}
	v := &verification{}
	v.section("the organisation", r.Summary, want.Organisation)
	v.sections("team", r.Teams, want.Teams)
	v.sections("service", r.Services, want.Services)
	if len(v.wrong) > 0 {
		return v.checked, fmt.Errorf("%d of %d figures differ from the simulation's: %s", len(v.wrong), v.checked,
			strings.Join(v.wrong[:min(len(v.wrong), mismatchesShown)], "; "))
	}
	return v.checked, nil
}

// mismatchesShown keeps the error readable.
const mismatchesShown = 300

type verification struct {
	checked int
	wrong   []string
}

func (v *verification) sections(kind string, got []report.Section, want map[string]simulation.Figures) {
	found := map[string]report.Section{}
	for _, s := range got {
		found[s.Scope.Name] = s
	}
	for name, figures := range want {
		v.section(kind+" "+name, found[name], figures)
	}
}

func (v *verification) section(who string, got report.Section, want simulation.Figures) {
	equal := func(what string, a, b float64) {
		v.checked++
		if math.IsNaN(a) && math.IsNaN(b) || math.Abs(a-b) <= 1e-9*math.Max(1, math.Abs(b)) {
			return
		}
		v.wrong = append(v.wrong, fmt.Sprintf("%s: %s is %v, should be %v", who, what, a, b))
	}
	value := func(name report.Name) float64 {
		if m := got.Metric(name); m.Value != nil {
			return *m.Value
		}
		return math.NaN()
	}
	rate := func(n int, r float64) float64 {
		if n == 0 {
			return math.NaN()
		}
		return r
	}
	sample := func(name report.Name) float64 { return float64(got.Metric(name).Sample) }
	numerator := func(name report.Name) float64 {
		if m := got.Metric(name); m.Numerator != nil {
			return float64(*m.Numerator)
		}
		return 0
	}
	equal("deployments", numerator(report.DeploymentFrequency), float64(want.Deployments))
	equal("deployments per day", value(report.DeploymentFrequency), rate(want.Deployments, want.DeploymentsPerDay))
	equal("failed deployments", numerator(report.ChangeFailRate), float64(want.Failed))
	failRate := rate(want.Deployments, want.FailRate)
	if want.Failed == 0 && got.Metric(report.ChangeFailRate).State == report.StateNobodyTells {
		failRate = math.NaN() // in a short history nobody may have told of a failure yet
	}
	equal("fail rate", value(report.ChangeFailRate), failRate)
	equal("rework", numerator(report.ReworkRate), float64(want.Rework))
	equal("rework rate", value(report.ReworkRate), rate(want.Deployments, want.ReworkRate))
	equal("unrecovered deployments", float64(got.Open.UnrecoveredDeployments), float64(want.Unrecovered))
	equal("open incidents", float64(got.Open.Incidents), float64(want.OpenIncidents))
	equal("unattributed incidents", float64(got.LeftOut.UnattributedIncidents), float64(want.Unattributed))
	equal("changes without lead time", float64(got.LeftOut.Changes), float64(want.Excluded))
	equal("unresolved deployments", float64(got.LeftOut.UnresolvedDeployments), 0)
	equal("open changes", sample(report.OpenChanges), float64(want.OpenChanges))
	for _, d := range []struct {
		name report.Name
		want []float64
	}{
		{report.LeadTime, want.LeadTimes},
		{report.Coding, want.Coding},
		{report.Pickup, want.Pickup},
		{report.Review, want.Review},
		{report.Deploy, want.Deploy},
		{report.RecoveryTime, want.Recoveries},
		{report.TimeToRestore, want.Restores},
		{report.TimeToAcknowledge, want.Acknowledges},
	} {
		equal(string(d.name)+" samples", sample(d.name), float64(len(d.want)))
		spread := report.Spread{P50: math.NaN(), P75: math.NaN(), P90: math.NaN(), P95: math.NaN()}
		if s := got.Metric(d.name).Spread; s != nil {
			spread = *s
		}
		for _, q := range []struct {
			name string
			got  float64
			at   float64
		}{{"p50", spread.P50, 0.5}, {"p75", spread.P75, 0.75}, {"p90", spread.P90, 0.9}, {"p95", spread.P95, 0.95}} {
			equal(string(d.name)+" "+q.name, q.got, simulation.Quantile(d.want, q.at))
		}
	}
}
