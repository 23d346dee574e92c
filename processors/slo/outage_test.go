package slo

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/traffic"
	"github.com/fivekeys/fivekeys/schemas"
)

// TestOneOutageIsOneNotification: what is told of an objective of 99 % and 30
// days, known for four of them without a failure.
func TestOneOutageIsOneNotification(t *testing.T) {
	const quiet = 4 * dayMinutes
	for name, c := range map[string]struct {
		phases []traffic.Phase
		want   []string // minutes after the quiet days
	}{
		"a short outage is a page, and over when no page burns": {
			// Nine minutes are 15 % of an hour, 22 are 6 % of six. The 30 minutes hold
			// more than one bad one until 29 after it. The tickets, whose short windows
			// are hours, are part of it.
			phases: []traffic.Phase{traffic.Burst(30, 100), traffic.Steady(dayMinutes, 100, 0)},
			want:   []string{"9: fast firing", "59: fast resolved"},
		},
		"a leak that no page is for is a ticket": {
			// 4 % exceed 3 % of a day after 18 hours.
			phases: []traffic.Phase{traffic.Steady(2*dayMinutes, 100, 4)},
			want:   []string{"1081: slow firing"},
		},
		"a leak that becomes an outage is a ticket, and then a page": {
			// Of the tickets the creeping one's six hours hold 1 % for longest.
			phases: []traffic.Phase{traffic.Steady(1200, 100, 4), traffic.Burst(60, 100), traffic.Steady(500, 100, 0)},
			want:   []string{"1081: slow firing", "1207: fast firing", "1289: fast resolved", "1617: slow resolved"},
		},
		"an outage that becomes a leak is a page, and a ticket when it is clear that it goes on": {
			phases: []traffic.Phase{traffic.Burst(60, 100), traffic.Steady(600, 100, 4)},
			want:   []string{"9: fast firing", "90: fast resolved", "210: slow firing"},
		},
		"two outages are two": {
			phases: []traffic.Phase{traffic.Burst(30, 100), traffic.Steady(400, 100, 0), traffic.Burst(30, 100), traffic.Steady(100, 100, 0)},
			want:   []string{"9: fast firing", "59: fast resolved", "439: fast firing", "489: fast resolved"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := model(append([]traffic.Phase{traffic.Steady(quiet, 100, 0)}, c.phases...)...)
			m.Window = schemas.Window{Rolling: 30 * day}
			if diff := cmp.Diff(c.want, told(whole(t, m.Objectives()[0]), m, quiet)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// told steps an objective through a model and gives what is told, by the minute
// after one of the model.
func told(a *account, m traffic.Model, from int) (out []string) {
	for _, c := range m.Minutes() {
		if c.Objective == a.Key {
			a.parts[0].ledger.Put(minuteOf(c.Minute), c.Good, c.Total)
		}
	}
	for minute := minuteOf(m.Start) + 1; minute <= minuteOf(m.End()); minute++ {
		before := len(a.state.Alerts)
		a.step(minute)
		for _, s := range a.state.Alerts[before:] {
			out = append(out, fmt.Sprintf("%.0f: %s %s", timeOf(minute).Sub(at(from)).Minutes(), s.Rule, s.State))
		}
	}
	return out
}

// TestAnObjectiveWithoutTrafficSaysSo where its policy asks for it.
func TestAnObjectiveWithoutTrafficSaysSo(t *testing.T) {
	silence := schemas.BurnAlert{Name: "silent", Severity: schemas.SeverityTicket, Long: time.Hour, NoData: true}
	for name, c := range map[string]struct {
		phases  []traffic.Phase
		planned *Period // minutes of the model
		want    []string
	}{
		"an hour after the last traffic, until there is some": {
			phases: []traffic.Phase{traffic.Steady(10, 60, 0), traffic.Silence(100), traffic.Steady(10, 60, 0)},
			want:   []string{"70: silent firing", "111: silent resolved"},
		},
		"less than an hour is no silence": {
			phases: []traffic.Phase{traffic.Steady(10, 60, 0), traffic.Silence(59), traffic.Steady(10, 60, 0)},
		},
		"one that never had traffic says nothing": {
			phases: []traffic.Phase{traffic.Silence(200)},
		},
		"a planned maintenance is meant to be silent": {
			phases:  []traffic.Phase{traffic.Steady(10, 60, 0), traffic.Silence(70), traffic.Steady(10, 60, 0)},
			planned: &Period{12, 75},
		},
		"what comes of it goes on for days": {
			phases: []traffic.Phase{traffic.Steady(10, 60, 0), traffic.Silence(3 * dayMinutes)},
			want:   []string{"70: silent firing"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			m := model(c.phases...)
			o := m.Objectives()[0]
			o.Window, o.Alerts = schemas.Window{Rolling: day}, []schemas.BurnAlert{silence}
			a := whole(t, o)
			if c.planned != nil {
				a.parts[0].except = []Period{{minuteOf(start) + c.planned.From, minuteOf(start) + c.planned.To}}
			}
			if diff := cmp.Diff(c.want, told(a, m, 0)); diff != "" {
				t.Error(diff)
			}
			for _, s := range a.state.Alerts {
				if !s.NoData || s.Long != "1h" || s.Short != "" || s.RunsOutAt != nil {
					t.Errorf("told %+v", s)
				}
			}
		})
	}
}
