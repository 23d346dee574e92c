package report

import "testing"

func TestHumanUnits(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{humanDuration(0), "0 s"},
		{humanDuration(0.004), "<0.1 s"},
		{humanDuration(0.94), "0.9 s"},
		{humanDuration(42), "42 s"},
		{humanDuration(59.99), "1 min"},
		{humanDuration(3599.9), "1 h"},
		{humanDuration(3.2 * 3600), "3.2 h"},
		{humanDuration(1.5 * 86400), "1.5 d"},
		{humanDuration(86399), "1 d"},
		{humanDuration(9.96 * 86400), "10 d"},
		{humanDuration(1234.6 * 86400), "1,235 d"},
		{humanRate(12.34), "12/day"},
		{humanRate(1), "1/day"},
		{humanRate(4.1 / 7), "4.1/week"},
		{humanRate(2.0 / 90), "0.7/month"},
		{humanRate(1.0 / 730), "<0.1/month"},
		{humanPercent(0), "0 %"},
		{humanPercent(1), "100 %"},
		{humanPercent(.094), "9.4 %"},
		{humanPercent(.0001), "<0.1 %"},
		{humanPercent(.9999), ">99.9 %"},
		{thousands(0), "0"},
		{thousands(999), "999"},
		{thousands(1000), "1,000"},
		{thousands(1234567), "1,234,567"},
		{thousands(-123456), "-123,456"},
		{shortened("recommendations", 8), "recomme…"},
		{shortened("日本語のサービス", 8), "日本語…"},
		{printable("a\x1b[31m\nb"), `a\u001b[31m\nb`},
		{escaped("@acme <b> | `x`"), "@\u200bacme \\<b\\> \\| \\`x\\`"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}

func TestTrendSaysWhereToAndWhetherThatIsGood(t *testing.T) {
	change := func(v float64) *float64 { return &v }
	for name, c := range map[string]struct {
		trend *Trend
		want  string
	}{
		"no period before":            {nil, ""},
		"more is better":              {&Trend{Change: change(.12), Verdict: Better}, "▲ 12 % better"},
		"less is better":              {&Trend{Change: change(-.3), Verdict: Better}, "▼ 30 % better"},
		"less than a percent":         {&Trend{Change: change(.004), Verdict: Same}, "= same"},
		"a very large change":         {&Trend{Change: change(20), Verdict: Worse}, "▲ >999 % worse"},
		"too few to judge":            {&Trend{Change: change(.5), Verdict: Unclear}, "▲ 50 %"},
		"from 0, which has no %":      {&Trend{Verdict: Worse}, "▲ from 0 worse"},
		"0 before and now":            {&Trend{Verdict: Same}, "= same"},
		"0 before and now, too few":   {&Trend{Change: nil, Verdict: Unclear}, "▲ from 0"},
		"down by half, too few again": {&Trend{Change: change(-.5), Verdict: Unclear}, "▼ 50 %"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.trend.human(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestSpark(t *testing.T) {
	v := func(f float64) *float64 { return &f }
	for name, c := range map[string]struct {
		values []*float64
		want   string
	}{
		"nothing":                            {nil, ""},
		"no data in any week":                {[]*float64{nil, nil}, ""},
		"a week without data isn't 0":        {[]*float64{v(0), nil, v(8)}, "▁·█"},
		"zeros stay on the ground":           {[]*float64{v(0), v(0)}, "▁▁"},
		"heights are against zero":           {[]*float64{v(7), v(3.5), v(1)}, "█▅▂"},
		"only the last weeks are drawn":      {[]*float64{v(100), v(1), v(1), v(1)}, "███"},
		"equal weeks are equal, not nothing": {[]*float64{v(5), v(5)}, "██"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := spark(c.values, 3); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}
