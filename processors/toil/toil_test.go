package toil_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/processors/toil"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestMain(m *testing.M) { testkit.Main(m) }

// tell makes a toil event.
func tell(t *testing.T, id string, at time.Time, p schemas.ToilEvent) schemas.Event {
	t.Helper()
	e, err := schemas.NewEvent(id, "api", schemas.TypeToil, at, p.Service, &p)
	if err != nil {
		t.Fatal(err)
	}
	if err := e.Validate(); err != nil {
		t.Fatal(err)
	}
	e.KnownAt = at.Add(time.Minute)
	return e
}

// rows gives a query's answer, a line a row, values separated by blanks.
func rows(t *testing.T, s *clickhouse.Store, columns, from string) []string {
	t.Helper()
	lines := []string{}
	var parts []string
	for c := range strings.SplitSeq(columns, ",") {
		parts = append(parts, "ifNull(toString("+strings.TrimSpace(c)+"), '-')")
	}
	result, err := s.Conn().Query(t.Context(), "SELECT arrayStringConcat(["+strings.Join(parts, ",")+"], ' ') FROM "+from)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = result.Close() }()
	for result.Next() {
		var line string
		if err := result.Scan(&line); err != nil {
			t.Fatal(err)
		}
		lines = append(lines, line)
	}
	if err := result.Err(); err != nil {
		t.Fatal(err)
	}
	return lines
}

func same(t *testing.T, what string, want, got []string) {
	t.Helper()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("%s (-want +got):\n%s", what, diff)
	}
}

