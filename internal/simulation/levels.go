package simulation

import "time"

// level is how well a service is delivered.
type level struct {
	name string
	// perDay is the production deployments of a working day.
	perDay float64
	// gap is the least time between two planned deployments.
	gap                    time.Duration
	least, most            int // changes in a deployment
	coding, pickup, review span
	failRate               float64
	recovery               span
}

const day = 24 * time.Hour

// levels lie inside the bands of the 2023 report, the best first.
var levels = []level{
	{
		name: "elite", perDay: 1.5, gap: 80 * time.Minute, least: 1, most: 2,
		coding: span{40 * time.Minute, 4 * time.Hour}, pickup: span{5 * time.Minute, 50 * time.Minute}, review: span{15 * time.Minute, 2 * time.Hour},
		failRate: 0.04, recovery: span{18 * time.Minute, 50 * time.Minute},
	},
	{
		name: "high", perDay: 0.95, gap: 3 * time.Hour, least: 1, most: 3,
		coding: span{3 * time.Hour, 30 * time.Hour}, pickup: span{1 * time.Hour, 16 * time.Hour}, review: span{2 * time.Hour, 24 * time.Hour},
		failRate: 0.08, recovery: span{2 * time.Hour, 14 * time.Hour},
	},
	{
		name: "medium", perDay: 0.36, gap: day, least: 2, most: 4,
		coding: span{20 * time.Hour, 90 * time.Hour}, pickup: span{10 * time.Hour, 48 * time.Hour}, review: span{24 * time.Hour, 90 * time.Hour},
		failRate: 0.14, recovery: span{26 * time.Hour, 60 * time.Hour},
	},
	{
		name: "low", perDay: 0.14, gap: 5 * day, least: 2, most: 5,
		coding: span{8 * day, 20 * day}, pickup: span{3 * day, 8 * day}, review: span{4 * day, 12 * day},
		failRate: 0.55, recovery: span{7*day + 12*time.Hour, 9 * day},
	},
}

// levelOf gives team t of n its level: the first is the best, the last the
// weakest, the others stand between.
func levelOf(t, n int) int {
	if n == 1 {
		return 1
	}
	return t * (len(levels) - 1) / (n - 1)
}

// trend says how the years' work pays: factors at the start and at the end of
// the story, in between they are interpolated.
type trend struct{ pace, slowness, failing [2]float64 }

var (
	improving = trend{pace: [2]float64{0.75, 1.25}, slowness: [2]float64{1.25, 0.75}, failing: [2]float64{1.4, 0.7}}
	declining = trend{pace: [2]float64{1.15, 0.85}, slowness: [2]float64{0.85, 1.2}, failing: [2]float64{0.9, 1.2}}
)

func at(f [2]float64, share float64) float64 { return f[0] + (f[1]-f[0])*share }

// weekday is how much of a working day's deployments a day sees.
func weekday(t time.Time) float64 {
	switch t.Weekday() {
	case time.Saturday:
		return 0.14
	case time.Sunday:
		return 0.06
	case time.Friday:
		return 0.8
	case time.Monday, time.Tuesday, time.Wednesday, time.Thursday:
	}
	return 1.05
}
