package schemas

import (
	"math"
	"testing"
	"time"
)

func TestWindowAt(t *testing.T) {
	at := func(zone, s string) time.Time {
		t.Helper()
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		v, err := time.ParseInLocation("2006-01-02 15:04", s, location)
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
	utc := func(s string) time.Time { return at("UTC", s) }
	berlin := func(s string) time.Time { return at("Europe/Berlin", s) }
	for name, c := range map[string]struct {
		window   Window
		t        time.Time
		from, to time.Time
	}{
		"a rolling window ends at its time":                 {Window{Rolling: 28 * day}, utc("2026-03-29 12:00"), utc("2026-03-01 12:00"), utc("2026-03-29 12:00")},
		"a rolling window has its hours whatever clocks do": {Window{Rolling: day}, berlin("2026-03-29 12:00"), berlin("2026-03-28 11:00"), berlin("2026-03-29 12:00")},
		"a month": {Window{Unit: UnitMonth, Start: utc("2020-01-01 00:00")}, utc("2026-02-14 09:00"), utc("2026-02-01 00:00"), utc("2026-03-01 00:00")},
		"the first instant belongs to the new month": {Window{Unit: UnitMonth, Start: utc("2020-01-01 00:00")}, utc("2026-02-01 00:00"), utc("2026-02-01 00:00"), utc("2026-03-01 00:00")},
		"months from the 31st end with short months": {Window{Unit: UnitMonth, Start: utc("2025-01-31 06:00")}, utc("2025-03-01 00:00"), utc("2025-02-28 06:00"), utc("2025-03-31 06:00")},
		"two months from December":                   {Window{Unit: UnitMonth, Count: 2, Start: utc("2025-12-01 00:00")}, utc("2026-01-31 00:00"), utc("2025-12-01 00:00"), utc("2026-02-01 00:00")},
		"a quarter":                                  {Window{Unit: UnitQuarter, Count: 1, Start: utc("2026-01-01 00:00")}, utc("2026-12-31 23:59"), utc("2026-10-01 00:00"), utc("2027-01-01 00:00")},
		"a year from a leap day":                     {Window{Unit: UnitYear, Start: utc("2024-02-29 00:00")}, utc("2025-03-01 00:00"), utc("2025-02-28 00:00"), utc("2026-02-28 00:00")},
		"a week from a Monday":                       {Window{Unit: UnitWeek, Start: utc("2026-01-05 00:00")}, utc("2026-01-18 23:59"), utc("2026-01-12 00:00"), utc("2026-01-19 00:00")},
		"before the start it goes on":                {Window{Unit: UnitWeek, Start: utc("2026-01-05 00:00")}, utc("2026-01-04 23:59"), utc("2025-12-29 00:00"), utc("2026-01-05 00:00")},
		"a month before the start":                   {Window{Unit: UnitMonth, Start: utc("2026-01-15 00:00")}, utc("2025-11-14 00:00"), utc("2025-10-15 00:00"), utc("2025-11-15 00:00")},
		"a day of 23 hours in Berlin":                {Window{Unit: UnitDay, Start: berlin("2026-01-01 00:00")}, berlin("2026-03-29 12:00"), utc("2026-03-28 23:00"), utc("2026-03-29 22:00")},
		"a day of 25 hours in Berlin":                {Window{Unit: UnitDay, Start: berlin("2026-01-01 00:00")}, utc("2026-10-25 22:30"), utc("2026-10-24 22:00"), utc("2026-10-25 23:00")},
		"midnight of Berlin is not UTC's":            {Window{Unit: UnitMonth, Start: berlin("2026-01-01 00:00")}, utc("2026-06-30 22:30"), berlin("2026-07-01 00:00"), berlin("2026-08-01 00:00")},
		"a start of long ago":                        {Window{Unit: UnitDay, Count: 7, Start: utc("1700-01-01 00:00")}, utc("2026-01-01 00:00"), utc("2025-12-26 00:00"), utc("2026-01-02 00:00")},
	} {
		t.Run(name, func(t *testing.T) {
			from, to := c.window.At(c.t)
			if !from.Equal(c.from) || !to.Equal(c.to) {
				t.Errorf("%s at %s is [%s, %s), want [%s, %s)", c.window, c.t, from, to, c.from, c.to)
			}
		})
	}
}

// Periods follow on each other without gap or overlap, wherever one looks.
func TestCalendarWindowsTile(t *testing.T) {
	for _, zone := range []string{"UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe", "Pacific/Apia"} {
		location, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for _, unit := range []CalendarUnit{UnitDay, UnitWeek, UnitMonth, UnitQuarter, UnitYear} {
			for _, count := range []int{1, 2, 5} {
				w := Window{Unit: unit, Count: count, Start: time.Date(2012, 1, 31, 2, 30, 0, 0, location)}
				end := time.Time{}
				for at := time.Date(2010, 11, 1, 0, 0, 0, 0, time.UTC); at.Year() < 2014; at = end {
					from, to := w.At(at)
					if from.After(at) || !to.After(at) || !end.IsZero() && !from.Equal(end) {
						t.Fatalf("%s: at %s the window is [%s, %s), the one before ended %s", w, at, from, to, end)
					}
					end = to
				}
			}
		}
	}
}

func TestWindowLength(t *testing.T) {
	for want, w := range map[time.Duration]Window{
		28 * day:  {Rolling: 28 * day},
		30 * day:  {Unit: UnitMonth},
		60 * day:  {Unit: UnitMonth, Count: 2},
		90 * day:  {Unit: UnitQuarter, Count: 1},
		365 * day: {Unit: UnitYear, Count: 1},
		14 * day:  {Unit: UnitWeek, Count: 2},
		3 * day:   {Unit: UnitDay, Count: 3},
	} {
		if got := w.Length(); got != want {
			t.Errorf("%s is %s long, want %s", w, got, want)
		}
	}
}

func TestDefaultBurnAlerts(t *testing.T) {
	for window, factors := range map[time.Duration][]float64{
		30 * day:         {14.4, 6, 3, 1},
		28 * day:         {13.44, 5.6, 2.8}, // creeping: 0.933
		14 * day:         {6.72, 2.8, 1.4},
		7 * day:          {3.36, 1.4}, // slow: 0.7
		3 * day:          {1.44},
		50 * time.Hour:   {1},
		day:              nil,
		time.Hour:        nil,
		30 * time.Minute: nil,
	} {
		alerts := DefaultBurnAlerts(window)
		if len(alerts) != len(factors) {
			t.Fatalf("%s has %d alerts, want %d", Shorthand(window), len(alerts), len(factors))
		}
		for i, a := range alerts {
			if math.Abs(a.Factor-factors[i]) > 1e-12 {
				t.Errorf("%s: factor of %s is %v, want %v", Shorthand(window), a.Name, a.Factor, factors[i])
			}
		}
		if omitted := OmittedBurnAlerts(window); len(alerts)+len(omitted) != 4 {
			t.Errorf("%s: %d alerts, and %d left out", Shorthand(window), len(alerts), len(omitted))
		}
	}
	pages := DefaultBurnAlerts(30 * day)
	for i, want := range []BurnAlert{
		{"fast", SeverityPage, time.Hour, 5 * time.Minute, 14.4, false},
		{"medium", SeverityPage, 6 * time.Hour, 30 * time.Minute, 6, false},
		{"slow", SeverityTicket, day, 2 * time.Hour, 3, false},
		{"creeping", SeverityTicket, 3 * day, 6 * time.Hour, 1, false},
	} {
		if pages[i] != want {
			t.Errorf("alert %d is %+v, want %+v", i, pages[i], want)
		}
	}
}

func TestShorthand(t *testing.T) {
	for want, d := range map[string]time.Duration{
		"28d": 28 * day, "6h": 6 * time.Hour, "25h": 25 * time.Hour, "5m": 5 * time.Minute, "90m": 90 * time.Minute, "1m30s": 90 * time.Second,
	} {
		if got := Shorthand(d); got != want {
			t.Errorf("%s is written %s, want %s", d, got, want)
		}
	}
}
