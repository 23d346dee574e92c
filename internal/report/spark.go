package report

import "strings"

var ticks = []rune("▁▂▃▄▅▆▇█")

// spark draws the last n values against zero and their largest. A value of 0
// is the lowest bar, a week without data a dot: the two aren't the same.
func spark(values []*float64, n int) string {
	if len(values) > n {
		values = values[len(values)-n:]
	}
	largest, known := 0.0, false
	for _, v := range values {
		if v != nil {
			largest, known = max(largest, *v), true
		}
	}
	if !known {
		return ""
	}
	var b strings.Builder
	for _, v := range values {
		switch {
		case v == nil:
			b.WriteRune('·')
		case largest == 0:
			b.WriteRune(ticks[0])
		default:
			b.WriteRune(ticks[int(*v/largest*float64(len(ticks)-1)+.5)])
		}
	}
	return b.String()
}
