package report

import (
	"cmp"
	"slices"
	"time"
)

// ranking orders names by their deployments in the period.
type ranking struct {
	deployments map[string]int
	team        map[string]string // of a service: that of its latest day
	latest      map[string]time.Time
}

func newRanking() ranking {
	return ranking{deployments: map[string]int{}, team: map[string]string{}, latest: map[string]time.Time{}}
}

func (r ranking) add(name, team string, deployments int, day time.Time) {
	r.deployments[name] += deployments
	if seen, ok := r.latest[name]; !ok || day.After(seen) {
		r.latest[name], r.team[name] = day, team
	}
}

// names gives the first n, most deployments first, then by name; 0 means all.
func (r ranking) names(n int) []string {
	names := make([]string, 0, len(r.deployments))
	for name := range r.deployments {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int {
		return cmp.Or(cmp.Compare(r.deployments[b], r.deployments[a]), cmp.Compare(a, b))
	})
	if n > 0 && len(names) > n {
		names = names[:n]
	}
	return names
}
