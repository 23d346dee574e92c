package dora

import (
	"bytes"
	"encoding/json"
	"flag"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

var update = flag.Bool("update", false, "write the golden files")

// explained is a week with something of everything in it.
func explained() []schemas.Event {
	noTime := func(c *schemas.ChangeEvent) { c.CommittedAt = nil }
	return story(
		land("a", 1), deploy("d1", "a", 2),
		land("b", 20), land("c", 21, pull(func(p *schemas.PullRequest) {
			p.Number, p.Title, p.OpenedAt, p.FirstReviewAt = 7, "Add c", hourp(15), hourp(23)
		})), land("n", 22, noTime), deploy("d2", "n", 24),
		opened("acme/shop#12", 25, func(i *schemas.IncidentEvent) { i.Title = "Checkout is down" }), acknowledged("acme/shop#12", 25.1),
		deploy("d3", "a", 26), resolved("acme/shop#12", 26.5),
		land("e", 30, message("Repair it\n\nFixes #12")), deployTo("staging", "s1", "e", 31), deploy("d4", "e", 32),
		deploymentEvent("d5", "production", failed, "e", 33), deploymentEvent("d6", "production", started, "e", 34),
		deploy("d7", "e", 40), deploy("d8", "elsewhere", 41),
		land("late", 45, func(c *schemas.ChangeEvent) { c.CommittedAt = hourp(99) }), deploy("d9", "late", 46),
		land("open", 47), opened("i2", 48), opened("i3", 49, in("staging")), resolved("i3", 50), opened("i4", 95), resolved("i5", 96),
		opened("i6", 47, causedBy("d5", "")), resolved("i6", 47.5),
	)
}

func TestExplain(t *testing.T) {
	rules := rulesOf(shop)
	f := timelineOf(t, explained()).Fold(rules)
	for _, m := range Metrics {
		t.Run(string(m), func(t *testing.T) {
			x, err := Explain(m, f, rules, hour(0), hour(24*7))
			if err != nil {
				t.Fatal(err)
			}
			got, err := json.MarshalIndent(x, "", "  ")
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, '\n')
			path := filepath.Join("testdata", "explain", string(m)+".json")
			if *update {
				if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("got\n%s\nwant\n%s(-update writes it)", got, want)
			}
		})
	}
}

// TestAnExplanationAddsUpToTheDays: what is explained is what is reported.
func TestAnExplanationAddsUpToTheDays(t *testing.T) {
	eachSeed(t, 100, func(t *testing.T, seed uint64, r *rand.Rand) {
		rules := rulesOf(shop)
		f := timelineOf(t, generate(seed, 150)).Fold(rules)
		from := monday.AddDate(0, 0, r.IntN(3))
		to := from.AddDate(0, 0, 1+r.IntN(6))
		var days schemas.Day
		for _, d := range f.Days {
			if d.Day.Before(from) || !d.Day.Before(to) {
				continue
			}
			days.Deployments += d.Deployments
			days.Failed += d.Failed
			days.Rework += d.Rework
			days.LeadTimes = append(days.LeadTimes, d.LeadTimes...)
			days.Recoveries = append(days.Recoveries, d.Recoveries...)
			days.Restores = append(days.Restores, d.Restores...)
		}
		for metric, want := range map[Metric][2]int{
			DeploymentFrequency: {days.Deployments, 0}, LeadTime: {len(days.LeadTimes), 0},
			ChangeFailRate: {days.Failed, days.Deployments}, ReworkRate: {days.Rework, days.Deployments},
			RecoveryTime: {len(days.Recoveries), 0}, TimeToRestore: {len(days.Restores), 0},
		} {
			x, err := Explain(metric, f, rules, from, to)
			if err != nil {
				t.Fatal(err)
			}
			if len(x.Numerator) != want[0] || len(x.Denominator) != want[1] {
				t.Errorf("%s explains %d of %d, the days count %d of %d", metric, len(x.Numerator), len(x.Denominator), want[0], want[1])
			}
		}
	})
}

func TestNoDataIsNoFigure(t *testing.T) {
	for _, m := range Metrics {
		x, err := Explain(m, schemas.Facts{}, rulesOf(shop), hour(0), hour(24))
		if err != nil || len(x.Figures) != 0 {
			t.Errorf("%s of nothing is %v (%v)", m, x.Figures, err)
		}
	}
}

func TestMetricsHaveManyNames(t *testing.T) {
	for name, want := range map[string]Metric{
		"lead-time": LeadTime, "change_lead_time": LeadTime, "Lead Time": LeadTime, "CFR": ChangeFailRate, "mttr": TimeToRestore,
		"deployment_frequency": DeploymentFrequency, "failed_deployment_recovery_time": RecoveryTime, "deployment_rework_rate": ReworkRate,
	} {
		if got, err := ParseMetric(name); err != nil || got != want {
			t.Errorf("%s is %s (%v), want %s", name, got, err, want)
		}
	}
	if _, err := ParseMetric("velocity"); err == nil {
		t.Error("velocity is a metric")
	}
	if _, err := Explain(LeadTime, schemas.Facts{}, rulesOf(shop), hour(1), hour(1).Add(-time.Second)); err == nil {
		t.Error("an empty range is explained")
	}
}
