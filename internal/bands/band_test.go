package bands

import (
	"math"
	"strings"
	"testing"
	"time"
)

func TestClassify(t *testing.T) {
	hours := func(h float64) float64 { return h * time.Hour.Seconds() }
	for name, c := range map[string]struct {
		version string
		metric  Metric
		value   float64
		sample  int
		want    Band
	}{
		"a lead time just below a day is elite":                     {"2023", LeadTime, hours(23.99), 5, Elite},
		"a lead time of exactly a day is no longer below it":        {"2023", LeadTime, hours(24), 5, High},
		"a lead time of a week is medium":                           {"2023", LeadTime, hours(168), 5, Medium},
		"a lead time of a month is low":                             {"2023", LeadTime, hours(720), 5, Low},
		"a fail rate of exactly 5 % is elite":                       {"2023", ChangeFailRate, .05, 20, Elite},
		"a fail rate just above 5 % is high":                        {"2023", ChangeFailRate, .0501, 20, High},
		"a fail rate of 15 % is medium":                             {"2023", ChangeFailRate, .15, 20, Medium},
		"a fail rate above 15 % is low":                             {"2023", ChangeFailRate, .16, 20, Low},
		"a fail rate of 0 % with enough deployments is elite":       {"2023", ChangeFailRate, 0, 5, Elite},
		"a fail rate of 0 % of four deployments says nothing":       {"2023", ChangeFailRate, 0, 4, NotEnoughData},
		"no deployment at all is no data, not too little":           {"2023", ChangeFailRate, 0, 0, None},
		"recovery in 59 minutes is elite":                           {"2023", RecoveryTime, 59 * 60, 5, Elite},
		"time to restore has no band since 2023":                    {"2023", TimeToRestore, 60, 50, None},
		"time to restore was a key in 2021":                         {"2021", TimeToRestore, 60, 50, Elite},
		"in 2021 everything from 16 to 30 % is one band":            {"2021", ChangeFailRate, .29, 50, High},
		"in 2021 more than 30 % is low":                             {"2021", ChangeFailRate, .31, 50, Low},
		"nobody was elite in 2022, not even with a lead time of 0":  {"2022", LeadTime, 0, 50, High},
		"nobody was elite in 2022, not even with a fail rate of 0":  {"2022", ChangeFailRate, 0, 50, High},
		"frequency has no value to classify, it is a rhythm":        {"2023", DeploymentFrequency, 7, 50, None},
		"a metric without thresholds has no band":                   {"2023", "rework_rate", .5, 50, None},
		"the empty version is the default":                          {"", ChangeFailRate, .10, 50, High},
		"a lead time that can't be compared isn't in a better band": {"2023", LeadTime, math.NaN(), 50, Low},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Lookup(c.version)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.Classify(c.metric, c.value, c.sample, DefaultMinimumSample); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// every deploys each n days over the last days.
func every(n, days int) Rhythm {
	r := make(Rhythm, days)
	for ago := 0; ago < days; ago += n {
		r[ago] = 1
	}
	return r
}

// on deploys as often on each of some days, counted back from the last.
func on(days, times int, ago ...int) Rhythm {
	r := make(Rhythm, days)
	for _, a := range ago {
		r[a] = times
	}
	return r
}

// weekdays deploys so often on each weekday.
func weekdays(times, weeks int) Rhythm {
	var r Rhythm
	for range weeks {
		r = append(r, 0, 0, times, times, times, times, times)
	}
	return r
}

func TestClassifyFrequency(t *testing.T) {
	for name, c := range map[string]struct {
		version string
		rhythm  Rhythm
		want    Band
	}{
		"every day is elite":                                           {"2023", every(1, 90), Elite},
		"one each weekday is high":                                     {"2023", weekdays(1, 12), High},
		"two each weekday are elite":                                   {"2023", weekdays(2, 12), Elite},
		"six a week on one day are elite: it counts deployments":       {"2023", on(84, 6, 0, 7, 14, 21, 28, 35, 42, 49, 56, 63, 70, 77), Elite},
		"every other day, 3 or 4 a week, is high":                      {"2023", every(2, 90), High},
		"once a week is high":                                          {"2023", every(7, 90), High},
		"every 15 days is medium":                                      {"2023", every(15, 90), Medium},
		"twice in four months is low":                                  {"2023", on(120, 1, 0, 100), Low},
		"one busy week doesn't make a weekly rhythm":                   {"2023", on(90, 9, 0, 1, 2, 3, 4, 5, 6), Low},
		"who has stopped is low":                                       {"2023", make(Rhythm, 90), Low},
		"who has stopped for three weeks may be monthly":               {"2023", make(Rhythm, 21), NotEnoughData},
		"who was never observed has no band":                           {"2023", nil, None},
		"three days are too short":                                     {"2023", every(1, 3), NotEnoughData},
		"six days hold no complete week":                               {"2023", every(1, 6), NotEnoughData},
		"once in three weeks: too short to tell monthly from rarely":   {"2023", on(21, 1, 3), NotEnoughData},
		"ten days of daily deployments of a new service are elite":     {"2023", every(1, 10), Elite},
		"a cut-off first week doesn't count":                           {"2023", on(13, 1, 0, 1, 2, 3, 4, 5), Elite},
		"in 2021 once a month was high":                                {"2021", every(28, 90), High},
		"in 2021 twice a year was medium":                              {"2021", every(150, 364), Medium},
		"in 2022 the best band was high":                               {"2022", every(1, 90), High},
		"an even count of weeks takes the mean of the two middle ones": {"2023", on(14, 1, 0, 1), High},
	} {
		t.Run(name, func(t *testing.T) {
			s, err := Lookup(c.version)
			if err != nil {
				t.Fatal(err)
			}
			if got := s.ClassifyFrequency(c.rhythm, DefaultMinimumSample); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestVersionsWithoutUsableThresholdsSayWhy(t *testing.T) {
	for version, want := range map[string]string{
		"2024": "not monotonic",
		"2025": "no tiers",
		"1999": "use one of 2021, 2022, 2023",
	} {
		if _, err := Lookup(version); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Lookup(%s): got error %v, want one with %q", version, err, want)
		}
	}
}

func TestThresholdsOfEverySetAreMonotonic(t *testing.T) {
	for version, s := range sets {
		if s.Version != version {
			t.Errorf("set %s calls itself %s", version, s.Version)
		}
		for m, c := range s.cuts {
			if c.elite > c.high || c.high > c.medium {
				t.Errorf("%s of %s: %v isn't ascending", m, version, c)
			}
		}
	}
}
