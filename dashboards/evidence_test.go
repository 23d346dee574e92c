package dashboards

import (
	"fmt"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/schemas"
)

func count64(n int) *float64 { f := float64(n); return &f }

// testEvidence: the rows behind a figure are as many as the figure says.
func testEvidence(t *testing.T, s site, scenario *simulation.Scenario) {
	recent := scenario.Expected.Recent
	for _, name := range simulation.Names(recent.Services) {
		f := recent.Services[name]
		p := over(recent.From, recent.To).choose("service", name)
		states := map[any]int{}
		live := 0
		for _, row := range s.run(t, p, "service/deployments.sql").rows {
			url := fmt.Sprint(row["url"])
			if url != "" && !strings.HasPrefix(url, "https://") {
				t.Errorf("%s: links to %s", name, url)
			}
			if strings.Contains(fmt.Sprint(row["notes"]), "not production") || row["state"] == "never live" {
				continue
			}
			live++
			states[row["state"]]++
		}
		equal(t, name+" deployments", float64(live), count64(f.Deployments))
		equal(t, name+" failed deployments", float64(states["failed"]+states["rolled back"]), count64(f.Failed))
		equal(t, name+" failures", float64(len(s.run(t, p, "service/failures.sql").rows)), count64(f.Failed))

		withLeadTime := 0
		changes := s.run(t, p, "service/changes.sql").rows
		for _, row := range changes {
			if row["lead_time_seconds"] != nil {
				withLeadTime++
			} else if row["excluded"] == "" {
				t.Errorf("%s: a change without lead time and without reason", name)
			}
		}
		equal(t, name+" changes", float64(len(changes)), count64(f.Changes))
		equal(t, name+" lead times", float64(withLeadTime), count64(len(f.LeadTimes)))
		equal(t, name+" open changes", float64(len(s.run(t, p, "service/open_changes.sql").rows)), count64(f.OpenChanges))
		aged := 0.0
		for _, row := range s.run(t, p, "service/open_ages.sql").rows {
			n, _ := row["changes"].(float64)
			aged += n
		}
		equal(t, name+" ages of open changes", aged, count64(f.OpenChanges))
		for _, row := range s.run(t, p, "service/stages.sql").rows {
			stage := map[any][]float64{"coding": f.Coding, "pickup": f.Pickup, "review": f.Review, "deploy": f.Deploy}[row["stage"]]
			median, p90 := simulation.Quantile(stage, .5), simulation.Quantile(stage, .9)
			equal(t, fmt.Sprint(name, " ", row["stage"]), row["median"], &median)
			equal(t, fmt.Sprint(name, " ", row["stage"], " p90"), row["90th percentile"], &p90)
		}
		qualityEqual(t, name, s.run(t, p, "service/quality.sql"), f)
	}
	chart := map[string]float64{}
	for _, row := range s.run(t, over(recent.From, recent.To), "service/by_state.sql").rows {
		for column, v := range row {
			if n, ok := v.(float64); ok {
				chart[column] += n
			}
		}
	}
	// The chart counts what the tile beside it does.
	equal(t, "deployments by state", chart["ok"]+chart["rework"]+chart["failed"]+chart["rolled back"], count64(recent.Organisation.Deployments))
	equal(t, "deployments by state that failed", chart["failed"]+chart["rolled back"], count64(recent.Organisation.Failed))
	if chart["ok"] == 0 || chart["rework"] == 0 {
		t.Errorf("deployments by state: %v", chart)
	}
	// What is open is so now, also where the range ended long ago.
	past := over(recent.From.AddDate(-2, 0, 0), recent.To.AddDate(-2, 0, 0))
	equal(t, "open changes now", float64(len(s.run(t, past, "service/open_changes.sql").rows)), count64(recent.Organisation.OpenChanges))
	equal(t, "open incidents now", s.run(t, past, "incidents/open.sql").rows[0]["value"], count64(scenario.Expected.Full.Organisation.OpenIncidents))
	for _, row := range s.run(t, past, "incidents/open_list.sql").rows {
		opened, _ := row["time"].(time.Time)
		if age, _ := row["age"].(float64); math.Abs(time.Since(opened).Seconds()-age) > 600 {
			t.Errorf("the incident of %s is open for %v seconds", opened, age)
		}
	}
	staging := s.run(t, over(recent.From, recent.To).choose("environment", "staging"), "service/deployments.sql")
	for _, row := range staging.rows {
		if row["environment"] != "staging" {
			t.Fatalf("chose staging, got %v", row["environment"])
		}
	}
}

