package dora

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/internal/report/sample"
	"github.com/fivekeys/fivekeys/schemas"
)

func (x *explainer) explainFrequency() {
	x.Definition = "Successful production deployments in the range, and their number divided by its days since the service was first known, also those with none."
	counted := x.deployments()
	for _, d := range counted {
		x.count(deploymentItem(d, what(d)))
	}
	known := x.known()
	days := known.Days(x.From, x.To)
	if days == 0 || known.Deployed.IsZero() || !known.Deployed.Before(x.To) {
		return // nobody has told of a deployment yet, which is not 0
	}
	x.figure("deployments", float64(len(counted)), "count")
	x.figure("days known", float64(days), "count")
	x.figure("per day", float64(len(counted))/float64(days), "per_day")
}

// known says since when what is known of the service.
func (x *explainer) known() schemas.Knowledge {
	if len(x.facts.Known) == 0 {
		return schemas.Knowledge{}
	}
	return x.facts.Known[0]
}

func (x *explainer) explainLeadTime() {
	x.Definition = "For each change that first reached production in the range: from its first commit to the first production deployment that contains it."
	var times []float64
	for i := range x.facts.Changes {
		c := &x.facts.Changes[i]
		switch {
		case c.DeployedAt.IsZero():
			if c.MergedAt.Before(x.To) {
				x.leaveOutChange(c, c.MergedAt, "It is merged and in no production deployment yet: open inventory.")
			}
		case !x.within(c.DeployedAt):
		case c.LeadTime == nil:
			x.leaveOutChange(c, c.DeployedAt, exclusions[c.Excluded])
		default:
			times = append(times, *c.LeadTime)
			x.count(Item{Kind: "change", ID: c.SHA, Time: c.DeployedAt, Value: c.LeadTime, Unit: "seconds", Why: changeStory(c)})
			x.negativeStages(c)
		}
	}
	for i := range x.facts.Deployments {
		if d := &x.facts.Deployments[i]; d.Unresolved && d.Production && x.within(d.FinishedAt) {
			x.leaveOut(LeftOut{Kind: "deployment", ID: d.DeploymentID, Time: d.FinishedAt, Reason: "unresolved", URL: d.URL,
				Why: "Its commit is on no branch we know, so which changes it brought is unknown; they count for the next deployment that contains them."})
		}
	}
	x.spread(times)
}

var exclusions = map[schemas.Exclusion]string{
	schemas.ExcludedBaseline: "The first deployment ever seen contains it: when it really went live nobody told.",
	schemas.ExcludedNegative: "It was deployed before its first commit: two clocks disagree.",
	schemas.ExcludedNoTime:   "No source told when it was committed.",
}

func (x *explainer) leaveOutChange(c *schemas.Change, at time.Time, why string) {
	x.leaveOut(LeftOut{Kind: "change", ID: c.SHA, Time: at, Reason: string(c.Excluded), Why: why})
}

// negativeStages tells of stages of a change that ran backwards.
func (x *explainer) negativeStages(c *schemas.Change) {
	for _, s := range []struct {
		name     string
		from, to time.Time
	}{
		{"coding", c.FirstCommitAt, c.OpenedAt}, {"pickup", c.OpenedAt, c.FirstReviewAt},
		{"review", c.FirstReviewAt, c.MergedAt}, {"deploy", c.MergedAt, c.DeployedAt},
	} {
		if !s.from.IsZero() && !s.to.IsZero() && s.to.Before(s.from) {
			x.leaveOut(LeftOut{Kind: "stage", ID: c.SHA, Time: c.DeployedAt, Reason: "negative_" + s.name,
				Why: fmt.Sprintf("Its %s would have taken less than no time (%s to %s); its lead time counts all the same.",
					s.name, s.from.Format(time.RFC3339), s.to.Format(time.RFC3339))})
		}
	}
}

func changeStory(c *schemas.Change) string {
	s := fmt.Sprintf("%q: first commit %s, live with %s.", c.Title, c.FirstCommitAt.Format(time.RFC3339), c.DeploymentID)
	if c.PullRequest != 0 {
		s = fmt.Sprintf("#%d %s", c.PullRequest, s)
	}
	return s
}

func (x *explainer) explainFailRate() {
	x.Definition = "Production deployments that failed, divided by all successful production deployments. It counts deployments, never incidents."
	failed := 0
	counted := x.deployments()
	for _, d := range counted {
		x.outOf(deploymentItem(d, what(d)))
		if d.Failed {
			failed++
			x.count(deploymentItem(d, x.causes(d)))
		}
	}
	x.leaveOutIncidents()
	if x.known().FailureSignal.IsZero() {
		x.Definition += " Nobody could have told of a failure of this service: no incident, rollback, revert or hotfix of it was ever heard of, so there is no rate."
		return
	}
	x.rate(failed, len(counted))
}

// causes says what broke a deployment.
func (x *explainer) causes(d *schemas.Deployment) string {
	var said []string
	for i := range x.facts.Failures {
		f := &x.facts.Failures[i]
		if f.DeploymentID != d.DeploymentID {
			continue
		}
		said = append(said, x.cause(f))
	}
	return strings.Join(said, " ")
}

func (x *explainer) cause(f *schemas.Failure) string {
	switch f.Method {
	case schemas.MethodExplicit:
		return fmt.Sprintf("Incident %s names it.", f.IncidentID)
	case schemas.MethodRollback:
		return fmt.Sprintf("%s rolled it back%s.", f.FixID, during(f.IncidentID))
	case schemas.MethodRevert:
		return fmt.Sprintf("%s shipped the revert of a change it brought%s.", f.FixID, during(f.IncidentID))
	case schemas.MethodHotfix:
		return fmt.Sprintf("%s shipped a hotfix after it%s.", f.FixID, during(f.IncidentID))
	case schemas.MethodWindow:
		return fmt.Sprintf("Incident %s opened within %s of it and names no other cause.", f.IncidentID, x.window())
	case schemas.MethodBurn:
		return fmt.Sprintf("The error budget began to burn fast within %s of it (alert %s), and nothing else tells what broke.", x.window(), f.IncidentID)
	case schemas.MethodUnattributed:
	}
	return ""
}

