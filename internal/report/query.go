package report

import (
	"errors"
	"fmt"
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
	// Service and Team narrow the report; both empty means everything.
	Service string
	Team    string
	Period  Period
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

// scope names what the summary is about.
func (q Query) scope() Scope {
	switch {
	case q.Service != "":
		return Scope{Kind: ScopeService, Name: q.Service, Team: q.Team}
	case q.Team != "":
		return Scope{Kind: ScopeTeam, Name: q.Team}
	}
	return Scope{Kind: ScopeWhole}
}

// listsTeams and listsServices say which sections there are: a single service
// has none, a single team has services.
func (q Query) listsTeams() bool    { return q.Service == "" && q.Team == "" }
func (q Query) listsServices() bool { return q.Service == "" }
