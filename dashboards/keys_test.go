package dashboards

import (
	"cmp"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/bands"
	"github.com/fivekeys/fivekeys/internal/report"
	"github.com/fivekeys/fivekeys/internal/simulation"
)

// bandWords are the words of the SQL for the bands of package bands.
var bandWords = map[bands.Band]string{
	bands.Elite: "Elite", bands.High: "High", bands.Medium: "Medium", bands.Low: "Low", bands.NotEnoughData: "not enough data", bands.None: "",
}

// part gives the WITH of shared SQL, for what is tested by itself.
func part(t *testing.T, names ...string) string {
	t.Helper()
	set, err := parts()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, name := range names {
		var b strings.Builder
		if err := set.ExecuteTemplate(&b, name, ""); err != nil {
			t.Fatal(err)
		}
		out = append(out, withoutComments(b.String()))
	}
	return "WITH " + strings.Join(out, ", ")
}

// testBands holds the thresholds in SQL to those of package bands.
func testBands(t *testing.T, s site) {
	set, err := bands.Lookup("2023")
	if err != nil {
		t.Fatal(err)
	}
	with := part(t, "bands.sql")
	var asked, want []string
	ask := func(expression string, band bands.Band) {
		asked, want = append(asked, expression), append(want, bandWords[band])
	}
	for _, n := range []int{0, 1, 4, 5, 100} {
		for metric, values := range map[bands.Metric][]float64{
			bands.LeadTime:       {0, 86399, 86400, 604799, 604800, 2591999, 2592000},
			bands.RecoveryTime:   {0, 3599, 3600, 86399, 86400, 604799, 604800},
			bands.ChangeFailRate: {0, .05, .0501, .1, .1001, .15, .1501, 1},
		} {
			name := map[bands.Metric]string{bands.LeadTime: "lead_time_band", bands.RecoveryTime: "recovery_band", bands.ChangeFailRate: "fail_rate_band"}[metric]
			for _, v := range values {
				ask(fmt.Sprintf("%s(toFloat64(%v), %d)", name, v, n), set.Classify(metric, v, n, bands.DefaultMinimumSample))
			}
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 60 {
		r := bands.Rhythm{Days: 1 + random.IntN(100)}
		for rate, day := random.Float64(), 0; day < r.Days; day++ {
			if random.Float64() < rate*rate {
				r.Ago = append(r.Ago, day)
			}
		}
		active := strings.ReplaceAll(fmt.Sprint(r.Ago), " ", ",")
		ask(fmt.Sprintf("frequency_band(%s::Array(Int64), toInt64(%d))", active, r.Days), set.ClassifyFrequency(r, bands.DefaultMinimumSample))
	}
	for i, band := range slices.Collect(func(yield func(any) bool) {
		// A statement of its own for some at a time: the engine bounds the depth
		// of an expression, not the number of statements.
		for chunk := range slices.Chunk(asked, 20) {
			got := s.query(t, with+" SELECT ["+strings.Join(chunk, ", ")+"] AS bands").rows[0]["bands"]
			words, _ := got.([]string)
			for _, b := range words {
				if !yield(b) {
					return
				}
			}
		}
	}) {
		if band != want[i] {
			t.Errorf("%s is %q, package bands says %q", asked[i], band, want[i])
		}
	}
}

func testWords(t *testing.T, s site) {
	for expression, want := range map[string]string{
		"human_duration(3599.9)": "1 h", "human_duration(59.9)": "1 min", "human_duration(11520)": "3.2 h", "human_duration(129600)": "1.5 d",
		"human_duration(12)": "12 s", "human_duration(8640000)": "100 d",
		"human_rate(4.1)": "4.1 a day", "human_rate(0.5)": "3.5 a week", "human_rate(0.1)": "3 a month",
		"human_ratio(0.094)": "9.4 %", "human_ratio(0.0001)": "<0.1 %", "human_ratio(0)": "0 %", "human_ratio(0.5)": "50 %",
		"of_all(30, 586)": "30/586 (3.6–7.2 %)", "of_all(0, 0)": "", "of_all(0, 10)": "0/10 (0–28 %)", "of_all(10, 10)": "10/10 (72–100 %)",
		"counted(1, 'change', 'changes')": "1 change", "counted(2, 'change', 'changes')": "2 changes",
		"change_words(112., 100., judge(-1, 112., 100., 9, 9, 9, false))":  "▲ 12 % worse",
		"change_words(112., 100., judge(1, 112., 100., 9, 9, 9, false))":   "▲ 12 % better",
		"change_words(112., 100., judge(1, 112., 100., 4, 9, 4, false))":   "▲ 12 %",
		"change_words(112., 100., judge(1, 112., 100., 9, 9, 9, true))":    "▲ 12 %",
		"change_words(112., 0., judge(-1, 112., 0., 9, 9, 9, false))":      "▲ from 0 worse",
		"change_words(100.1, 100., judge(1, 100.1, 100., 9, 9, 9, false))": "= same",
		"change_words(5., 5., judge(1, 5., 5., 9, 9, 9, false))":           "= same",
		"change_words(5., 0., judge(1, 5., 0., 9, 0, 0, false))":           "",
		"change_words(5000., 5., judge(1, 5000., 5., 9, 9, 9, false))":     "▲ >999 % better",
	} {
		if got := s.query(t, part(t, "words.sql")+" SELECT "+expression+" AS w").rows[0]["w"]; got != want {
			t.Errorf("%s is %q, want %q", expression, got, want)
		}
	}
}

// tiles are the files of the five figures and of their weeks.
var tiles = map[report.Name]string{
	report.DeploymentFrequency: "frequency", report.LeadTime: "lead_time", report.ChangeFailRate: "fail_rate",
	report.RecoveryTime: "recovery", report.ReworkRate: "rework_rate",
}

// testKeys holds every key of everybody to the terminal's report, whose own
// tests hold it to the simulation.
func testKeys(t *testing.T, s site, scenario *simulation.Scenario) {
	full, recent := scenario.Expected.Full, scenario.Expected.Recent
	for name, span := range map[string][2]time.Time{
		"the whole story":                    {full.From, full.To},
		"its last month, compared":           {recent.From, recent.To},
		"a week":                             {full.To.AddDate(0, 0, -7), full.To},
		"three days":                         {full.To.AddDate(0, 0, -3), full.To},
		"a month of which nothing is before": {full.From, full.From.AddDate(0, 0, 30)},
	} {
		t.Run(name, func(t *testing.T) {
			set, err := bands.Lookup("2023")
			if err != nil {
				t.Fatal(err)
			}
			q := report.Query{Period: report.Period{From: span[0], To: span[1]}, At: span[1]}
			r, err := report.Make(t.Context(), report.ClickHouse{Conn: s.reader}, q, report.Options{Bands: set})
			if err != nil {
				t.Fatal(err)
			}
			p := over(span[0], span[1])
			tilesEqual(t, s, p, r.Summary)
			linesEqual(t, s.run(t, p, "five_keys/teams.sql"), "team", r.Teams)
			linesEqual(t, s.run(t, p, "five_keys/services.sql"), "service", r.Services)
			changedMost(t, s.run(t, p, "five_keys/changed_most.sql"), r.Services)
			if span != [2]time.Time{recent.From, recent.To} {
				return // one range is enough to see that the scope narrows
			}
			for _, team := range r.Teams {
				tilesEqual(t, s, p.choose("team", cmp.Or(team.Scope.Name, "no team")), team)
			}
			for _, service := range r.Services {
				tilesEqual(t, s, p.choose("service", service.Scope.Name), service)
			}
		})
	}
}

func tilesEqual(t *testing.T, s site, p plugin, want report.Section) {
	t.Helper()
	for name, file := range tiles {
		where := fmt.Sprintf("%s of %s %q", name, want.Scope.Kind, want.Scope.Name)
		m := want.Metric(name)
		row := s.run(t, p, "five_keys/"+file+".sql").rows[0]
		words, _ := row["name"].(string)
		equal(t, where, perUnit(t, row), m.Value)
		if m.Value == nil {
			if !strings.HasPrefix(words, "no ") && !strings.HasSuffix(words, "failed and not recovered") {
				t.Errorf("%s: no data, but it says %q", where, words)
			}
			continue
		}
		if band := bandWords[m.Band]; !strings.HasPrefix(words, band) {
			t.Errorf("%s: %q, the band is %q", where, words, band)
		}
		if colour := cmp.Or(bandColours[bandWords[m.Band]], grey); row["color"] != colour {
			t.Errorf("%s: colour %v, want %s", where, row["color"], colour)
		}
		sample := fmt.Sprint(m.Sample)
		if m.Numerator != nil && name != report.DeploymentFrequency {
			sample = fmt.Sprintf("%d/%d (", *m.Numerator, *m.Denominator)
		}
		if !strings.Contains(words, sample) {
			t.Errorf("%s: %q doesn't tell the sample %s", where, words, sample)
		}
		verdict := ""
		if m.Trend != nil {
			verdict = map[report.Verdict]string{report.Better: " better", report.Worse: " worse", report.Same: "= same", report.Unclear: "%"}[m.Trend.Verdict]
			if m.Trend.Verdict == report.Unclear && m.Trend.Change == nil {
				verdict = "from 0"
			}
		}
		if !strings.HasSuffix(words, verdict) || m.Trend == nil && strings.ContainsAny(words, "▲▼=") {
			t.Errorf("%s: %q, the verdict is %q", where, words, verdict)
		}
		stepsEqual(t, where, int(p.to.Sub(p.from).Hours()+1)/24, s.run(t, p, "five_keys/weekly_"+file+".sql"), m)
	}
}

// perUnit undoes the unit that a tile chose for a frequency.
func perUnit(t *testing.T, row map[string]any) any {
	t.Helper()
	v, ok := row["value"].(float64)
	if !ok {
		return nil
	}
	switch row["unit"] {
	case "suffix: a week":
		return v / 7
	case "suffix: a month":
		return v / 30
	}
	return v
}

// stepsEqual compares a trend with the report's weeks; a range of fewer than four
// of them has a point for each day.
func stepsEqual(t *testing.T, where string, days int, got result, m report.Metric) {
	t.Helper()
	if days < 28 {
		daysEqual(t, where, days, got, m)
		return
	}
	known := slices.ContainsFunc(m.Weekly, func(v *float64) bool { return v != nil })
	if !known {
		if len(got.rows) > 0 {
			t.Errorf("%s: weeks out of nothing", where)
		}
		return
	}
	if len(got.rows) != len(m.Weekly) {
		t.Errorf("%s: %d weeks, want %d", where, len(got.rows), len(m.Weekly))
		return
	}
	for i, want := range m.Weekly {
		if m.Name == report.DeploymentFrequency && want != nil {
			week := *want * 7
			want = &week
		}
		equal(t, fmt.Sprintf("%s, week %d", where, i), point(t, got.rows[i]), want)
	}
}

func daysEqual(t *testing.T, where string, days int, got result, m report.Metric) {
	t.Helper()
	if m.Value == nil && len(got.rows) == 0 {
		return
	}
	if len(got.rows) != days {
		t.Errorf("%s: %d points of %d days", where, len(got.rows), days)
		return
	}
	sum, points := 0.0, 0
	for i, row := range got.rows {
		if i > 0 && at(t, row).Sub(at(t, got.rows[i-1])) != 24*time.Hour {
			t.Errorf("%s: day %d begins %v after the one before", where, i, at(t, row).Sub(at(t, got.rows[i-1])))
		}
		if v, ok := point(t, row).(float64); ok {
			sum, points = sum+v, points+1
		}
	}
	if points == 0 {
		t.Errorf("%s: %v, and no point", where, *m.Value)
	}
	if m.Name == report.DeploymentFrequency {
		equal(t, where+" of all days", sum, count64(m.Sample))
	}
}

// point is the value of a row of a trend, a time in seconds whatever its unit.
func point(t *testing.T, row map[string]any) any {
	t.Helper()
	for column, v := range row {
		if column == "time" || column == "series" || v == nil {
			continue
		}
		label, _ := row["series"].(string)
		_, unit, timed := strings.Cut(label, ", ")
		if !timed {
			return v
		}
		length, ok := map[string]float64{"seconds": 1, "minutes": 60, "hours": 3600, "days": 86400}[unit]
		if !ok {
			t.Errorf("a trend in %q", unit)
		}
		return v.(float64) * length
	}
	return nil
}

// changedMost: whatever is listed is judged so by the report, and nothing that
// is judged is missing unless twelve others changed more.
func changedMost(t *testing.T, got result, services []report.Section) {
	t.Helper()
	judged := map[string]report.Verdict{}
	label := map[report.Name]string{
		report.DeploymentFrequency: "Deployment frequency", report.LeadTime: "Change lead time", report.ChangeFailRate: "Change fail rate",
		report.RecoveryTime: "Recovery time", report.ReworkRate: "Rework rate",
	}
	for _, s := range services {
		for name, title := range label {
			if tr := s.Metric(name).Trend; tr != nil && (tr.Verdict == report.Better || tr.Verdict == report.Worse) {
				judged[s.Scope.Name+" "+title] = tr.Verdict
			}
		}
	}
	for _, row := range got.rows {
		who := fmt.Sprint(row["service"], " ", row["metric"])
		if row["verdict"] != string(judged[who]) {
			t.Errorf("%s is %v, the report says %q", who, row["verdict"], judged[who])
		}
	}
	if want := min(12, len(judged)); len(got.rows) != want {
		t.Errorf("%d changes, want %d", len(got.rows), want)
	}
}

func equal(t *testing.T, what string, got any, want *float64) {
	t.Helper()
	v, known := got.(float64)
	switch {
	case want == nil && got != nil, want != nil && !known:
		t.Errorf("%s is %v, want %v", what, got, want)
	case want != nil && math.Abs(v-*want) > 1e-9*math.Max(1, math.Abs(*want)):
		t.Errorf("%s is %v, want %v", what, v, *want)
	}
}
