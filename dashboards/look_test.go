package dashboards

import (
	"math"
	"strconv"
	"testing"
)

// TestWordsAreReadOnTheirColours: WCAG asks for a contrast of 4.5.
func TestWordsAreReadOnTheirColours(t *testing.T) {
	for name, colour := range map[string]string{
		"bluish green": bluishGreen, "sky blue": skyBlue, "orange": orange, "vermillion": vermillion, "reddish purple": reddishPurple, "blue": blue, "brown": brown, "grey": grey,
	} {
		t.Run(name, func(t *testing.T) {
			fill := channels(t, colour)
			// Grafana's own rule, and its two inks.
			ink := "#F7F8FA"
			if 0.299*fill[0]+0.587*fill[1]+0.114*fill[2] > 180 {
				ink = "#202226"
			}
			a, b := luminance(fill), luminance(channels(t, ink))
			if contrast := (max(a, b) + 0.05) / (min(a, b) + 0.05); contrast < 4.5 {
				t.Errorf("%s on %s has a contrast of %.2f", ink, colour, contrast)
			}
		})
	}
}

func channels(t *testing.T, colour string) [3]float64 {
	t.Helper()
	var out [3]float64
	for i := range out {
		v, err := strconv.ParseUint(colour[1+2*i:3+2*i], 16, 8)
		if err != nil {
			t.Fatal(err)
		}
		out[i] = float64(v)
	}
	return out
}

func luminance(c [3]float64) float64 {
	for i := range c {
		if c[i] /= 255; c[i] <= 0.04045 {
			c[i] /= 12.92
		} else {
			c[i] = math.Pow((c[i]+0.055)/1.055, 2.4)
		}
	}
	return 0.2126*c[0] + 0.7152*c[1] + 0.0722*c[2]
}
