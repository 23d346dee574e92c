package report

import (
	"fmt"
	"html/template"
	"strings"
)

// The chart's own units; the page scales it to the tile.
const (
	chartWidth, chartHeight = 240.0, 64.0
	barShare                = 0.72 // of a week's width
)

// weeklyChart draws a bar for each complete week, from zero to the largest. A
// week without data has no bar but a dot on the line: it is not a zero. Every
// bar says its value to those who point at it or have it read to them.
func weeklyChart(m Metric) template.HTML {
	largest, known := 0.0, 0
	for _, v := range m.Weekly {
		if v != nil {
			largest, known = max(largest, *v), known+1
		}
	}
	if known == 0 {
		return ""
	}
	var b strings.Builder
	fmt.Fprintf(&b, `<svg class="chart" viewBox="0 0 %g %g" preserveAspectRatio="none" role="img" aria-label="%s">`,
		chartWidth, chartHeight, template.HTMLEscapeString(fmt.Sprintf("%s by week, oldest first; the largest is %s", strings.TrimSpace(label[m.Name]), at(m, largest))))
	step := chartWidth / float64(len(m.Weekly))
	for i, v := range m.Weekly {
		x := float64(i)*step + step*(1-barShare)/2
		if v == nil {
			fmt.Fprintf(&b, `<rect class="gap" x="%.2f" y="%g" width="%.2f" height="1"><title>no data</title></rect>`, x, chartHeight-1, step*barShare)
			continue
		}
		height := 1.0 // a known zero is a line one can see
		if largest > 0 {
			height = max(1, *v/largest*(chartHeight-2))
		}
		fmt.Fprintf(&b, `<rect x="%.2f" y="%.2f" width="%.2f" height="%.2f"><title>%s</title></rect>`,
			x, chartHeight-height, step*barShare, height, template.HTMLEscapeString(at(m, *v)))
	}
	b.WriteString("</svg>")
	return template.HTML(b.String()) //nolint:gosec // numbers and escaped words of ours
}

// at prints a value of a metric as the metric itself is printed.
func at(m Metric, value float64) string {
	m.Value = &value
	return m.human()
}
