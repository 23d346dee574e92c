package report

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/rivo/uniseg"

	"github.com/fivekeys/fivekeys/internal/bands"
	"github.com/fivekeys/fivekeys/schemas"
)

// day makes a row of n days ago.
func day(ago int, d schemas.Day) schemas.Day {
	d.Day = now.Truncate(Day).AddDate(0, 0, -ago)
	if d.Service == "" {
		d.Service = "checkout"
	}
	return d
}

func TestBuild(t *testing.T) {
	hour := time.Hour.Seconds()
	several := func(n, ago int, d schemas.Day) []schemas.Day {
		var days []schemas.Day
		for i := range n {
			days = append(days, day(ago+i, d))
		}
		return days
	}
	value := func(v float64) *float64 { return &v }
	for name, c := range map[string]struct {
		days   []schemas.Day
		metric Name
		state  State
		value  *float64
		sample int
		band   bands.Band
		trend  Verdict // empty: none
	}{
		"nothing is no data and not 0":                       {nil, DeploymentFrequency, StateNoData, nil, 0, bands.None, ""},
		"a fail rate of no deployments is no data, not 0 %":  {[]schemas.Day{day(1, schemas.Day{Incidents: 1})}, ChangeFailRate, StateNoData, nil, 0, bands.None, ""},
		"no failed deployment is no recovery time, not 0":    {several(30, 1, schemas.Day{Deployments: 1}), RecoveryTime, StateNoData, nil, 0, bands.None, ""},
		"frequency counts the days without a deployment":     {several(45, 1, schemas.Day{Deployments: 2}), DeploymentFrequency, StateOK, value(1), 90, bands.Elite, Better},
		"ten deployments on one day are no daily rhythm":     {[]schemas.Day{day(1, schemas.Day{Deployments: 10}), day(120, schemas.Day{Deployments: 1})}, DeploymentFrequency, StateOK, value(10.0 / 90), 10, bands.Low, Better},
		"who has stopped deploys 0 times a day":              {[]schemas.Day{day(120, schemas.Day{Deployments: 9})}, DeploymentFrequency, StateOK, value(0), 0, bands.Low, Worse},
		"a median of four is shown and gets no band":         {[]schemas.Day{day(1, schemas.Day{LeadTimes: []float64{1, 2, 3, 4}})}, LeadTime, StateNotEnoughData, value(2.5), 4, bands.NotEnoughData, ""},
		"the median is that of the pooled days":              {[]schemas.Day{day(1, schemas.Day{LeadTimes: []float64{hour}}), day(2, schemas.Day{LeadTimes: []float64{50 * hour, 60 * hour, 70 * hour, 80 * hour}})}, LeadTime, StateOK, value(60 * hour), 5, bands.High, ""},
		"a stage has no band":                                {[]schemas.Day{day(1, schemas.Day{Review: []float64{1, 2, 3, 4, 5}})}, Review, StateOK, value(3), 5, bands.None, ""},
		"1 of 5 failed is 20 %":                              {append(several(4, 1, schemas.Day{Deployments: 1}), day(5, schemas.Day{Deployments: 1, Failed: 1})), ChangeFailRate, StateOK, value(.2), 5, bands.Low, ""},
		"a rate that rose within its interval may be chance": {append(several(10, 1, schemas.Day{Deployments: 10, Failed: 1}), several(10, 100, schemas.Day{Deployments: 100, Failed: 9})...), ChangeFailRate, StateOK, value(.1), 100, bands.High, Unclear},
		"a rate that left its interval did rise":             {append(several(10, 1, schemas.Day{Deployments: 100, Failed: 10}), several(10, 100, schemas.Day{Deployments: 100, Failed: 2})...), ChangeFailRate, StateOK, value(.1), 1000, bands.High, Worse},
		"a rate that rose from 0 did rise":                   {append(several(10, 1, schemas.Day{Deployments: 100, Failed: 10}), several(10, 100, schemas.Day{Deployments: 100})...), ChangeFailRate, StateOK, value(.1), 1000, bands.High, Worse},
		"less rework is better":                              {append(several(10, 1, schemas.Day{Deployments: 100, Rework: 1}), several(10, 100, schemas.Day{Deployments: 100, Rework: 9})...), ReworkRate, StateOK, value(.01), 1000, bands.None, Better},
		"a change from too few is unclear":                   {[]schemas.Day{day(1, schemas.Day{Restores: []float64{5, 5, 5, 5, 5}}), day(100, schemas.Day{Restores: []float64{1}})}, TimeToRestore, StateOK, value(5), 5, bands.None, Unclear},
		"a longer median is worse":                           {[]schemas.Day{day(1, schemas.Day{Restores: []float64{5, 5, 5, 5, 5}}), day(100, schemas.Day{Restores: []float64{1, 1, 1, 1, 1}})}, TimeToRestore, StateOK, value(5), 5, bands.None, Worse},
		"an equal median is the same":                        {[]schemas.Day{day(1, schemas.Day{Acknowledges: []float64{5, 5, 5, 5, 5}}), day(100, schemas.Day{Acknowledges: []float64{5, 5, 5, 5, 5}})}, TimeToAcknowledge, StateOK, value(5), 5, bands.None, Same},
		"a baseline is in no batch":                          {append(several(5, 1, schemas.Day{Deployments: 1, Changes: 3, Batches: 1, BatchChanges: 3}), day(6, schemas.Day{Deployments: 1, Changes: 9000, Excluded: 9000})), BatchSize, StateOK, value(3), 5, bands.None, ""},
		"the batch of unknown commits is unknown, not 0":     {several(5, 1, schemas.Day{Deployments: 1, Unresolved: 1}), BatchSize, StateNoData, nil, 0, bands.None, ""},
		"no open change is 0 where changes are known":        {[]schemas.Day{day(1, schemas.Day{Deployments: 1, Changes: 1})}, OpenChanges, StateOK, value(0), 0, bands.None, ""},
	} {
		t.Run(name, func(t *testing.T) {
			rows := Memory{Days: c.days}
			rows.Known = knownOf(rows, 400)
			m := makeReport(t, rows, someQuery()).Summary.Metric(c.metric)
			if diff := cmp.Diff(c.value, m.Value, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
				t.Errorf("value: -want +got:\n%s", diff)
			}
			if m.State != c.state || m.Sample != c.sample || m.Band != c.band {
				t.Errorf("got state %s, sample %d, band %q, want %s, %d, %q", m.State, m.Sample, m.Band, c.state, c.sample, c.band)
			}
			var verdict Verdict
			if m.Trend != nil {
				verdict = m.Trend.Verdict
			}
			if verdict != c.trend {
				t.Errorf("got trend %q, want %q", verdict, c.trend)
			}
		})
	}
}