func qualityEqual(t *testing.T, name string, got result, f simulation.Figures) {
	t.Helper()
	want := map[string]int{
		"Deployments of an unknown commit": 0, "Failed deployments not recovered": f.Unrecovered,
		"Changes of the first deployment seen": f.Excluded, "Incidents attributed to no deployment": f.Unattributed,
	}
	out := map[string]int{
		"Deployments of an unknown commit": f.Deployments, "Failed deployments not recovered": f.Failed,
		"Changes of the first deployment seen": f.Changes, "Incidents attributed to no deployment": f.Incidents,
	}
	for _, row := range got.rows {
		what := fmt.Sprint(row["what"])
		n, ok := want[what]
		if !ok {
			continue
		}
		equal(t, name+": "+what, row["number"], count64(n))
		equal(t, name+": "+what+", out of", row["out_of"], count64(out[what]))
		delete(out, what)
	}
	for what, n := range out {
		if n > 0 {
			t.Errorf("%s: %s is not told", name, what)
		}
	}
}

func testIncidents(t *testing.T, s site, scenario *simulation.Scenario) {
	full := scenario.Expected.Full
	check := func(name string, p plugin, f simulation.Figures) {
		t.Helper()
		value := func(file string) any { return s.run(t, p, "incidents/"+file+".sql").rows[0]["value"] }
		if f.Incidents == 0 {
			for _, file := range []string{"open", "restore", "acknowledge", "attributed"} {
				if v := value(file); v != nil {
					t.Errorf("%s: %s is %v, there is no incident", name, file, v)
				}
			}
			return
		}
		known := float64(f.Incidents-f.Unattributed) / float64(f.Incidents)
		equal(t, name+" open", value("open"), count64(f.OpenIncidents))
		equal(t, name+" attributed", value("attributed"), &known)
		for file, list := range map[string][]float64{"restore": f.Restores, "acknowledge": f.Acknowledges} {
			if median := simulation.Quantile(list, .5); len(list) > 0 {
				equal(t, name+" "+file, value(file), &median)
			} else if v := value(file); v != nil {
				t.Errorf("%s: %s is %v out of nothing", name, file, v)
			}
		}
		equal(t, name+" open ones", float64(len(s.run(t, p, "incidents/open_list.sql").rows)), count64(f.OpenIncidents))
		equal(t, name+" listed", float64(len(s.run(t, p, "incidents/list.sql").rows)), count64(f.Incidents))
		for _, by := range []string{"severity", "service"} {
			incidents, open, unattributed := 0., 0., 0.
			for _, row := range s.run(t, p, "incidents/by_"+by+".sql").rows {
				n, _ := row["incidents"].(float64)
				o, _ := row["open"].(float64)
				u, _ := row["unattributed"].(float64)
				incidents, open, unattributed = incidents+n, open+o, unattributed+u
			}
			equal(t, name+" by "+by, incidents, count64(f.Incidents))
			equal(t, name+" open by "+by, open, count64(f.OpenIncidents))
			equal(t, name+" unattributed by "+by, unattributed, count64(f.Unattributed))
		}
	}
	check("organisation", over(full.From, full.To), full.Organisation)
	for name, f := range full.Services {
		check(name, over(full.From, full.To).choose("service", name), f)
	}
	weeks := scenario.Expected.Between(full.To.AddDate(0, 0, -56), full.To).Organisation
	attributed, not := 0., 0.
	for _, row := range s.run(t, over(full.From, full.To), "incidents/weekly.sql").rows {
		a, _ := row["attributed"].(float64)
		n, _ := row["not attributed"].(float64)
		attributed, not = attributed+a, not+n
	}
	equal(t, "attributed in eight weeks", attributed, count64(weeks.Incidents-weeks.Unattributed))
	equal(t, "not attributed in eight weeks", not, count64(weeks.Unattributed))
	if got := s.run(t, over(full.From, full.To).choose("environment", "not named"), "incidents/list.sql"); len(got.rows) != full.Organisation.Incidents {
		t.Errorf("%d incidents of no environment, want %d", len(got.rows), full.Organisation.Incidents)
	}
}

func testVariables(t *testing.T, s site, scenario *simulation.Scenario, today time.Time) {
	full := scenario.Expected.Full
	all := over(full.From, full.To)
	list := func(p plugin, name string) []string {
		var out []string
		for _, row := range s.run(t, p, "variables/"+name+".sql").rows {
			out = append(out, fmt.Sprint(row["name"]))
		}
		return out
	}
	if teams := list(all, "team"); len(teams) != len(full.Teams) || !strings.Contains(strings.Join(teams, "|"), "no team") {
		t.Errorf("teams %q", teams)
	}
	if services := list(all, "service"); len(services) != len(full.Services) {
		t.Errorf("services %q", services)
	}
	sum := 0
	for _, team := range list(all, "team") {
		services := list(all.choose("team", team), "service")
		if len(services) == 0 {
			t.Errorf("team %s has no service", team)
		}
		sum += len(services)
	}
	if sum != len(full.Services) {
		t.Errorf("the teams' services are %d, want %d", sum, len(full.Services))
	}
	if sources := list(over(today.AddDate(0, 0, -1), today), "source"); strings.Join(sources, " ") != "github gitlab jenkins" {
		t.Errorf("sources %q", sources)
	}
}

