package report

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// TeamToil is a team's toil in the weeks (Monday to Sunday, UTC) that lie at
// least partly in the period. Null is no data.
type TeamToil struct {
	Team string `json:"team"`
	// Weeks are how many the sums are of: the complete ones in which the team
	// recorded toil; the running one where there is no other.
	Weeks           int      `json:"weeks"`
	Minutes         *float64 `json:"minutes"`
	CapacityMinutes *float64 `json:"capacity_minutes"` // of those weeks whose capacity is configured
	Ratio           *float64 `json:"ratio"`
	Cap             *float64 `json:"cap"` // of several over time, weighted by capacity
	// Burn is the ratio against the cap: above 1 it is exceeded.
	Burn *float64 `json:"burn"`
	// LastWeek is the latest in which the team recorded toil, running or not.
	LastWeek *ToilWeek `json:"last_week"`
	// Weekly are the ratios, oldest first.
	Weekly []*float64 `json:"weekly"`
	// Categories of confirmed toil: those that took most, and those done most often.
	Categories []ToilCategory `json:"categories"`
	Frequent   []ToilCategory `json:"most_frequent"`
	// Inferred toil is in none of the other figures.
	Inferred InferredToil `json:"inferred"`
}

// ToilWeek is one week's.
type ToilWeek struct {
	Week            time.Time `json:"week"`
	Minutes         float64   `json:"minutes"`
	CapacityMinutes *float64  `json:"capacity_minutes"`
	MinutesLeft     *float64  `json:"minutes_left"` // under the cap
}

// ToilCategory is one kind of toil.
type ToilCategory struct {
	Category           string  `json:"category"`
	Minutes            float64 `json:"minutes"`
	Entries            int     `json:"entries"`
	AutomatableMinutes float64 `json:"automatable_minutes"`
}

// InferredToil is what was inferred, with assumed minutes.
type InferredToil struct {
	Minutes float64 `json:"minutes"`
	Entries int     `json:"entries"`
}

// toilWeek is a row of toil_weekly.
type toilWeek struct {
	team              string
	week              time.Time
	minutes, capacity *float64
	cap               float64
	inferred          InferredToil
}

func (w *toilWeek) over(at time.Time) bool { return !w.week.AddDate(0, 0, DaysPerWeek).After(at) }

// buildToil judges weeks, which come by team and week: the teams with the
// highest ratio first, then those that have none.
func buildToil(q Query, weeks []toilWeek, categories map[string][]ToilCategory) []TeamToil {
	var teams []TeamToil
	for len(weeks) > 0 {
		n := 1
		for n < len(weeks) && weeks[n].team == weeks[0].team {
			n++
		}
		t := teamToil(weeks[:n], q.At)
		t.Categories, t.Frequent = most(categories[t.Team], byMinutes), most(categories[t.Team], byEntries)
		teams = append(teams, t)
		weeks = weeks[n:]
	}
	slices.SortStableFunc(teams, func(a, b TeamToil) int {
		return cmp.Or(descending(a.Ratio, b.Ratio), descending(a.Minutes, b.Minutes), strings.Compare(a.Team, b.Team))
	})
	return teams
}

// descending puts the larger first and what isn't there last.
func descending(a, b *float64) int {
	switch {
	case a == nil && b == nil:
		return 0
	case a == nil:
		return 1
	case b == nil:
		return -1
	}
	return cmp.Compare(*b, *a)
}

func teamToil(weeks []toilWeek, at time.Time) TeamToil {
	t := TeamToil{Team: weeks[0].team, Weekly: []*float64{}}
	var recorded []toilWeek
	for _, w := range weeks {
		t.Inferred.Minutes += w.inferred.Minutes
		t.Inferred.Entries += w.inferred.Entries
		if w.minutes == nil {
			continue
		}
		recorded = append(recorded, w)
		t.Weekly = append(t.Weekly, ratioOf(*w.minutes, w.capacity))
	}
	if len(recorded) == 0 {
		return t
	}
	last := recorded[len(recorded)-1]
	t.LastWeek = &ToilWeek{Week: last.week.UTC(), Minutes: *last.minutes, CapacityMinutes: last.capacity}
	if last.capacity != nil {
		left := last.cap**last.capacity - *last.minutes
		t.LastWeek.MinutesLeft = &left
	}
	// Half a week's toil against a whole week's capacity would look like less.
	if !last.over(at) && len(recorded) > 1 {
		recorded = recorded[:len(recorded)-1]
	}
	var minutes, measured, capacity, allowed float64
	for _, w := range recorded {
		minutes += *w.minutes
		if w.capacity != nil {
			measured += *w.minutes
			capacity += *w.capacity
			allowed += w.cap * *w.capacity
		}
	}
	t.Weeks, t.Minutes = len(recorded), &minutes
	if t.Ratio = ratioOf(measured, &capacity); t.Ratio != nil {
		share := allowed / capacity
		t.CapacityMinutes, t.Cap, t.Burn = &capacity, &share, schemas.BurnRate(measured, capacity, 1-share)
	}
	return t
}

