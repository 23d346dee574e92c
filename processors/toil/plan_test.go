package toil_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/processors/toil"
	"github.com/fivekeys/fivekeys/schemas"
)

var (
	epoch     = time.Unix(0, 0).UTC()
	thursday  = time.Date(2026, 3, 5, 12, 0, 0, 0, time.UTC)
	monday    = time.Date(2026, 3, 2, 0, 0, 0, 0, time.UTC)
	longAgo   = time.Date(2025, 11, 5, 9, 0, 0, 0, time.UTC)
	everybody = schemas.ToilRules{Cap: 0.5}
)

func week(hours int, team string, share float64) schemas.ToilRules {
	return schemas.ToilRules{Team: team, Capacity: time.Duration(hours) * time.Hour, Cap: share}
}

func TestPlan(t *testing.T) {
	own := func(r schemas.ToilRules, from, written time.Time) clickhouse.ToilRule {
		return clickhouse.ToilRule{ToilRules: r, From: from, Own: true, WrittenAt: written}
	}
	settled := own(everybody, epoch, longAgo)
	for name, tt := range map[string]struct {
		stored     []clickhouse.ToilRule
		configured []schemas.ToilRules
		want       []clickhouse.ToilRule
	}{
		"the first rules hold for the whole past": {nil, []schemas.ToilRules{week(160, "shop", 0.4)},
			[]clickhouse.ToilRule{own(everybody, epoch, time.Time{}), own(week(160, "shop", 0.4), epoch, time.Time{})}},
		"what is stored already is not stored again": {
			[]clickhouse.ToilRule{settled, own(week(160, "shop", 0.4), epoch, longAgo)}, []schemas.ToilRules{week(160, "shop", 0.4)}, nil},
		"a team that grew has its new capacity from this week on": {
			[]clickhouse.ToilRule{settled, own(week(160, "shop", 0.4), epoch, longAgo)}, []schemas.ToilRules{week(240, "shop", 0.4)},
			[]clickhouse.ToilRule{own(week(240, "shop", 0.4), monday, time.Time{})}},
		"only the latest rule is compared": {
			[]clickhouse.ToilRule{settled, own(week(160, "shop", 0.4), epoch, longAgo), own(week(240, "shop", 0.4), monday.AddDate(0, 0, -14), longAgo)},
			[]schemas.ToilRules{week(160, "shop", 0.4)},
			[]clickhouse.ToilRule{own(week(160, "shop", 0.4), monday, time.Time{})}},
		"a mistake that is corrected within the week is corrected where it stands": {
			[]clickhouse.ToilRule{settled, own(week(16, "shop", 0.4), epoch, monday.Add(time.Hour))}, []schemas.ToilRules{week(160, "shop", 0.4)},
			[]clickhouse.ToilRule{own(week(160, "shop", 0.4), epoch, time.Time{})}},
		"a capacity that was not known holds for as long as it was not": {
			[]clickhouse.ToilRule{settled, own(week(0, "shop", 0.5), epoch, longAgo)}, []schemas.ToilRules{week(160, "shop", 0.5)},
			[]clickhouse.ToilRule{own(week(160, "shop", 0.5), epoch, time.Time{})}},
		"a team that is named no longer is like everybody from this week on": {
			[]clickhouse.ToilRule{settled, own(week(160, "shop", 0.4), epoch, longAgo)}, nil,
			[]clickhouse.ToilRule{{ToilRules: schemas.ToilRules{Team: "shop"}, From: monday}}},
		"and once it is, nothing more happens": {
			[]clickhouse.ToilRule{settled, own(week(160, "shop", 0.4), epoch, longAgo), {ToilRules: schemas.ToilRules{Team: "shop"}, From: monday.AddDate(0, 0, -7), WrittenAt: longAgo}},
			nil, nil},
		"a team that comes back has its rules from this week on": {
			[]clickhouse.ToilRule{settled, own(week(160, "shop", 0.4), epoch, longAgo), {ToilRules: schemas.ToilRules{Team: "shop"}, From: monday.AddDate(0, 0, -7), WrittenAt: longAgo}},
			[]schemas.ToilRules{week(80, "shop", 0.4)},
			[]clickhouse.ToilRule{own(week(80, "shop", 0.4), monday, time.Time{})}},
	} {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(tt.want, toil.Plan(tt.stored, tt.configured, everybody, thursday)); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestWeek(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Fatal(err)
	}
	date := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for name, tt := range map[string]struct {
		at   time.Time
		want string
	}{
		"a Monday's first moment":     {monday, "2026-03-02"},
		"the last moment of a Sunday": {monday.Add(-time.Nanosecond), "2026-02-23"},
		"a Sunday":                    {date("2026-03-08"), "2026-03-02"},
		"New Year's day belongs to the old year's Monday":  {date("2027-01-01"), "2026-12-28"},
		"a year that ends on a Sunday":                     {date("2023-12-31"), "2023-12-25"},
		"an hour after midnight in Berlin is still Sunday": {time.Date(2026, 3, 30, 1, 0, 0, 0, berlin), "2026-03-23"},
		"two hours after it is Monday":                     {time.Date(2026, 3, 30, 2, 0, 0, 0, berlin), "2026-03-30"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := toil.Week(tt.at).Format(time.DateOnly); got != tt.want {
				t.Errorf("week is %s, want %s", got, tt.want)
			}
		})
	}
}
