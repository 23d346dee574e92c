package report

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"golang.org/x/sync/errgroup"

	"github.com/fivekeys/fivekeys/internal/report/sample"
	"github.com/fivekeys/fivekeys/schemas"
)

// Querier is the part of a ClickHouse connection that the report needs.
type Querier interface {
	Query(ctx context.Context, query string, args ...any) (driver.Rows, error)
}

var _ Querier = clickhouse.Conn(nil)

// ClickHouse pools the rows of the views services, dora_daily and changes (with the facts
// behind the latter) in the connection's database. It reads only: the reader role
// is enough.
type ClickHouse struct{ Conn Querier }

var _ Source = ClickHouse{}

// Aggregates implements Source: who there is, then the daily figures and, beside
// them, the changes without a lead time.
func (c ClickHouse) Aggregates(ctx context.Context, q Query) (Aggregates, error) {
	if err := q.Validate(); err != nil {
		return Aggregates{}, err
	}
	p := &pool{query: q, scopes: map[Scope]*Aggregate{}}
	if err := c.names(ctx, p); err != nil {
		return Aggregates{}, fmt.Errorf("query services of the report: %w", err)
	}
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error {
		ctx := clickhouse.Context(ctx, clickhouse.WithSettings(wideBlocks))
		for lists := range slices.Chunk(listColumns, p.listsAtOnce()) {
			if err := c.each(ctx, totalsSQL(lists), p.args(), p.addTotals(lists)); err != nil {
				return fmt.Errorf("query daily figures of the report: %w", err)
			}
		}
		return nil
	})
	both.Go(func() error {
		if err := c.each(ctx, changesSQL, p.args(), p.addChanges); err != nil {
			return fmt.Errorf("query open changes of the report: %w", err)
		}
		return nil
	})
	if err := both.Wait(); err != nil {
		return Aggregates{}, err
	}
	return p.result, nil
}

