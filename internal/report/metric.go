package report

import "github.com/fivekeys/fivekeys/internal/report/sample"

// definition says how a metric is computed from pooled totals. The same
// definition gives the value, the one of the period before and each week's.
type definition struct {
	name Name
	unit Unit
	// sign is 1 where more is better, -1 where less is.
	sign float64
	of   func(t Totals, days int) figure
}

// figure is a value with what it rests on.
type figure struct {
	known       bool // there is a value; 0 is one
	value       float64
	sample      int
	of, from    int // numerator and denominator where fraction
	fraction    bool
	proportion  bool // of are among from, so that there is an interval
	told        int  // of a proportion: how many of from it is judged by
	distributed sample.Summary
}

func median(s sample.Summary) figure {
	return figure{known: s.Count > 0, value: s.P50, sample: s.Count, distributed: s}
}

// fraction is of ÷ from. Without a denominator there is no value: 0 of 0
// deployments failed is neither 0 % nor 100 %.
func fraction(of, from int) figure {
	if from == 0 {
		return figure{}
	}
	return figure{known: true, value: float64(of) / float64(from), sample: from, of: of, from: from, fraction: true}
}

func proportion(of, from int) figure {
	f := fraction(of, from)
	f.proportion, f.told = f.fraction, from
	return f
}

func durations(name Name, of func(Totals) sample.Summary) definition {
	return definition{name, Seconds, -1, func(t Totals, _ int) figure { return median(of(t)) }}
}

// definitions are METRICS' formulas, in the order of the report. Open changes
// are no sum over days and are added by Build.
var definitions = []definition{
	{DeploymentFrequency, PerDay, 1, func(t Totals, days int) figure {
		// days are those on which the service was known: then no deployment is 0.
		f := fraction(t.Deployments, days)
		f.sample = t.Deployments
		return f
	}},
	durations(LeadTime, func(t Totals) sample.Summary { return t.LeadTime }),
	durations(Coding, func(t Totals) sample.Summary { return t.Coding }),
	durations(Pickup, func(t Totals) sample.Summary { return t.Pickup }),
	durations(Review, func(t Totals) sample.Summary { return t.Review }),
	durations(Deploy, func(t Totals) sample.Summary { return t.Deploy }),
	{ChangeFailRate, Ratio, -1, func(t Totals, _ int) figure {
		f := proportion(t.Failed, t.Deployments)
		f.told = t.Told
		f.known = f.told > 0 // else nobody could have told, which is not 0
		return f
	}},
	durations(RecoveryTime, func(t Totals) sample.Summary { return t.Recovery }),
	{ReworkRate, Ratio, -1, func(t Totals, _ int) figure { return proportion(t.Rework, t.Deployments) }},
	durations(TimeToRestore, func(t Totals) sample.Summary { return t.Restore }),
	durations(TimeToAcknowledge, func(t Totals) sample.Summary { return t.Acknowledge }),
	{BatchSize, PerDeployment, -1, func(t Totals, _ int) figure {
		// Neither baselines nor deployments of unknown contents are in either: the
		// first deployment ever seen contains years of changes.
		return fraction(t.BatchChanges, t.Batches)
	}},
}
