package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/report"
)

// knownNames are the services and teams that the store tells of.
type knownNames struct {
	services, teams []string
	teamOf          map[string]string
}

// readNames reads them: a service may have nothing but an objective, a team
// nothing but toil.
func readNames(ctx context.Context, store *clickhouse.Store) (*knownNames, error) {
	names := &knownNames{teamOf: map[string]string{}}
	rows, err := store.Conn().Query(ctx, `SELECT service, team FROM services
		UNION DISTINCT SELECT service, team FROM slo_objectives
		UNION DISTINCT SELECT '', team FROM toil_weekly`)
	if err != nil {
		return nil, fmt.Errorf("list services and teams: %w", err)
	}
	defer func() { _ = rows.Close() }()
	for rows.Next() {
		var service, team string
		if err := rows.Scan(&service, &team); err != nil {
			return nil, fmt.Errorf("list services and teams: %w", err)
		}
		if service != "" {
			names.services = append(names.services, service)
			names.teamOf[service] = team
		}
		names.teams = append(names.teams, team)
	}
	slices.Sort(names.services)
	slices.Sort(names.teams)
	names.services, names.teams = slices.Compact(names.services), slices.Compact(names.teams)
	return names, rows.Err()
}

// check says which of the services and teams asked for there are none of.
func (k *knownNames) check(command string, q report.Query) error {
	for _, service := range q.Services {
		if !slices.Contains(k.services, service) {
			return fmt.Errorf("%s: no events of service %q (%s)", command, service, nearest(service, "services", k.services))
		}
	}
	for _, team := range q.Teams {
		if !slices.Contains(k.teams, team) {
			return fmt.Errorf("%s: no events of team %q (%s)", command, team, nearest(team, "teams", k.teams))
		}
	}
	for _, service := range q.Services {
		if team := k.teamOf[service]; len(q.Teams) > 0 && !slices.Contains(q.Teams, team) {
			return fmt.Errorf("%s: service %q is of team %q and of none that --team names; leave one of the two flags out", command, service, team)
		}
	}
	return nil
}

// namesShown is how many names an error lists.
const namesShown = 20

// nearest says which names may have been meant: those that are a few letters off
// or hold what was asked for; without any the first of all.
func nearest(asked, what string, names []string) string {
	if len(names) == 0 {
		return "no events are stored yet; try fivekeys import git or point a webhook here"
	}
	asked = strings.ToLower(asked)
	distance := map[string]int{}
	var near []string
	for _, name := range names {
		lower := strings.ToLower(name)
		d := levenshtein.ComputeDistance(asked, lower)
		if asked != "" && (strings.Contains(lower, asked) || strings.Contains(asked, lower) && lower != "") {
			d = 1
		}
		if distance[name] = d; d <= max(2, len(asked)/3) {
			near = append(near, name)
		}
	}
	if asked != "" && len(near) > 0 {
		slices.SortStableFunc(near, func(a, b string) int { return cmp.Compare(distance[a], distance[b]) })
		return "did you mean " + strings.Join(near[:min(len(near), 3)], ", ") + "?"
	}
	more := ""
	if rest := len(names) - namesShown; rest > 0 {
		more = fmt.Sprintf(" and %d more", rest)
	}
	return what + ": " + strings.Join(names[:min(len(names), namesShown)], ", ") + more
}