func settle(t *testing.T, s *clickhouse.Store, at time.Time, teams ...schemas.ToilRules) {
	t.Helper()
	k, err := toil.New(toil.Config{Store: s, Teams: teams, Now: func() time.Time { return at }})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time changes nothing
		if err := k.Settle(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func add(t *testing.T, s *clickhouse.Store, events ...schemas.Event) {
	t.Helper()
	if err := s.AppendEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
}

// clean empties the tables that toil is computed from.
func clean(t *testing.T, s *clickhouse.Store) {
	t.Helper()
	for _, table := range []string{"event_log", "toil_log", "toil_rules", "deployment_facts", "incident_facts", "inferred_toil_facts"} {
		if err := s.Conn().Exec(t.Context(), "TRUNCATE TABLE "+table); err != nil {
			t.Fatal(err)
		}
	}
}

const (
	weekly = "team, week, minutes, automated_minutes, entries, inferred_minutes, capacity_minutes, cap, ratio, minutes_left"
	byTeam = "toil_weekly ORDER BY team, week"
)

func TestToil(t *testing.T) {
	s := testkit.Store(t)
	for name, test := range map[string]func(*testing.T, *clickhouse.Store){
		"ratio, cap and hours left of a week":                                   closedForm,
		"weeks are ISO weeks in UTC, over New Year and the change of clocks":    weeks,
		"a quiet week is zero, one before the first entry is no row":            quiet,
		"a changed capacity does not change the weeks that are over":            grown,
		"an entry is edited and withdrawn, in whatever order that is learnt":    edited,
		"one event is one entry, whatever else is sent under its name":          repeated,
		"fields are read without case, as they were accepted":                   caseless,
		"shuffled, repeated and late events give the same views":                shuffled,
		"toil that was stored before there was a feed is found when it settles": refilled,
		"a rollback by a person is inferred toil":                               rollbacks,
		"the same alert again and again is inferred toil":                       alerts,
		"what turns out to be no rollback is no toil any more":                  turnedOut,
		"a team that reports nothing has inferred toil and no ratio":            inferredOnly,
		"toil that a source inferred is kept apart":                             inferredBySource,
		"the burn is that of an SLO whose target is what toil leaves":           burn,
		"toil that was accepted before the migration is taken":                  upgraded,
		"the documented queries run":                                            documented,
		"categories are ranked by minutes and by count":                         categories,
	} {
		t.Run(name, func(t *testing.T) {
			clean(t, s)
			test(t, s)
		})
	}
}

func closedForm(t *testing.T, s *clickhouse.Store) {
	settle(t, s, thursday, week(100, "shop", 0.25))
	started, ended := monday.Add(9*time.Hour), monday.Add(10*time.Hour+30*time.Minute)
	add(t, s,
		tell(t, "1", thursday, schemas.ToilEvent{Team: "shop", Category: "restarts", Minutes: 30}),
		tell(t, "2", thursday, schemas.ToilEvent{Team: "shop", Category: "certificates", StartedAt: &started, EndedAt: &ended, Automatable: true}),
		tell(t, "3", thursday, schemas.ToilEvent{Team: "shop", Category: "exports", Minutes: 600, Automated: true}),
		tell(t, "4", thursday, schemas.ToilEvent{Team: "pay", Category: "exports", Minutes: 45.5}))
	// 30 + 90 of 6000 minutes; a quarter of them may be toil.
	same(t, "weeks", []string{
		"pay 2026-03-02 45.5 0 1 0 - 0.5 - -",
		"shop 2026-03-02 120 600 2 0 6000 0.25 0.02 1380",
	}, rows(t, s, weekly, byTeam))
	same(t, "entries", []string{
		"shop 2026-03-02 09:00:00.000 certificates 90 true false true 2",
		"pay 2026-03-05 12:00:00.000 exports 45.5 false false true 4",
		"shop 2026-03-05 12:00:00.000 exports 600 false true true 3",
		"shop 2026-03-05 12:00:00.000 restarts 30 false false true 1",
	}, rows(t, s, "team, time, category, minutes, automatable, automated, confirmed, id", "toil ORDER BY time, category, id DESC"))
}

func weeks(t *testing.T, s *clickhouse.Store) {
	at := func(id, when string) schemas.Event {
		moment, err := time.Parse(time.RFC3339, when)
		if err != nil {
			t.Fatal(err)
		}
		return tell(t, id, moment, schemas.ToilEvent{Team: "shop", Category: "x", Minutes: 10})
	}
	began, over := time.Date(2026, 12, 27, 23, 30, 0, 0, time.UTC), time.Date(2026, 12, 28, 1, 0, 0, 0, time.UTC)
	add(t, s,
		at("sunday", "2026-12-27T23:59:59.999Z"),
		tell(t, "over the edge", over, schemas.ToilEvent{Team: "shop", Category: "x", StartedAt: &began, EndedAt: &over}),
		at("monday", "2026-12-28T00:00:00Z"), at("new year", "2027-01-01T00:00:00Z"), at("next", "2027-01-03T23:00:00Z"),
		// Clocks in Berlin change on 28 March 2027; its Monday begins on Sunday, UTC.
		at("berlin", "2027-03-29T01:59:00+02:00"), at("berlin later", "2027-03-29T02:00:00+02:00"))
	same(t, "weeks", []string{"2026-12-21 100 2", "2026-12-28 30 3", "2027-03-22 10 1", "2027-03-29 10 1"},
		rows(t, s, "week, minutes, entries", "toil_weekly WHERE entries > 0 ORDER BY week"))
}

func quiet(t *testing.T, s *clickhouse.Store) {
	settle(t, s, thursday, week(10, "shop", 0.5))
	one := schemas.ToilEvent{Team: "shop", Category: "x", Minutes: 60}
	add(t, s, tell(t, "first", monday, one), tell(t, "last", monday.AddDate(0, 0, 21), one))
	same(t, "weeks", []string{
		"shop 2026-03-02 60 0 1 0 600 0.5 0.1 240",
		"shop 2026-03-09 0 0 0 0 600 0.5 0 300",
		"shop 2026-03-16 0 0 0 0 600 0.5 0 300",
		"shop 2026-03-23 60 0 1 0 600 0.5 0.1 240",
	}, rows(t, s, weekly, byTeam))
}

func grown(t *testing.T, s *clickhouse.Store) {
	settle(t, s, monday.AddDate(0, 0, -14), week(10, "shop", 0.5), week(10, "pay", 0.5))
	settle(t, s, thursday, week(20, "shop", 0.25)) // pay is not named any more
	for i, ago := range []int{7, 0} {
		for _, team := range []string{"shop", "pay"} {
			add(t, s, tell(t, fmt.Sprint(team, i), monday.AddDate(0, 0, -ago), schemas.ToilEvent{Team: team, Category: "x", Minutes: 60}))
		}
	}
	same(t, "weeks", []string{
		"pay 2026-02-23 60 0 1 0 600 0.5 0.1 240", "pay 2026-03-02 60 0 1 0 - 0.5 - -",
		"shop 2026-02-23 60 0 1 0 600 0.5 0.1 240", "shop 2026-03-02 60 0 1 0 1200 0.25 0.05 240",
	}, rows(t, s, weekly, byTeam))
	same(t, "rules", []string{" 1970-01-01 true 0", "pay 1970-01-01 true 600", "pay 2026-03-02 false 0", "shop 1970-01-01 true 600", "shop 2026-03-02 true 1200"},
		rows(t, s, "team, valid_from, own, capacity_minutes", "toil_rules FINAL ORDER BY team, valid_from"))
}

func edited(t *testing.T, s *clickhouse.Store) {
	said := monday.Add(time.Hour)
	version := func(entry, id string, after time.Duration, minutes float64, withdrawn bool) schemas.Event {
		return tell(t, id, said.Add(after), schemas.ToilEvent{
			Team: "shop", Category: "x", Minutes: minutes, EndedAt: &said, EntryID: entry, Withdrawn: withdrawn,
		})
	}
	events := []schemas.Event{
		version("kept", "a1", 0, 10, false), version("kept", "a2", time.Hour, 25, false),
		// Edited in a week that comes after: it stays where it was.
		version("kept", "a3", 10*24*time.Hour, 30, false),
		version("gone", "b1", 0, 100, false), version("gone", "b2", time.Hour, 50, false),
		// A deletion carries the time of the last edit.
		version("gone", "b3", time.Hour, 50, true),
		version("back", "c1", 0, 7, false), version("back", "c2", time.Hour, 7, true), version("back", "c3", 2*time.Hour, 8, false),
	}
	for round := range 3 {
		clean(t, s)
		random := rand.New(rand.NewPCG(uint64(round), 1))
		random.Shuffle(len(events), func(i, j int) { events[i], events[j] = events[j], events[i] })
		for batch := range slices.Chunk(events, 2+round) {
			add(t, s, batch...)
		}
		same(t, "entries", []string{"back 8 2026-03-02 2026-03-02 01:00:00.000", "kept 30 2026-03-02 2026-03-02 01:00:00.000"},
			rows(t, s, "id, minutes, week, time", "toil ORDER BY id"))
	}
}

func repeated(t *testing.T, s *clickhouse.Store) {
	first := tell(t, "1", monday, schemas.ToilEvent{Team: "shop", Category: "x", Minutes: 10})
	later := tell(t, "1", monday.AddDate(0, 0, 7), schemas.ToilEvent{Team: "pay", Category: "y", Minutes: 99, Service: "pay"})
	add(t, s, later)
	add(t, s, first, later)
	same(t, "entries", []string{"shop x 10"}, rows(t, s, "team, category, minutes", "toil"))
}

func caseless(t *testing.T, s *clickhouse.Store) {
	e := tell(t, "1", monday, schemas.ToilEvent{Team: "shop", Category: "x", Minutes: 10})
	e.Data = []byte(`{"Team":"shöp \"1\"","CATEGORY":"x","Minutes":1.5e1,"Automatable":true,"note":{"team":"none"},
		"Started_at":"2026-03-03T09:00:00.123456789+02:00","title":null}`)
	if err := e.Validate(); err != nil {
		t.Fatal(err)
	}
	add(t, s, e)
	same(t, "entries", []string{`shöp "1" x 15 true 2026-03-03 07:00:00.123`}, rows(t, s, "team, category, minutes, automatable, time", "toil"))
}

func shuffled(t *testing.T, s *clickhouse.Store) {
	random := rand.New(rand.NewPCG(7, 7))
	var events []schemas.Event
	for i := range 400 {
		at := monday.Add(time.Duration(random.IntN(60*24)) * time.Hour)
		p := schemas.ToilEvent{
			Team: fmt.Sprint("team", random.IntN(3)), Category: fmt.Sprint("c", random.IntN(5)), Minutes: float64(1 + random.IntN(90)),
			Service: fmt.Sprint("s", random.IntN(4)), Automated: random.IntN(4) == 0, Automatable: random.IntN(2) == 0,
		}
		if random.IntN(2) == 0 {
			p.EntryID, p.Withdrawn = fmt.Sprint("entry", random.IntN(40)), random.IntN(5) == 0
		}
		events = append(events, tell(t, fmt.Sprint(i), at, p))
	}
	look := func() []string {
		return slices.Concat(rows(t, s, weekly, byTeam),
			rows(t, s, "team, week, category, confirmed, minutes, entries, automatable_minutes", "toil_categories ORDER BY ALL"),
			rows(t, s, "team, time, category, minutes, service, id", "toil ORDER BY ALL"))
	}
	add(t, s, events...)
	want := look()
	for round := range 2 {
		clean(t, s)
		again := slices.Concat(events, events[:150])
		random.Shuffle(len(again), func(i, j int) { again[i], again[j] = again[j], again[i] })
		for batch := range slices.Chunk(again, 60+round*97) {
			add(t, s, batch...)
		}
		same(t, "views", want, look())
	}
}

func refilled(t *testing.T, s *clickhouse.Store) {
	add(t, s, tell(t, "1", monday, schemas.ToilEvent{Team: "shop", Category: "x", Minutes: 10}),
		tell(t, "2", monday, schemas.ToilEvent{Team: "shop", Category: "x", Minutes: 20}))
	for _, statement := range []string{
		"DELETE FROM toil_log WHERE id = '1'",
		"INSERT INTO toil_log (source, id, time, data) VALUES ('api', 'gone', now(), '{\"team\":\"shop\",\"category\":\"x\",\"minutes\":99}')",
	} {
		if err := s.Conn().Exec(t.Context(), statement); err != nil {
			t.Fatal(err)
		}
	}
	settle(t, s, thursday)
	same(t, "entries", []string{"1 10", "2 20"}, rows(t, s, "id, minutes", "toil ORDER BY id"))
}
