package config

import (
	"fmt"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/fivekeys/fivekeys/schemas"
)

// maxPeople bounds a team; more of them are a mistake.
const maxPeople = 10000

// Toil says what teams can take.
type Toil struct {
	// Teams that the file names, their caps filled in.
	Teams []schemas.ToilRules
	// Default is for all others.
	Default schemas.ToilRules
	// Labels are globs of the issue labels that make an issue toil.
	Labels []string
}

func (d *decoder) toil(n ast.Node) {
	t := &d.config.Toil
	var teams ast.Node // read last: they take the cap over, wherever it stands
	d.mapping(n, "toil", fields{
		"cap":    d.toilCap(&t.Default.Cap, "toil.cap"),
		"teams":  func(n ast.Node) { teams = n },
		"labels": func(n ast.Node) { t.Labels = nil; d.texts(&t.Labels, "toil.labels", d.glob)(n) },
	})
	places := map[string]int{}
	d.each(teams, "toil.teams", func(n ast.Node) { d.toilTeam(n, places) })
}

func (d *decoder) toilTeam(n ast.Node, places map[string]int) {
	rules := schemas.ToilRules{Cap: d.config.Toil.Default.Cap}
	var people int
	var at, peopleAt ast.Node = d.value(n), nil
	before := len(d.problems)
	d.mapping(n, "a team", fields{
		"team": func(n ast.Node) {
			d.text(&rules.Team, "team")(n)
			if v := d.value(n); v != nil {
				at = v
			}
		},
		"people":   func(n ast.Node) { peopleAt = d.value(n); d.integer(&people, "people", maxPeople)(n) },
		"capacity": d.duration(&rules.Capacity, "capacity", 0, maxPeople*schemas.WorkingWeek),
		"cap":      d.toilCap(&rules.Cap, "cap"),
	})
	if len(d.problems) > before || at == nil {
		return
	}
	first, again := places[rules.Team]
	switch {
	case rules.Team == "":
		d.report(at, "a team has no name", "add team: to it")
		return
	case again:
		d.report(at, fmt.Sprintf("the team %q stands twice", rules.Team), fmt.Sprintf("the first is in line %d; join them", first))
		return
	}
	places[rules.Team] = line(at)
	if rules.Capacity == 0 {
		rules.Capacity = time.Duration(people) * schemas.WorkingWeek
	} else if people > 0 && rules.Capacity > time.Duration(people)*80*time.Hour {
		d.warn(peopleAt, fmt.Sprintf("%d people of %q can't work %s a week", people, rules.Team, formatDuration(rules.Capacity)), "capacity is in hours of all of them a week")
	}
	if rules.Capacity == 0 {
		d.warn(at, fmt.Sprintf("%q has neither people nor capacity", rules.Team), "its toil is counted; without a capacity there is no ratio")
	}
	d.config.Toil.Teams = append(d.config.Toil.Teams, rules)
}

// toilCap reads the share of a team's time that toil may take. 0 would make every
// team exceed it and is not what anybody means.
func (d *decoder) toilCap(into *float64, what string) func(ast.Node) {
	return func(n ast.Node) {
		before := *into
		if d.share(into, what)(n); *into == 0 {
			d.report(d.value(n), what+" is 0", "write the share of a week that toil may take, such as 50%")
			*into = before
		}
	}
}
