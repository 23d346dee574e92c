package report

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Day is 24 hours; days are UTC days, which all have as many.
const Day = 24 * time.Hour

// DaysPerWeek is the length of a point of the weekly series.
const DaysPerWeek = 7

// Period is a range of full UTC days: From is its first midnight, To the
// midnight after its last day.
type Period struct {
	From time.Time
	To   time.Time
}

// CompleteDays gives the n last days that are over. The running day is left
// out: half a day counted as one lowers every rate.
func CompleteDays(now time.Time, n int) Period {
	today := now.UTC().Truncate(Day)
	return Period{From: today.AddDate(0, 0, -n), To: today}
}

// ThroughToday gives the n last days including the running one, for those who
// want to see what they did a minute ago.
func ThroughToday(now time.Time, n int) Period {
	return CompleteDays(now.Add(Day), n)
}

// Days is how many days the period has, with and without deployments.
func (p Period) Days() int { return int(p.To.Sub(p.From) / Day) }

// Weeks is how many complete weeks it has, counted back from its end.
func (p Period) Weeks() int { return p.Days() / DaysPerWeek }

// week gives one of the complete weeks, the oldest first.
func (p Period) week(i int) Period {
	to := p.To.Add(-time.Duration(p.Weeks()-1-i) * DaysPerWeek * Day)
	return Period{From: to.Add(-DaysPerWeek * Day), To: to}
}

// Before is the period of equal length that ends where p begins.
func (p Period) Before() Period {
	return Period{From: p.From.Add(-p.To.Sub(p.From)), To: p.From}
}

// Contains says whether t lies in the period.
func (p Period) Contains(t time.Time) bool { return !t.Before(p.From) && t.Before(p.To) }

// ago counts days back from the last one of the period, which is 0.
func (p Period) ago(day time.Time) int { return int(p.To.Sub(day)/Day) - 1 }

// Query says what to report on.
type Query struct {
	// Services and Teams narrow the report to services that are in both lists; an
	// empty list narrows nothing.
	Services []string
	Teams    []string
	Period   Period
	// At is the moment to which the ages of open things are measured.
	At time.Time
	// Top is how many teams and services get a row of their own, the ones with
	// the most deployments; the rest is counted. 0 means all of them.
	Top int
}

// Validate says what is wrong with the query.
func (q Query) Validate() error {
	p := q.Period
	switch {
	case p.From.IsZero() || p.To.IsZero():
		return errors.New("query report: the period has no beginning or no end")
	case !p.From.Equal(p.From.UTC().Truncate(Day)) || !p.To.Equal(p.To.UTC().Truncate(Day)):
		return fmt.Errorf("query report: the period %s…%s isn't made of full UTC days", p.From.Format(time.RFC3339), p.To.Format(time.RFC3339))
	case p.Days() < 1:
		return fmt.Errorf("query report: the period %s…%s is empty", p.From.Format(time.DateOnly), p.To.Format(time.DateOnly))
	case p.Before().From.Year() < 1970:
		return fmt.Errorf("query report: the period and the one before it reach back to %d; use a shorter one", p.Before().From.Year())
	case q.At.IsZero():
		return errors.New("query report: the moment to measure open ages to is missing")
	case q.Top < 0:
		return fmt.Errorf("query report: top %d is negative", q.Top)
	}
	return nil
}

// Matches says whether a service belongs to the report.
func (q Query) Matches(service, team string) bool {
	return (len(q.Services) == 0 || slices.Contains(q.Services, service)) && (len(q.Teams) == 0 || slices.Contains(q.Teams, team))
}

// scope names what the summary is about.
func (q Query) scope() Scope {
	named := func(kind, several ScopeKind, names []string) Scope {
		if len(names) == 1 {
			return Scope{Kind: kind, Name: names[0]}
		}
		return Scope{Kind: several, Name: strings.Join(names, ", ")}
	}
	switch {
	case len(q.Services) > 0:
		s := named(ScopeService, ScopeServices, q.Services)
		s.Team = strings.Join(q.Teams, ", ")
		return s
	case len(q.Teams) > 0:
		return named(ScopeTeam, ScopeTeams, q.Teams)
	}
	return Scope{Kind: ScopeWhole}
}

// listsTeams and listsServices say which sections there are: a single service
// has none, a single team has services.
func (q Query) listsTeams() bool    { return len(q.Services) == 0 && len(q.Teams) != 1 }
func (q Query) listsServices() bool { return len(q.Services) != 1 }