// each calls read for every row of a query.
func (c ClickHouse) each(ctx context.Context, sql string, args []any, read func(driver.Rows) error) (err error) {
	rows, err := c.Conn.Query(ctx, sql, args...)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := read(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func (c ClickHouse) names(ctx context.Context, p *pool) error {
	teams, services := newRanking(), newRanking()
	both, ctx := errgroup.WithContext(ctx)
	both.Go(func() error {
		return c.each(ctx, knownSQL, p.args(), func(rows driver.Rows) error {
			var k schemas.Knowledge
			var since, deployed, changes, failures *time.Time
			if err := rows.Scan(&k.Service, &k.Team, &since, &deployed, &changes, &failures); err != nil {
				return err
			}
			k.Since, k.Deployed, k.Changes, k.FailureSignal = deref(since), deref(deployed), deref(changes), deref(failures)
			p.known = append(p.known, k)
			return nil
		})
	})
	both.Go(func() error {
		return c.each(ctx, namesSQL, p.args(), func(rows driver.Rows) error {
			var service, team string
			var deployments, changes uint64
			var latest time.Time
			if err := rows.Scan(&service, &team, &deployments, &latest, &changes); err != nil {
				return err
			}
			p.changes += int(changes)
			teams.add(team, "", int(deployments), latest)
			services.add(service, team, int(deployments), latest)
			return nil
		})
	})
	if err := both.Wait(); err != nil {
		return err
	}
	for _, k := range p.known {
		if deployedBy(k, p.query.Period) {
			teams.add(k.Team, "", 0, time.Time{})
			services.add(k.Service, k.Team, 0, time.Time{})
		}
	}
	p.start(teams, services)
	return nil
}

// pool puts rows where they belong in the result.
type pool struct {
	query  Query
	result Aggregates
	scopes map[Scope]*Aggregate // keyed without the team
	teams  []string
	shown  []string // services
	known  []schemas.Knowledge
	// mixed: some services are compared with the period before and some are not.
	mixed bool
	// changes of the period: each has a value in each of the longer lists.
	changes int
}

// valuesAtOnce is how many durations a query may pool. Each takes 8 bytes in the
// group of its week and as many in each period, both with room to grow, and the
// engine has a gigabyte for everybody.
const valuesAtOnce = 16_000_000

// listsAtOnce is how many of listColumns a query may pool. The period before has
// about as many values as the period, and where only some services are compared,
// theirs are pooled once more.
func (p *pool) listsAtOnce() int {
	times := 2
	if p.mixed {
		times = 3
	}
	return min(max(valuesAtOnce/(times*max(p.changes, 1)), 1), len(listColumns))
}

func (p *pool) start(teams, services ranking) {
	q := p.query
	if q.listsTeams() {
		p.result.TeamCount, p.teams = len(teams.deployments), teams.names(q.Top)
		p.result.Teams = make([]Aggregate, len(p.teams))
	}
	if q.listsServices() {
		p.result.ServiceCount, p.shown = len(services.deployments), services.names(q.Top)
		p.result.Services = make([]Aggregate, len(p.shown))
	}
	register := func(a *Aggregate, kind ScopeKind, name string, scope Scope) {
		a.Scope, a.Weeks, a.Excluded = scope, make([]Totals, q.Period.Weeks()), map[schemas.Exclusion]int{}
		a.PerDay = make([]int, q.Period.Days())
		p.scopes[Scope{Kind: kind, Name: name}] = a
	}
	register(&p.result.Whole, ScopeWhole, "", q.scope())
	for i, name := range p.teams {
		register(&p.result.Teams[i], ScopeTeam, name, Scope{Kind: ScopeTeam, Name: name})
	}
	for i, name := range p.shown {
		register(&p.result.Services[i], ScopeService, name, Scope{Kind: ScopeService, Name: name, Team: services.team[name]})
	}
	for _, k := range p.known {
		for _, a := range []*Aggregate{&p.result.Whole, p.find(string(ScopeTeam), k.Team), p.find(string(ScopeService), k.Service)} {
			if a != nil {
				a.learn(k, q.Period)
			}
		}
	}
	p.mixed = p.result.Whole.Compared < p.result.Whole.Services
}

// args are the parameters of all these queries. Where everybody is shown the
// names are not sent: ten thousand of them don't fit an HTTP request's URL.
func (p *pool) args() []any {
	q := p.query
	all := func(lists bool) bool { return lists && q.Top == 0 }
	names := func(n []string, all bool) []string {
		if all {
			n = nil
		}
		return some(n)
	}
	allTeams, allServices := all(q.listsTeams()), all(q.listsServices())
	return []any{
		clickhouse.Named("of_services", some(q.Services)), clickhouse.Named("of_teams", some(q.Teams)),
		clickhouse.Named("mixed", p.mixed),
		clickhouse.Named("before", date(q.Period.Before().From)),
		clickhouse.Named("from", date(q.Period.From)), clickhouse.Named("to", date(q.Period.To)),
		clickhouse.Named("weeks", int32(q.Period.Weeks())),
		clickhouse.Named("at", q.At.UnixMilli()),
		clickhouse.Named("all_teams", allTeams), clickhouse.Named("all_services", allServices),
		clickhouse.Named("teams", names(p.teams, allTeams)), clickhouse.Named("services", names(p.shown, allServices)),
	}
}

// some makes a parameter of a list that may be nil.
func some(list []string) []string {
	if list == nil {
		return []string{}
	}
	return list
}

// find gives the place of a scope; nil for one that came up since the names
// were read.
func (p *pool) find(kind, name string) *Aggregate {
	return p.scopes[Scope{Kind: ScopeKind(kind), Name: name}]
}

// addTotals reads what totalsSQL selects with these lists. The rest comes with
// each of them and is the same.
func (p *pool) addTotals(lists []listColumn) func(driver.Rows) error {
	return func(rows driver.Rows) error {
		var (
			kind, name                string
			bucket                    int32
			weeks                     [][]any
			unrecovered, openIncident *time.Time
			counts                    = make([]uint64, len(countColumns))
			lengths                   = make([]uint64, len(lists))
			quantiles                 = make([][]float64, len(lists))
			sums                      = make([]float64, len(lists))
			dest                      = []any{&kind, &name, &bucket, &weeks, &unrecovered, &openIncident}
		)
		for i := range counts {
			dest = append(dest, &counts[i])
		}
		for i := range lists {
			dest = append(dest, &lengths[i], &sums[i], &quantiles[i])
		}
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		a := p.find(kind, name)
		if a == nil {
			return nil
		}
		t := &a.Before
		switch {
		case bucket == bucketLike:
			t = &a.Like
		case bucket == bucketNow:
			t = &a.Now
			a.PerDay = perDay(weeks, len(a.PerDay))
			a.UnrecoveredSince, a.IncidentSince = deref(unrecovered), deref(openIncident)
		case bucket >= 0: // weeks count back from the end, the series goes forward
			t = &a.Weeks[len(a.Weeks)-1-int(bucket)]
		}
		t.count(counts)
		for i, list := range lists {
			*list.of(t) = summary(lengths[i], quantiles[i], sums[i])
		}
		if bucket == bucketNow && !p.mixed {
			a.Like = a.Now.middle()
		}
		return nil
	}
}

// perDay reads pairs of a week and the deployments of its days.
func perDay(weeks [][]any, days int) []int {
	counts := make([]int, days)
	for _, w := range weeks {
		week, _ := w[0].(int32) // the query says (Int32, Array(UInt64))
		deployments, _ := w[1].([]uint64)
		for day, n := range deployments {
			if ago := int(week)*DaysPerWeek + day; ago < days {
				counts[ago] += int(n)
			}
		}
	}
	return counts
}

// count takes the values in the order of countColumns.
func (t *Totals) count(values []uint64) {
	for i, into := range []*int{
		&t.Deployments, &t.Failed, &t.Rework, &t.Rollbacks, &t.Unrecovered, &t.Unresolved, &t.Told,
		&t.Changes, &t.Excluded, &t.Batches, &t.BatchChanges, &t.Incidents, &t.Unattributed, &t.OpenIncidents,
	} {
		*into = int(values[i])
	}
}

// middle is what is told of totals that are only compared.
func (t Totals) middle() Totals {
	for _, list := range listColumns {
		s := list.of(&t)
		*s = sample.Summary{Count: s.Count, P50: s.P50}
	}
	return t
}

// summary takes the quantiles of quantileLevels, or the median alone. Those of
// nothing are NaN.
func summary(n uint64, q []float64, sum float64) sample.Summary {
	switch {
	case n == 0:
		return sample.Summary{}
	case len(q) == 1:
		return sample.Summary{Count: int(n), P50: q[0]}
	}
	return sample.Summary{Count: int(n), P50: q[0], P75: q[1], P90: q[2], P95: q[3], Max: q[4], Mean: sum / float64(n)}
}

func deref(t *time.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return t.UTC()
}

func (p *pool) addChanges(rows driver.Rows) error {
	var kind, name, excluded string
	var n uint64
	var quantiles []float64
	var sum float64
	if err := rows.Scan(&kind, &name, &excluded, &n, &quantiles, &sum); err != nil {
		return err
	}
	a := p.find(kind, name)
	switch {
	case a == nil:
	case schemas.Exclusion(excluded) == schemas.ExcludedOpen:
		a.OpenAge = summary(n, quantiles, sum)
	default:
		a.Excluded[schemas.Exclusion(excluded)] = int(n)
	}
	return nil
}