func ratioOf(minutes float64, capacity *float64) *float64 {
	if capacity == nil || *capacity <= 0 {
		return nil
	}
	ratio := minutes / *capacity
	return &ratio
}

// keptCategories is how many categories are kept of either ranking.
const keptCategories = 5

// most gives the first of a list by a rank of their own; the list, the longest
// first, decides among equals.
func most(categories []ToilCategory, compare func(a, b ToilCategory) int) []ToilCategory {
	ranked := slices.SortedStableFunc(slices.Values(categories), compare)
	if ranked == nil {
		return []ToilCategory{}
	}
	return ranked[:min(len(ranked), keptCategories)]
}

func byMinutes(a, b ToilCategory) int { return cmp.Compare(b.Minutes, a.Minutes) }
func byEntries(a, b ToilCategory) int { return cmp.Compare(b.Entries, a.Entries) }

// ratio prints how much of its time a team spent; without a capacity how much
// time it was, a week.
func (t *TeamToil) ratio() cell {
	switch {
	case t.Minutes == nil:
		return cell{noData, faint}
	case t.Ratio == nil:
		return cell{humanMinutes(*t.Minutes/float64(t.Weeks)) + "/week", bold}
	case *t.Ratio > *t.Cap:
		return cell{humanPercent(*t.Ratio), vermillion}
	}
	return cell{humanPercent(*t.Ratio), bold}
}

func (t *TeamToil) cap() string {
	if t.Cap == nil {
		return ""
	}
	return humanPercent(*t.Cap)
}

func (t *TeamToil) burn() string {
	if t.Burn == nil {
		return ""
	}
	return significant(*t.Burn) + "×"
}

// left prints the hours left under the cap in the last week, and which it was.
func (t *TeamToil) left() string {
	if t.LastWeek == nil || t.LastWeek.MinutesLeft == nil {
		return ""
	}
	return humanMinutes(*t.LastWeek.MinutesLeft) + " (" + t.LastWeek.Week.Format("2 Jan") + ")"
}

func (t *TeamToil) assumed() string {
	if t.Inferred.Entries == 0 {
		return ""
	}
	return humanMinutes(t.Inferred.Minutes) + " (" + thousands(t.Inferred.Entries) + "×)"
}

// toldCategories is how many categories a line has room for.
const toldCategories = 2

// top prints the longest categories and, where it is none of them, the one done
// most often.
func (t *TeamToil) top() string {
	told := slices.Clone(t.Categories[:min(len(t.Categories), toldCategories)])
	if len(t.Frequent) > 0 && !slices.Contains(told, t.Frequent[0]) {
		told = append(told, t.Frequent[0])
	}
	texts := make([]string, 0, len(told))
	for _, c := range told {
		texts = append(texts, printable(c.Category)+" "+humanMinutes(c.Minutes)+" ("+thousands(c.Entries)+"×)")
	}
	return strings.Join(texts, ", ")
}

// row names the team in a table.
func (t *TeamToil) row() string { return Scope{Kind: ScopeTeam, Name: t.Team}.row() }

// toilNote says what the figures are.
const toilNote = "Confirmed toil done by hand ÷ capacity, in whole weeks (Monday to Sunday, UTC) in which the team recorded any. " +
	"Burn: ratio ÷ cap. Left: under the cap in the week that began then. Inferred toil is an assumption and in no ratio."

func (t *table) toil() {
	r := t.report
	if len(r.Toil) == 0 {
		return
	}
	t.out.WriteString("\n")
	t.paragraph(bold, headingOf("Toil", len(r.Toil), r.ToilCount, "with the most of it"))
	g := grid{columns: []column{
		{title: "TEAM", flexible: true}, {title: "TOIL", right: true}, {title: "CAP", right: true}, {title: "BURN", right: true},
		{title: "LEFT", right: true}, {title: "INFERRED", right: true}, {title: "WEEKLY", optional: true},
		{title: "WHAT", flexible: true, optional: true},
	}}
	for i := range r.Toil {
		team := &r.Toil[i]
		g.add(cell{team.row(), plain}, team.ratio(), cell{team.cap(), plain}, cell{team.burn(), plain}, cell{team.left(), plain},
			cell{team.assumed(), faint}, cell{spark(team.Weekly, sparkWeeksList), plain}, cell{team.top(), faint})
	}
	g.write(&t.out, t.options.Width, t.options.Color)
	t.paragraph(faint, toilNote)
}
