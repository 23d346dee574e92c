package toil

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/schemas"
)

// Plan gives the rules to be stored so that from this week on those of the
// configuration are in force. The rules of weeks that are over stay: a team
// that grew by two people did not have them last year.
//
// A team's first rule holds for its whole past, about which nothing else is
// known. A rule that is no older than this week, or that knew no capacity, is
// corrected where it stands: no week was judged by it. Everybody is the rule of
// the teams that are not configured.
func Plan(stored []clickhouse.ToilRule, configured []schemas.ToilRules, everybody schemas.ToilRules, now time.Time) []clickhouse.ToilRule {
	latest := map[string]clickhouse.ToilRule{}
	for _, r := range stored {
		if l, seen := latest[r.Team]; !seen || !r.From.Before(l.From) {
			latest[r.Team] = r
		}
	}
	monday := Week(now)
	everybody.Team = ""
	wanted := map[string]clickhouse.ToilRule{"": {ToilRules: everybody, Own: true}}
	for _, c := range configured {
		if c.Team != "" {
			wanted[c.Team] = clickhouse.ToilRule{ToilRules: c, Own: true}
		}
	}
	for team := range latest {
		if _, still := wanted[team]; !still {
			wanted[team] = clickhouse.ToilRule{ToilRules: schemas.ToilRules{Team: team}}
		}
	}
	var plan []clickhouse.ToilRule
	for team, want := range wanted {
		have, seen := latest[team]
		if seen && have.ToilRules == want.ToilRules && have.Own == want.Own {
			continue
		}
		switch {
		case !seen:
			want.From = time.Unix(0, 0).UTC()
		case !have.WrittenAt.Before(monday), have.Own && have.Capacity == 0, have.From.After(monday):
			want.From = have.From
		default:
			want.From = monday
		}
		plan = append(plan, want)
	}
	slices.SortFunc(plan, func(a, b clickhouse.ToilRule) int {
		return cmp.Or(strings.Compare(a.Team, b.Team), a.From.Compare(b.From))
	})
	return plan
}

// Week gives the Monday, midnight UTC, of the week that a time lies in. Weeks
// are ISO 8601's: those around New Year belong whole to one Monday, and no
// change of the clocks makes one longer.
func Week(t time.Time) time.Time {
	day := t.UTC().Truncate(24 * time.Hour)
	const daysAWeek = 7
	return day.AddDate(0, 0, -(int(day.Weekday())+daysAWeek-1)%daysAWeek)
}
