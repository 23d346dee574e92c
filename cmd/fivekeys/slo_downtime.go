package main

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/jedib0t/go-pretty/v6/table"
	"github.com/jedib0t/go-pretty/v6/text"

	"github.com/fivekeys/fivekeys/internal/openslo"
)

type sloAllowedDowntimeCommand struct {
	Targets []string `arg:"" optional:"" name:"target" help:"Targets: 99.95, 99.95% or 0.9995; 90 % to 99.999 % unless given."`
	Format  string   `help:"${enum}." enum:"table,json,csv,markdown" default:"table"`
}

var usualTargets = []string{"90", "95", "99", "99.5", "99.9", "99.95", "99.99", "99.999"}

// downtimePeriods are the columns. Months and quarters aren't all of a length:
// the title says which.
var downtimePeriods = []struct {
	title, key string
	days       int
}{
	{"day", "day", 1}, {"week", "week", 7}, {"month (30 d)", "month_30d", 30}, {"month (31 d)", "month_31d", 31},
	{"quarter (90 d)", "quarter_90d", 90}, {"year (365 d)", "year_365d", 365},
}

// downtime is one target's row.
type downtime struct {
	Target  float64            `json:"target"`
	Percent string             `json:"percent"`
	Seconds map[string]float64 `json:"allowed_seconds"` // by the period's key
	allowed []time.Duration
}

// Run prints the table of allowed downtime.
func (c *sloAllowedDowntimeCommand) Run(env *environment) error {
	targets := c.Targets
	if len(targets) == 0 {
		targets = usualTargets
	}
	var rows []downtime
	for _, t := range targets {
		row := downtime{Seconds: map[string]float64{}}
		var err error
		if row.Target, row.Percent, err = parseTarget(t); err != nil {
			return err
		}
		for _, p := range downtimePeriods {
			d := openslo.AllowedDowntime(row.Target, time.Duration(p.days)*24*time.Hour)
			row.allowed = append(row.allowed, d)
			row.Seconds[p.key] = d.Seconds()
		}
		rows = append(rows, row)
	}
	switch c.Format {
	case "json":
		out := json.NewEncoder(env.stdout)
		out.SetIndent("", "  ")
		return out.Encode(rows)
	case "csv":
		return downtimeCSV(env.stdout, rows)
	}
	t := newTable(env.stdout)
	header, columns := table.Row{"target"}, []table.ColumnConfig{{Number: 1, Align: text.AlignRight}}
	for i, p := range downtimePeriods {
		header = append(header, p.title)
		columns = append(columns, table.ColumnConfig{Number: i + 2, Align: text.AlignRight})
	}
	t.AppendHeader(header)
	t.SetColumnConfigs(columns)
	for _, r := range rows {
		row := table.Row{r.Percent + " %"}
		for _, d := range r.allowed {
			row = append(row, exactly(d))
		}
		t.AppendRow(row)
	}
	printed := t.Render()
	if c.Format == "markdown" {
		printed = t.RenderMarkdown()
	}
	_, err := fmt.Fprintln(env.stdout, printed)
	return err
}

// downtimeCSV writes seconds.
func downtimeCSV(w io.Writer, rows []downtime) error {
	out := csv.NewWriter(w)
	header := []string{"target_percent"}
	for _, p := range downtimePeriods {
		header = append(header, p.key+"_seconds")
	}
	records := [][]string{header}
	for _, r := range rows {
		record := []string{r.Percent}
		for _, d := range r.allowed {
			record = append(record, strconv.FormatFloat(d.Seconds(), 'f', -1, 64))
		}
		records = append(records, record)
	}
	if err := out.WriteAll(records); err != nil {
		return fmt.Errorf("write allowed downtime as CSV: %w", err)
	}
	return nil
}

// parseTarget reads 99.95, 99.95% and 0.9995 as the same. What is below 1 and
// has no percent sign is a ratio: nobody aims at 0.9995 %.
func parseTarget(s string) (target float64, percent string, err error) {
	digits, isPercent := strings.CutSuffix(strings.ReplaceAll(s, " ", ""), "%")
	v, err := strconv.ParseFloat(digits, 64)
	// The decimal point is moved in the text, where it costs no digit.
	shift := func(exponent string) float64 {
		moved, e := strconv.ParseFloat(digits+exponent, 64)
		if e != nil {
			err = e
		}
		return moved
	}
	if err == nil && (isPercent || v >= 1) {
		target, percent = shift("e-2"), strconv.FormatFloat(v, 'f', -1, 64)
	} else if err == nil {
		target, percent = v, strconv.FormatFloat(shift("e2"), 'f', -1, 64)
	}
	if err != nil || !(target > 0 && target < 1) {
		return 0, "", usagef("slo allowed-downtime: %q isn't a target, write 99.95 or 0.9995", s)
	}
	return target, percent, nil
}

// exactly writes a duration in at most two units, or in seconds to the
// hundredth: 25.92 s, 43 min 12 s, 8 h 46 min, 36 d 12 h.
func exactly(d time.Duration) string {
	switch {
	case d.Round(100*time.Microsecond) < time.Second:
		return strconv.FormatFloat(math.Round(float64(d)/1e5)/10, 'f', -1, 64) + " ms"
	case d.Round(10*time.Millisecond) < time.Minute:
		return strconv.FormatFloat(math.Round(d.Seconds()*100)/100, 'f', -1, 64) + " s"
	}
	for _, u := range []struct {
		large, small time.Duration
		l, s         string
		most         time.Duration
	}{
		{time.Minute, time.Second, "min", "s", time.Hour},
		{time.Hour, time.Minute, "h", "min", 24 * time.Hour},
		{24 * time.Hour, time.Hour, "d", "h", math.MaxInt64},
	} {
		if r := d.Round(u.small); r < u.most {
			if rest := r % u.large / u.small; rest > 0 {
				return fmt.Sprintf("%d %s %d %s", r/u.large, u.l, rest, u.s)
			}
			return fmt.Sprintf("%d %s", r/u.large, u.l)
		}
	}
	return d.String()
}
