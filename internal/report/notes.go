package report

import (
	"fmt"
	"strings"
	"time"

	"github.com/rivo/uniseg"

	"github.com/fivekeys/fivekeys/schemas"
)

// openNotes tell what isn't over yet.
func openNotes(r Report) []string {
	o := r.Summary.Open
	var notes []string
	if n := o.UnrecoveredDeployments; n > 0 {
		note := plural(n, "failed deployment hasn't recovered and is", "failed deployments haven't recovered and are") + " in no recovery time"
		notes = append(notes, note+r.oldest(o.UnrecoveredSince))
	}
	if n := o.Incidents; n > 0 {
		notes = append(notes, plural(n, "incident is open", "incidents are open")+r.oldest(o.IncidentSince))
	}
	return notes
}

// oldest tells a day and how long ago it is.
func (r Report) oldest(day *time.Time) string {
	if day == nil {
		return ""
	}
	ago := "today"
	if n := int(r.At.Sub(*day) / Day); n > 0 {
		ago = plural(n, "day", "days") + " ago"
	}
	return fmt.Sprintf("; the oldest is of %s, %s", date(*day), ago)
}

// span tells the days compared.
func (r Report) span() string {
	running := ""
	if r.At.Before(r.To) {
		running = " (the last one still running)"
	}
	days := plural(r.Days, "day", "days")
	return fmt.Sprintf("%s to %s, %s%s%s", date(r.From), date(r.To.Add(-Day)), days, running, r.comparison(days))
}

// comparison tells with what the period is compared: with what was known of the
// one before.
func (r Report) comparison(days string) string {
	s := r.Summary
	switch {
	case s.KnownSince == nil:
		return ""
	case s.ComparedCount == 0:
		return "; no comparison: known since " + date(*s.KnownSince)
	case s.ComparedCount < s.ServiceCount:
		return fmt.Sprintf(", compared with the %s before: that of %s of %s is known", days, thousands(s.ComparedCount), plural(s.ServiceCount, "service", "services"))
	}
	return fmt.Sprintf(", compared with the %s before", days)
}

// failuresTold says what the fail rate rests on, where that is less than it seems.
func failuresTold(r Report) string {
	m, since := r.Summary.Metric(ChangeFailRate), r.Summary.FailureSignalSince
	switch {
	case m.State == StateNobodyTells:
		return "No incident, rollback, revert or hotfix was ever heard of: nobody could have told that a deployment failed."
	case m.Told == nil:
		return ""
	case *m.Told < *m.Denominator:
		return fmt.Sprintf("Of %s nobody could have told that they failed: no incident, rollback, revert or hotfix of their services was ever heard of. The band is that of the rest.",
			plural(*m.Denominator-*m.Told, "deployment", "deployments"))
	case since != nil && since.After(r.ComparedWith) && r.Summary.ComparedCount > 0:
		return "The fail rate is compared with none: failures are told since " + date(*since) + "."
	}
	return ""
}

// footnotes say how the figures came about and what is not in them.
func footnotes(r Report) []string {
	var notes []string
	if s := leftOut(r.Summary.LeftOut); s != "" {
		notes = append(notes, "Left out: "+s+".")
	}
	if s := failuresTold(r); s != "" {
		notes = append(notes, s)
	}
	few := fmt.Sprintf("Medians of pooled changes, deployments and incidents; rates with a 95 %% interval. No band on fewer than %d", r.MinimumSample)
	if len(r.Teams)+len(r.Services) > 0 {
		few += " (few)"
	}
	notes = append(notes, few+".")
	versions := "DORA bands of " + r.Bands
	if r.Rules != "" {
		versions += ", rules " + printable(r.Rules)
	}
	return append(notes, fmt.Sprintf("%s. Days are UTC. Open ages as of %s.", versions, r.At.UTC().Format("2006-01-02 15:04")))
}

var exclusionWord = map[schemas.Exclusion]string{
	schemas.ExcludedBaseline: "baseline",
	schemas.ExcludedNegative: "negative",
	schemas.ExcludedNoTime:   "without commit time",
}

// leftOut prints "32 changes without lead time (30 baseline, 2 negative)".
func leftOut(l LeftOut) string {
	var parts []string
	if l.Changes > 0 {
		s := plural(l.Changes, "change", "changes") + " without lead time"
		var reasons []string
		for _, e := range []schemas.Exclusion{schemas.ExcludedBaseline, schemas.ExcludedNegative, schemas.ExcludedNoTime} {
			if n := l.Reasons[e]; n > 0 {
				reasons = append(reasons, thousands(n)+" "+exclusionWord[e])
			}
		}
		if len(reasons) > 0 {
			s += " (" + strings.Join(reasons, ", ") + ")"
		}
		parts = append(parts, s)
	}
	if n := l.UnresolvedDeployments; n > 0 {
		parts = append(parts, "the contents of "+plural(n, "deployment", "deployments")+" of an unknown SHA")
	}
	if n := l.UnattributedIncidents; n > 0 {
		parts = append(parts, plural(n, "incident", "incidents")+" attributed to no deployment")
	}
	return strings.Join(parts, "; ")
}

// wrapped breaks a line at spaces.
func wrapped(s string, width int) []string {
	var lines []string
	line := ""
	for _, word := range strings.Fields(s) {
		switch {
		case line == "":
			line = word
		case uniseg.StringWidth(line)+1+uniseg.StringWidth(word) > width:
			lines, line = append(lines, line), word
		default:
			line += " " + word
		}
	}
	return append(lines, line)
}
