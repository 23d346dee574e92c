package sample

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

func TestQuantile(t *testing.T) {
	for name, c := range map[string]struct {
		values []float64
		p      float64
		want   float64
		ok     bool
	}{
		"nothing has no quantile":                          {nil, .5, 0, false},
		"one value is every quantile":                      {[]float64{7}, .95, 7, true},
		"the median of two lies between them":              {[]float64{1, 2}, .5, 1.5, true},
		"the median of three is the middle one":            {[]float64{1, 5, 100}, .5, 5, true},
		"p90 of 1…10 interpolates as a spreadsheet does":   {[]float64{1, 2, 3, 4, 5, 6, 7, 8, 9, 10}, .9, 9.1, true},
		"p25 of four values is the inclusive one (type 7)": {[]float64{1, 2, 3, 4}, .25, 1.75, true},
		"p0 is the smallest":                               {[]float64{3, 4}, 0, 3, true},
		"p100 is the largest":                              {[]float64{3, 4}, 1, 4, true},
	} {
		t.Run(name, func(t *testing.T) {
			got, ok := Quantile(c.values, c.p)
			if ok != c.ok || math.Abs(got-c.want) > 1e-12 {
				t.Errorf("got %v %v, want %v %v", got, ok, c.want, c.ok)
			}
		})
	}
}

// Figures from published tables of the score interval.
func TestWilson(t *testing.T) {
	for name, c := range map[string]struct {
		k, n      int
		low, high float64
		ok        bool
	}{
		"no trials have no interval":        {0, 0, 0, 0, false},
		"more failures than trials neither": {3, 2, 0, 0, false},
		"0 of 10 isn't certainly 0":         {0, 10, 0, .2775, true},
		"10 of 10 isn't certainly 1":        {10, 10, .7225, 1, true},
		"5 of 10":                           {5, 10, .2366, .7634, true},
		"5 of 53":                           {5, 53, .0410, .2025, true},
		"81 of 263":                         {81, 263, .2553, .3662, true},
	} {
		t.Run(name, func(t *testing.T) {
			low, high, ok := Wilson(c.k, c.n)
			if ok != c.ok || math.Abs(low-c.low) > 5e-5 || math.Abs(high-c.high) > 5e-5 {
				t.Errorf("got %.4f…%.4f %v, want %.4f…%.4f %v", low, high, ok, c.low, c.high, c.ok)
			}
		})
	}
}

func TestWilsonContainsTheRateAndStaysWithinZeroAndOne(t *testing.T) {
	for n := 1; n <= 200; n++ {
		for k := 0; k <= n; k++ {
			low, high, ok := Wilson(k, n)
			p := float64(k) / float64(n)
			if !ok || low < 0 || high > 1 || low > p || high < p {
				t.Fatalf("%d of %d: %v…%v doesn't hold %v", k, n, low, high, p)
			}
		}
	}
}

func TestSummarizeIsThatOfThePooledValuesHoweverTheyAreSplit(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for range 200 {
		values := make([]float64, 1+r.IntN(50))
		for i := range values {
			values[i] = math.Round(r.ExpFloat64() * 1e4)
		}
		want := Summarize(values)
		cut := r.IntN(len(values) + 1)
		r.Shuffle(len(values), func(i, j int) { values[i], values[j] = values[j], values[i] })
		if got := Summarize(values[:cut], values[cut:]); got != want {
			t.Fatalf("got %+v, want %+v", got, want)
		}
		sorted := slices.Sorted(slices.Values(values))
		if want.Max != sorted[len(sorted)-1] || want.P50 < sorted[0] || want.P95 > want.Max {
			t.Fatalf("%+v doesn't describe %v", want, sorted)
		}
	}
}