// testPipeline knows the answers of seedLog: noon is half a day before the end.
func testPipeline(t *testing.T, s site, end time.Time) {
	day := plugin{from: end.Add(-24 * time.Hour), to: end, interval: time.Hour}
	github := day.choose("source", "github")
	value := func(p plugin, file string) any { return s.run(t, p, "pipeline/"+file+".sql").rows[0]["value"] }
	for _, c := range []struct {
		what string
		got  any
		want float64
	}{
		{"deliveries", value(day, "deliveries"), 6},
		{"deliveries of github", value(github, "deliveries"), 5},
		{"events", value(day, "events"), 4},
		{"events of github", value(github, "events"), 3},
		{"silence", value(day, "silence"), (3 * time.Hour).Seconds()},
		{"silence of gitlab", value(day.choose("source", "gitlab"), "silence"), (9 * time.Hour).Seconds()},
		{"delay", value(day, "delay"), 5},
		{"delay of github", value(github, "delay"), 4},
	} {
		equal(t, c.what, c.got, &c.want)
	}
	if v := value(day.choose("source", "nobody"), "silence"); v != nil {
		t.Errorf("silence of nobody is %v", v)
	}
	// Those who send no webhooks are watched by their events: not those of github,
	// nor what jenkins told two days late.
	watched := map[string]struct {
		arrivals, silent, usual, longest float64
		ended                            time.Duration
	}{
		"github by webhook": {5, 3 * 3600, 3600, 6 * 3600, 4 * time.Hour},
		"gitlab by webhook": {arrivals: 1, silent: 9 * 3600},
		// What it sent again within the hour the table may forget.
		"jenkins by events": {},
	}
	for _, row := range s.run(t, day, "pipeline/sources.sql").rows {
		source := fmt.Sprint(row["source"], " by ", row["way"])
		w, ok := watched[source]
		delete(watched, source)
		if !ok {
			t.Errorf("%s is watched", source)
			continue
		}
		if w.arrivals == 0 {
			continue
		}
		equal(t, source+", arrivals", row["arrivals"], &w.arrivals)
		equal(t, source+", silent", row["silent"], &w.silent)
		if w.arrivals == 1 {
			if row["longest_gap"] != nil || row["usual_gap"] != nil {
				t.Errorf("one arrival has no gaps, got %v", row)
			}
			continue
		}
		equal(t, source+", usual gap", row["usual_gap"], &w.usual)
		equal(t, source+", longest gap", row["longest_gap"], &w.longest)
		if ended, _ := row["longest_gap_ended"].(time.Time); !ended.Equal(end.Add(-w.ended)) {
			t.Errorf("%s: its longest gap ended %v, want %v", source, ended, end.Add(-w.ended))
		}
	}
	for source := range watched {
		t.Errorf("%s is not watched", source)
	}
	bars := map[string]float64{}
	for file, column := range map[string]string{"deliveries_over_time": "deliveries", "events_over_time": "events"} {
		for _, row := range s.run(t, day, "pipeline/"+file+".sql").rows {
			label := row["source"]
			if label == nil {
				label = row["type"]
			}
			n, _ := row[column].(float64)
			bars[fmt.Sprint(label)] += n
		}
	}
	if fmt.Sprint(bars) != "map[change:2 deployment:2 github:5 gitlab:1]" {
		t.Errorf("bars %v", bars)
	}
	for _, row := range s.run(t, day, "pipeline/types.sql").rows {
		if row["source"] == "jenkins" {
			equal(t, "jenkins' delay", row["delay"], count64(100))
		}
		if row["type"] != schemas.TypeDeployment.Kind() && row["type"] != schemas.TypeChange.Kind() {
			t.Errorf("type %v", row["type"])
		}
	}
}

// An import brings a history within an hour; that is another way to ask.
func testImport(t *testing.T, s site, end time.Time) {
	const events, again = 1_010_000, 3
	at := end.AddDate(0, 0, -60)
	must(t, s.store.Conn().Exec(t.Context(), fmt.Sprintf(`INSERT INTO event_log (service, source, id, type, time, known_at, data, precedence)
		SELECT 'imported', 'github', toString(number %% %[1]d), 'fivekeys.change.v1', at - 10, at + number %% 1000, '', number
		FROM (SELECT number, toDateTime64(%[2]d, 3, 'UTC') AS at FROM numbers(%[1]d + %[3]d))`, events, at.Unix(), again)))
	hour := plugin{from: at, to: at.Add(time.Hour), interval: time.Minute}
	for range 2 { // the second time with what came again somewhere else
		if got := s.run(t, hour, "pipeline/events.sql").rows[0]["value"]; got != float64(events) {
			t.Errorf("%v events of an import, want %d", got, events)
		}
		must(t, s.store.Conn().Exec(t.Context(), fmt.Sprintf(`INSERT INTO event_log (service, source, id, type, time, known_at, data, precedence)
			VALUES ('imported', 'github', '7', 'fivekeys.change.v1', %d, %d, '', 0)`, at.Unix(), at.Add(48*time.Hour).Unix())))
	}
	if got := s.run(t, hour, "pipeline/types.sql").rows[0]["events"]; got != float64(events) {
		t.Errorf("%v events of its type, want %d", got, events)
	}
}