func during(incident string) string {
	if incident == "" {
		return ""
	}
	return " for incident " + incident
}

// leaveOutIncidents tells of the incidents of the range that count against no
// deployment.
func (x *explainer) leaveOutIncidents() {
	failed := map[string]bool{}
	for i := range x.facts.Failures {
		failed[x.facts.Failures[i].IncidentID] = true
	}
	for i := range x.facts.Incidents {
		inc := &x.facts.Incidents[i]
		if !x.within(inc.OpenedAt) || failed[inc.IncidentID] {
			continue
		}
		l := LeftOut{Kind: "incident", ID: inc.IncidentID, Time: inc.OpenedAt, URL: inc.URL}
		switch {
		case !inc.Production:
			l.Reason, l.Why = "not_production", notProduction(inc)
		case inc.Method == schemas.MethodUnattributed:
			l.Reason = "unattributed"
			l.Why = fmt.Sprintf("It counts against no deployment: it names one we do not know, or none and nothing finished within %s before it.", x.window())
		default:
			l.Reason = "never_live"
			l.Why = fmt.Sprintf("It names %s, which never succeeded and so counts in no rate.", inc.DeploymentID)
		}
		x.leaveOut(l)
	}
}

func notProduction(i *schemas.Incident) string {
	return fmt.Sprintf("It happened in %s, which is not production.", i.Environment)
}

func (x *explainer) explainRecovery() {
	x.Definition = "For each failed production deployment of the range: until all its incidents were over, or a rollback or a fix had ended it, whichever came first."
	if x.rules.BlamesBurns() {
		x.Definition += " Where only a burn of the error budget blames it: until that was over."
	}
	var times []float64
	for _, d := range x.deployments() {
		switch {
		case !d.Failed:
		case d.RecoveredAt.IsZero():
			x.leaveOut(LeftOut{Kind: "deployment", ID: d.DeploymentID, Time: d.FinishedAt, Reason: "not_recovered", URL: d.URL,
				Why: x.causes(d) + " It has not recovered yet: open."})
		default:
			took := d.RecoveredAt.Sub(d.FinishedAt).Seconds()
			times = append(times, took)
			item := deploymentItem(d, x.causes(d)+fmt.Sprintf(" Recovered %s.", d.RecoveredAt.Format(time.RFC3339)))
			item.Value, item.Unit = &took, "seconds"
			x.count(item)
		}
	}
	x.spread(times)
}

var reworkReasons = map[schemas.FailureMethod]string{
	schemas.MethodExplicit: "It shipped a fix that names an incident.",
	schemas.MethodRollback: "It rolled back to what was live earlier.",
	schemas.MethodRevert:   "It shipped the revert of a change that was live.",
	schemas.MethodHotfix:   "It shipped a change marked as a hotfix.",
}

func (x *explainer) explainRework() {
	x.Definition = "Unplanned deployments made because of a failure in production, divided by all successful production deployments."
	rework := 0
	counted := x.deployments()
	for _, d := range counted {
		x.outOf(deploymentItem(d, what(d)))
		if d.Rework {
			rework++
			x.count(deploymentItem(d, reworkReasons[d.ReworkReason]))
		}
	}
	x.rate(rework, len(counted))
}

func (x *explainer) explainRestore() {
	x.Definition = "For each production incident opened in the range: from opened to resolved, whether or not a deployment caused it."
	var times []float64
	for i := range x.facts.Incidents {
		inc := &x.facts.Incidents[i]
		if !x.within(inc.OpenedAt) {
			continue
		}
		l := LeftOut{Kind: "incident", ID: inc.IncidentID, Time: inc.OpenedAt, URL: inc.URL}
		switch {
		case !inc.Production:
			l.Reason, l.Why = "not_production", notProduction(inc)
		case inc.ResolvedAt.IsZero():
			l.Reason, l.Why = "open", "It is not resolved."
		case inc.RestoreSeconds == nil:
			l.Reason, l.Why = "no_duration", "How long it took is unknown: nobody told when it opened, or it was resolved before it opened."
		default:
			times = append(times, *inc.RestoreSeconds)
			x.count(Item{Kind: "incident", ID: inc.IncidentID, Time: inc.OpenedAt, Value: inc.RestoreSeconds, Unit: "seconds", Why: inc.Title, URL: inc.URL})
			continue
		}
		x.leaveOut(l)
	}
	x.spread(times)
	if len(times) > 0 {
		x.figure("mean", sample.Summarize(times).Mean, "seconds")
	}
}

// rate gives a rate with its interval; nothing out of nothing is no rate.
func (x *explainer) rate(of, from int) {
	if from == 0 {
		return
	}
	x.figure("rate", float64(of)/float64(from), "ratio")
	if low, high, ok := sample.Wilson(of, from); ok {
		x.figure("95 % low", low, "ratio")
		x.figure("95 % high", high, "ratio")
	}
}

func (x *explainer) spread(times []float64) {
	slices.Sort(times)
	for _, q := range []struct {
		name string
		p    float64
	}{{"p50", .5}, {"p75", .75}, {"p90", .9}, {"p95", .95}} {
		if v, ok := sample.Quantile(times, q.p); ok {
			x.figure(q.name, v, "seconds")
		}
	}
}
