package report

import (
	"context"
	"math"
	"time"

	"github.com/fivekeys/fivekeys/internal/bands"
	"github.com/fivekeys/fivekeys/internal/report/sample"
	"github.com/fivekeys/fivekeys/schemas"
)

// Options are the settings under which figures are judged.
type Options struct {
	Bands bands.Set
	// MinimumSample is the smallest sample that gets a band; 0 is the default.
	MinimumSample int
	// Rules names the version of the fold that made the rows.
	Rules string
}

// Make queries a source and builds the report.
func Make(ctx context.Context, src Source, q Query, o Options) (Report, error) {
	a, err := src.Aggregates(ctx, q)
	if err != nil {
		return Report{}, err
	}
	return Build(q, a, o), nil
}

// Build judges aggregates: values, intervals, bands, trends.
func Build(q Query, a Aggregates, o Options) Report {
	if o.MinimumSample == 0 {
		o.MinimumSample = bands.DefaultMinimumSample
	}
	r := Report{
		From: q.Period.From, To: q.Period.To, Days: q.Period.Days(), ComparedWith: q.Period.Before().From, At: q.At,
		Rules: o.Rules, Bands: o.Bands.Version, MinimumSample: o.MinimumSample,
		Summary:   section(q.Period, a.Whole, o),
		Teams:     make([]Section, 0, len(a.Teams)),
		TeamCount: a.TeamCount,
		Services:  make([]Section, 0, len(a.Services)), ServiceCount: a.ServiceCount,
	}
	for _, t := range a.Teams {
		r.Teams = append(r.Teams, section(q.Period, t, o))
	}
	for _, s := range a.Services {
		r.Services = append(r.Services, section(q.Period, s, o))
	}
	return r
}

func section(p Period, a Aggregate, o Options) Section {
	s := Section{
		Scope:      a.Scope,
		KnownSince: known(a.Known.Since), FailureSignalSince: known(a.Known.FailureSignal),
		ServiceCount: a.Services, ComparedCount: a.Compared,
		Open: Open{
			UnrecoveredDeployments: a.Now.Unrecovered, UnrecoveredSince: known(a.UnrecoveredSince),
			Incidents: a.Now.OpenIncidents, IncidentSince: known(a.IncidentSince),
		},
		LeftOut: LeftOut{
			Changes: a.Now.Excluded, Reasons: a.Excluded,
			UnresolvedDeployments: a.Now.Unresolved, UnattributedIncidents: a.Now.Unattributed,
		},
	}
	if s.LeftOut.Reasons == nil {
		s.LeftOut.Reasons = map[schemas.Exclusion]int{}
	}
	for _, d := range definitions {
		m := d.metric(p, a, o)
		if d.name == DeploymentFrequency {
			addRhythm(&m, p, a, o)
		}
		if d.name == BatchSize {
			s.Metrics = append(s.Metrics, openChanges(a))
		}
		s.Metrics = append(s.Metrics, m)
	}
	return s
}

func known(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}

// deployedBy says whether anybody had told of a deployment by the end of a period.
func deployedBy(k schemas.Knowledge, p Period) bool {
	return !k.Deployed.IsZero() && k.Deployed.Before(p.To)
}

func (d definition) metric(p Period, a Aggregate, o Options) Metric {
	daysOf := func(some Period) int {
		if !deployedBy(a.Known, p) {
			return 0 // a service of which nobody told a deployment has no frequency of 0
		}
		return a.Known.Days(some.From, some.To)
	}
	now := d.of(a.Now, daysOf(p))
	m := Metric{Name: d.name, Unit: d.unit, State: StateNoData, Sample: now.sample, Weekly: make([]*float64, 0, len(a.Weeks))}
	for i, week := range a.Weeks {
		m.Weekly = append(m.Weekly, d.of(week, daysOf(p.week(i))).weekly())
	}
	if now.fraction {
		m.Numerator, m.Denominator = &now.of, &now.from
	}
	if !now.known {
		if now.proportion {
			m.State = StateNobodyTells
		}
		return m
	}
	m.State, m.Value = StateOK, &now.value
	if now.sample < o.MinimumSample {
		m.State = StateNotEnoughData
	}
	if low, high, ok := sample.Wilson(now.of, now.from); ok && now.proportion {
		m.Interval = &Interval{Low: low, High: high}
	}
	m.Spread = spread(now.distributed)
	m.Band = d.band(now, o)
	if d.name == ChangeFailRate {
		m.Told = &now.told
	}
	if a.comparable(p, d.name) {
		days := p.Days() // of those who were known throughout
		m.Trend = d.trend(d.of(a.Like, days), d.of(a.Before, days), o.MinimumSample)
	}
	return m
}