// TestNoFigureIsWithoutItsGround: what was not known is neither counted nor compared.
func TestNoFigureIsWithoutItsGround(t *testing.T) {
	each := func(from, to int, d schemas.Day) []schemas.Day {
		var days []schemas.Day
		for ago := from; ago <= to; ago++ {
			days = append(days, day(ago, d))
		}
		return days
	}
	daily := schemas.Day{Deployments: 2, Failed: 1, LeadTimes: []float64{60, 60}}
	never := func(forget func(*schemas.Knowledge)) []schemas.Knowledge {
		k := knownFor("checkout", "", 400)
		forget(&k)
		return []schemas.Knowledge{k}
	}
	for name, c := range map[string]struct {
		days   []schemas.Day
		known  []schemas.Knowledge
		metric Name
		want   string // state, value, of, from, band, trend
	}{
		"ten days old: its rate is of ten days, and compared with nothing": {each(1, 10, daily), []schemas.Knowledge{knownFor("checkout", "", 10)}, DeploymentFrequency, "ok 2 20/10 elite"},
		"on day 91 the period before is not known as a whole":              {each(1, 91, daily), []schemas.Knowledge{knownFor("checkout", "", 91)}, DeploymentFrequency, "ok 2 180/90 elite"},
		"on day 180 it is": {each(1, 180, daily), []schemas.Knowledge{knownFor("checkout", "", 180)}, DeploymentFrequency, "ok 2 180/90 elite same"},
		"a lead time is not compared with a part of a period either":   {each(1, 91, daily), []schemas.Knowledge{knownFor("checkout", "", 91)}, LeadTime, "ok 60 elite"},
		"known for long and deployed for the first time: from 0":       {each(1, 90, daily), []schemas.Knowledge{knownFor("checkout", "", 400)}, DeploymentFrequency, "ok 2 180/90 elite better"},
		"a service of which nobody told a deployment has no frequency": {each(1, 9, schemas.Day{Incidents: 1}), never(func(k *schemas.Knowledge) { k.Deployed = time.Time{} }), DeploymentFrequency, "no_data"},
		"one that stopped has one of 0":                                {nil, []schemas.Knowledge{knownFor("checkout", "", 400)}, DeploymentFrequency, "ok 0 0/90 low same"},
		"one that began after the period has none":                     {nil, []schemas.Knowledge{knownFor("checkout", "", -1)}, DeploymentFrequency, "no_data"},
		"nobody could have told of a failure":                          {each(1, 9, schemas.Day{Deployments: 1}), never(func(k *schemas.Knowledge) { k.FailureSignal = time.Time{} }), ChangeFailRate, "nobody_tells 0/9"},
		"somebody could, and there was none":                           {each(1, 9, schemas.Day{Deployments: 1}), []schemas.Knowledge{knownFor("checkout", "", 400)}, ChangeFailRate, "ok 0 0/9 elite"},
		"failures told since last week are not compared":               {each(1, 180, daily), never(func(k *schemas.Knowledge) { k.FailureSignal = now.AddDate(0, 0, -7) }), ChangeFailRate, "ok 0.5 90/180 low"},
		"open changes of unknown commits are unknown":                  {each(1, 9, daily), never(func(k *schemas.Knowledge) { k.Changes = time.Time{} }), OpenChanges, "no_data"},
		"known changes of which none is open are 0":                    {each(1, 9, daily), []schemas.Knowledge{knownFor("checkout", "", 400)}, OpenChanges, "ok 0"},
		"a new service makes an old one no faster":                     {append(each(1, 180, daily), each(1, 9, schemas.Day{Service: "new", Deployments: 100})...), []schemas.Knowledge{knownFor("checkout", "", 400), knownFor("new", "", 9)}, DeploymentFrequency, "ok 12 1080/90 elite same"},
		"the band is judged by those of whom somebody tells failures": {append(each(1, 10, schemas.Day{Deployments: 1, Failed: 1}), each(1, 10, schemas.Day{Service: "mute", Deployments: 99})...),
			append(never(func(k *schemas.Knowledge) { k.Service, k.FailureSignal = "mute", time.Time{} }), knownFor("checkout", "", 400)), ChangeFailRate, "ok 0.01 10/1000 low"},
	} {
		t.Run(name, func(t *testing.T) {
			m := makeReport(t, Memory{Days: c.days, Known: c.known, Changes: []schemas.Change{{Service: "elsewhere", Excluded: schemas.ExcludedOpen, MergedAt: now}}}, someQuery()).Summary.Metric(c.metric)
			got := string(m.State)
			if m.Value != nil {
				got += fmt.Sprintf(" %g", *m.Value)
			}
			if m.Numerator != nil {
				got += fmt.Sprintf(" %d/%d", *m.Numerator, *m.Denominator)
			}
			got += " " + string(m.Band)
			if m.Trend != nil {
				got += " " + string(m.Trend.Verdict)
			}
			if got = strings.Join(strings.Fields(got), " "); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// TestFiguresArePooledFromRows holds for any rows: how they are split into
// services doesn't show in the whole's figures, and a team's are those of its
// services' rows put together.
func TestFiguresArePooledFromRows(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 7))
	for seed := range uint64(12) {
		m := rows(seed, 120, habits[seed%4:]...)
		m.Known = knownOf(m, 400) // how much is compared may depend on the split
		q := someQuery()
		q.Period, q.Top = CompleteDays(now, 1+r.IntN(60)), 0
		want, err := m.Aggregates(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		split := Memory{Days: slices.Clone(m.Days), Changes: slices.Clone(m.Changes)}
		for i := range split.Days {
			split.Days[i].Service = string(rune('a' + r.IntN(26)))
		}
		for i := range split.Changes {
			split.Changes[i].Service = string(rune('a' + r.IntN(26)))
		}
		split.Known = knownOf(split, 400)
		counted := cmpopts.IgnoreFields(Aggregate{}, "Services", "Compared")
		r.Shuffle(len(split.Days), func(i, j int) { split.Days[i], split.Days[j] = split.Days[j], split.Days[i] })
		r.Shuffle(len(split.Changes), func(i, j int) { split.Changes[i], split.Changes[j] = split.Changes[j], split.Changes[i] })
		got, err := split.Aggregates(context.Background(), q)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want.Whole, got.Whole, cmpopts.EquateApprox(1e-12, 0), counted); diff != "" {
			t.Fatalf("the whole depends on the split:\n%s", diff)
		}
		if diff := cmp.Diff(want.Teams, got.Teams, cmpopts.EquateApprox(1e-12, 0), counted); diff != "" {
			t.Fatalf("a team depends on the split:\n%s", diff)
		}
		for _, team := range want.Teams {
			q.Teams = []string{team.Scope.Name}
			alone, err := m.Aggregates(context.Background(), q)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(team, alone.Whole, cmpopts.EquateApprox(1e-12, 0)); diff != "" {
				t.Fatalf("the section of team %s isn't its report:\n%s", team.Scope.Name, diff)
			}
		}
		sum := 0
		for _, s := range want.Services {
			sum += s.Now.Deployments
		}
		if sum != want.Whole.Now.Deployments {
			t.Fatalf("services have %d deployments, the whole %d", sum, want.Whole.Now.Deployments)
		}
	}
}

func TestNoReportShowsAValueWithoutASample(t *testing.T) {
	for seed := range uint64(10) {
		m := rows(seed, 100, habits...)
		q := someQuery()
		q.Period, q.Top = CompleteDays(now, 1+int(seed)*4), 0
		r := makeReport(t, m, q)
		for _, s := range slices.Concat([]Section{r.Summary}, r.Teams, r.Services) {
			if len(s.Metrics) != len(Names) {
				t.Fatalf("%d metrics, %d names", len(s.Metrics), len(Names))
			}
			for i, m := range s.Metrics {
				if m.Name != Names[i] {
					t.Fatalf("metric %d is %s and not %s", i, m.Name, Names[i])
				}
				mayBeZero := m.Name == OpenChanges || m.Name == DeploymentFrequency
				if (m.Value == nil) != (m.State == StateNoData || m.State == StateNobodyTells) || !mayBeZero && m.State != StateNobodyTells && (m.Sample == 0) != (m.Value == nil) {
					t.Fatalf("%s of %v: %+v", m.Name, s.Scope, m)
				}
				if m.Value != nil && (math.IsNaN(*m.Value) || math.IsInf(*m.Value, 0) || *m.Value < 0) {
					t.Fatalf("%s of %v is %v", m.Name, s.Scope, *m.Value)
				}
				if m.Unit == Ratio && m.Value != nil && (m.Interval == nil || *m.Value < m.Interval.Low || *m.Value > m.Interval.High || m.Interval.High > 1) {
					t.Fatalf("%s of %v: %v isn't in %+v", m.Name, s.Scope, *m.Value, m.Interval)
				}
			}
		}
	}
}

func TestTableFitsItsWidth(t *testing.T) {
	for seed := range uint64(8) {
		for _, width := range []int{60, 72, 80, 100, 300} {
			var b bytes.Buffer
			if err := Table(&b, makeReport(t, rows(seed, 40*int(seed), habits...), someQuery()), TableOptions{Width: width}); err != nil {
				t.Fatal(err)
			}
			for _, line := range strings.Split(b.String(), "\n") {
				if n := uniseg.StringWidth(line); n > width {
					t.Errorf("seed %d, width %d: %d columns: %s", seed, width, n, line)
				}
			}
		}
	}
}

func TestQueryIsValidated(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*Query)
		want   string
	}{
		"no period":              {func(q *Query) { q.Period = Period{} }, "no beginning"},
		"half a day":             {func(q *Query) { q.Period.To = now }, "full UTC days"},
		"a period backwards":     {func(q *Query) { q.Period.From, q.Period.To = q.Period.To, q.Period.From }, "is empty"},
		"before the epoch":       {func(q *Query) { q.Period = CompleteDays(now, 366*60) }, "use a shorter one"},
		"no moment":              {func(q *Query) { q.At = time.Time{} }, "is missing"},
		"fewer than no services": {func(q *Query) { q.Top = -1 }, "is negative"},
	} {
		t.Run(name, func(t *testing.T) {
			q := someQuery()
			c.change(&q)
			for _, source := range []Source{Memory{}, ClickHouse{}} {
				if _, err := source.Aggregates(context.Background(), q); err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("%T: got %v, want %q", source, err, c.want)
				}
			}
		})
	}
}

func TestPeriodsAreFullUTCDays(t *testing.T) {
	berlin := time.FixedZone("CEST", 2*3600)
	lateEvening := time.Date(2025, 10, 1, 1, 0, 0, 0, berlin) // still September in UTC
	p := CompleteDays(lateEvening, 7)
	if got := date(p.From) + " " + date(p.To); got != "2025-09-23 2025-09-30" {
		t.Errorf("complete days: %s", got)
	}
	if p := ThroughToday(lateEvening, 1); date(p.From) != "2025-09-30" || p.Days() != 1 {
		t.Errorf("through today: %v", p)
	}
	if b := p.Before(); b.To != p.From || b.Days() != p.Days() {
		t.Errorf("before: %v", b)
	}
}
