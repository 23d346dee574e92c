package report

import (
	"encoding/csv"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"
)

// csvHeader is a published contract: columns may be added at the end.
var csvHeader = []string{
	"from", "to", "scope", "name", "team", "metric", "unit", "state", "value", "sample", "numerator", "denominator",
	"low", "high", "p50", "p75", "p90", "p95", "max", "mean", "band", "before", "change", "verdict",
	"compared_value", "told", "known_since",
}

// CSV writes a row for each scope and metric, raw values (seconds, rates 0…1);
// an empty field is "no data". The column "to" is the period's exclusive end.
func CSV(w io.Writer, r Report) error {
	c := csv.NewWriter(w)
	if err := c.Write(csvHeader); err != nil {
		return fmt.Errorf("write report as CSV: %w", err)
	}
	for _, s := range slices.Concat([]Section{r.Summary}, r.Teams, r.Services) {
		for _, m := range s.Metrics {
			if err := c.Write(m.record(r, s)); err != nil {
				return fmt.Errorf("write report as CSV: %w", err)
			}
		}
	}
	c.Flush()
	if err := c.Error(); err != nil {
		return fmt.Errorf("write report as CSV: %w", err)
	}
	return nil
}

func (m Metric) record(r Report, section Section) []string {
	s := section.Scope
	row := []string{
		date(r.From), date(r.To), string(s.Kind), s.Name, s.Team, string(m.Name), string(m.Unit), string(m.State),
		decimal(m.Value), strconv.Itoa(m.Sample), whole(m.Numerator), whole(m.Denominator),
	}
	var low, high, before, change, compared *float64
	if m.Interval != nil {
		low, high = &m.Interval.Low, &m.Interval.High
	}
	row = append(row, decimal(low), decimal(high))
	spread := make([]string, 6)
	if p := m.Spread; p != nil {
		for i, v := range []float64{p.P50, p.P75, p.P90, p.P95, p.Max, p.Mean} {
			spread[i] = decimal(&v)
		}
	}
	verdict := ""
	if m.Trend != nil {
		before, change, verdict, compared = &m.Trend.Before, m.Trend.Change, string(m.Trend.Verdict), &m.Trend.Now
	}
	since := ""
	if section.KnownSince != nil {
		since = section.KnownSince.UTC().Format(time.RFC3339)
	}
	return append(append(row, spread...), string(m.Band), decimal(before), decimal(change), verdict, decimal(compared), whole(m.Told), since)
}

func decimal(v *float64) string {
	if v == nil {
		return ""
	}
	return strconv.FormatFloat(*v, 'f', -1, 64)
}

func whole(v *int) string {
	if v == nil {
		return ""
	}
	return strconv.Itoa(*v)
}