// band judges a value. A fail rate is judged by the deployments of which somebody
// could have told that they failed.
func (d definition) band(now figure, o Options) bands.Band {
	value, n := now.value, now.sample
	if now.proportion {
		value, n = float64(now.of)/float64(now.told), now.told
	}
	return o.Bands.Classify(bands.Metric(d.name), value, n, o.MinimumSample)
}

// comparable says whether the period before is known of a metric. Failures are
// known since somebody tells of them.
func (a Aggregate) comparable(p Period, name Name) bool {
	if name == ChangeFailRate {
		if told := a.Known.FailureSignal; told.IsZero() || told.After(p.Before().From) {
			return false
		}
	}
	return a.Compared > 0
}

// weekly is a point of the series: nil without a value.
func (f figure) weekly() *float64 {
	if !f.known {
		return nil
	}
	return &f.value
}

func spread(s sample.Summary) *Spread {
	if s.Count == 0 {
		return nil
	}
	return &Spread{P50: s.P50, P75: s.P75, P90: s.P90, P95: s.P95, Max: s.Max, Mean: s.Mean}
}

// sameBelow is the relative change that prints as 0 %.
const sameBelow = 0.005

// trend compares what is known of the same services in both periods.
func (d definition) trend(now, before figure, minimum int) *Trend {
	if !now.known || !before.known {
		return nil
	}
	t := &Trend{Before: before.value, Now: now.value}
	difference := now.value - before.value
	if before.value != 0 {
		change := difference / before.value
		t.Change = &change
	}
	smallest := min(now.sample, before.sample)
	if d.name == DeploymentFrequency {
		// A count needs no sample to be a fact; of two small ones the
		// difference is chance all the same.
		smallest = max(now.sample, before.sample)
	}
	low, high, ok := sample.Wilson(now.of, now.from)
	chance := now.proportion && ok && low <= before.value && before.value <= high
	switch {
	case difference == 0:
		t.Verdict = Same
	case smallest < minimum:
		t.Verdict = Unclear
	case t.Change != nil && math.Abs(*t.Change) < sameBelow:
		t.Verdict = Same
	case chance:
		t.Verdict = Unclear
	case difference*d.sign > 0:
		t.Verdict = Better
	default:
		t.Verdict = Worse
	}
	return t
}

// addRhythm gives frequency its band: by the median week, so that ten deployments
// on one Friday are no weekly habit.
func addRhythm(m *Metric, p Period, a Aggregate, o Options) {
	if m.Value == nil {
		return
	}
	rhythm := bands.Rhythm(a.PerDay[:a.Known.Days(p.From, p.To)])
	m.State = StateOK
	m.Band = o.Bands.ClassifyFrequency(rhythm, o.MinimumSample)
	if m.Band == bands.NotEnoughData {
		m.State = StateNotEnoughData
	}
	if median, ok := rhythm.Median(DaysPerWeek); ok {
		m.DeploymentsPerWeek = &median
	}
	active := make(bands.Rhythm, len(rhythm))
	for ago, n := range rhythm {
		active[ago] = min(n, 1)
	}
	if median, ok := active.Median(DaysPerWeek); ok {
		m.ActiveDaysPerWeek = &median
	}
}

// openChanges counts what is merged and not in production: a figure only where
// both can be told.
func openChanges(a Aggregate) Metric {
	m := Metric{Name: OpenChanges, Unit: Count, State: StateNoData, Sample: a.OpenAge.Count, Weekly: []*float64{}}
	if !a.Known.Changes.IsZero() {
		count := float64(a.OpenAge.Count)
		m.State, m.Value, m.Spread = StateOK, &count, spread(a.OpenAge)
	}
	return m
}
