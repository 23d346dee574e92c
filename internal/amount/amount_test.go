package amount

import (
	"math"
	"testing"
	"time"
)

func TestAmountsAreWrittenAsPeopleSayThem(t *testing.T) {
	nan, inf := math.NaN(), math.Inf(1)
	for _, c := range []struct{ got, want string }{
		{Number(0), "0"},
		{Number(math.Copysign(0, -1)), "0"},
		{Number(-0.0000001), "0"},
		{Number(1), "1"},
		{Number(43.2), "43"},
		{Number(14.9123), "14.9"},
		{Number(0.4321), "0.43"},
		{Number(0.00012), "0.00012"},
		{Number(1234.5), "1234"},
		{Number(1e9), "1000000000"},
		{Number(-48.2), "-48"},
		{Number(19.96), "20"},
		{Number(nan), "an unknown number"},
		{Number(inf), "an unknown number"},

		{Minutes(0), "0 minutes"},
		{Minutes(1), "1 minute"},
		{Minutes(0.432), "26 seconds"},
		{Minutes(1.0 / 60), "1 second"},
		{Minutes(1.5), "90 seconds"},
		{Minutes(43.2), "43 minutes"},
		{Minutes(1440), "1440 minutes"},
		{Minutes(nan), "an unknown number of minutes"},

		{Of(52, 43.2, "of its"), "52 of its 43 minutes"},
		{Of(43.3, 43.2, "of its"), "43.3 of its 43.2 minutes"},
		{Of(43.2, 43.2, "of its"), "43 of its 43 minutes"},
		{Of(0, 43.2, "of its"), "0 of its 43 minutes"},
		{Of(0.3, 43.2, "of its"), "0.3 of its 43.2 minutes"},
		{Of(0.003, 43.2, "of its"), "less than 0.1 of its 43.2 minutes"},
		{Of(0.2, 0.432, "of its"), "12 of its 26 seconds"},
		{Of(nan, 43.2, "of its"), "an unknown part of its 43 minutes"},

		{Left(31.2, 43.2), "31 of 43 minutes are left"},
		{Left(1, 43.2), "1 of 43 minutes is left"},
		{Left(43.2, 43.2), "43 of 43 minutes are left"},
		{Left(0, 43.2), "all of the 43 minutes are spent"},
		{Left(-0.01, 43.2), "all of the 43 minutes are spent"},
		{Left(-4.32, 43.2), "all of the 43 minutes are spent and 4.3 minutes more"},
		{Left(-48, 43.2), "all of the 43 minutes are spent and 48 minutes more"},
		{Left(-0.5, 0.432), "all of the 26 seconds are spent and 30 seconds more"},
		{Left(0, 1), "all of the 1 minute is spent"},
		{Left(nan, 43.2), "how much of the 43 minutes is left is not known"},

		{Percent(0), "0 %"},
		{Percent(0.5), "50 %"},
		{Percent(0.0002), "0.02 %"},
		{Percent(11.5), "1150 %"},
		{Percent(nan), "an unknown share"},

		{Span(-time.Second), "0 seconds"},
		{Span(time.Second), "1 second"},
		{Span(90 * time.Second), "90 seconds"},
		{Span(time.Minute), "1 minute"},
		{Span(6 * time.Minute), "6 minutes"},
		{Span(3*time.Hour + time.Minute), "3 hours"},
		{Span(24 * time.Hour), "1 day"},
		{Span(49 * time.Hour), "2 days"},

		{Times(1), "1.00 times"},
		{Times(1.04), "1.04 times"},
		{Times(0), "0 times"},
		{Times(14.9123), "14.9 times"},
		{Times(1000), "1000 times"},

		{Count(0, "team"), "0 teams"},
		{Count(1, "team"), "1 team"},
	} {
		if c.got != c.want {
			t.Errorf("%q, want %q", c.got, c.want)
		}
	}
}

func TestAClockHasItsDateWhereItIsAnotherOne(t *testing.T) {
	now := time.Date(2026, 12, 31, 13, 40, 0, 0, time.UTC)
	for want, at := range map[string]time.Time{
		"at 14:20 UTC":                   now.Add(40 * time.Minute),
		"on 30 December at 13:40 UTC":    now.Add(-24 * time.Hour),
		"on 1 January 2027 at 13:40 UTC": now.Add(24 * time.Hour),
	} {
		if got := Clock(at, now); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
}
