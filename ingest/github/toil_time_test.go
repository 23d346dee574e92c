package github

import "testing"

func TestTimesAsPeopleWriteThem(t *testing.T) {
	for text, want := range map[string]struct {
		minutes float64
		rest    string
	}{
		"30m":                        {30, ""},
		"90":                         {90, ""},
		"90m":                        {90, ""},
		"1h":                         {60, ""},
		"2 h":                        {120, ""},
		"1h30m":                      {90, ""},
		"1h 30m":                     {90, ""},
		"1 h 30 m":                   {90, ""},
		"1h30":                       {90, ""},
		"1h 30":                      {90, ""},
		"30m 1h":                     {90, ""},
		"1.5h":                       {90, ""},
		"1,5 h":                      {90, ""},
		"0.5H":                       {30, ""},
		"45min":                      {45, ""},
		"45 mins":                    {45, ""},
		"1 hour 30 minutes":          {90, ""},
		"2hrs":                       {120, ""},
		"40h":                        {2400, ""},
		"30m certificates":           {30, "certificates"},
		"30 certificates":            {30, "certificates"},
		"2 h restarts of the thing":  {120, "restarts of the thing"},
		"1h 30m certificates":        {90, "certificates"},
		"1h30 certificates":          {90, "certificates"},
		"1h 2 certificates":          {60, "2 certificates"},
		"30 mails":                   {30, "mails"},
		"30 mühsam":                  {30, "mühsam"},
		"15m 3am pages":              {15, "3am pages"},
		"1h hotfixes":                {60, "hotfixes"},
		"30 seconds":                 {0, "30 seconds"},
		"2 days certificates":        {0, "2 days certificates"},
		"":                           {0, ""},
		"0m":                         {0, ""},
		"-5m":                        {0, "-5m"},
		"41h":                        {0, ""},
		"39h 90m":                    {0, ""},
		"1d":                         {0, "1d"},
		"30s":                        {0, "30s"},
		"1e3m":                       {0, "1e3m"},
		"half an hour":               {0, "half an hour"},
		"999999999999999999999999 h": {0, "999999999999999999999999 h"},
	} {
		if minutes, rest := timeTaken(text); minutes != want.minutes || rest != want.rest {
			t.Errorf("%q takes %v, and then %q, want %v, %q", text, minutes, rest, want.minutes, want.rest)
		}
	}
	for label, want := range map[string]float64{"toil/30m": 30, "toil/1h 30m": 90, "toil/1h30": 90, "toil: 2 h": 120, "toil/30 mails": 0, "toil/1.5h": 90} {
		if got := (Toil{Labels: []string{"toil/*", "toil:*"}}).minutes([]string{label}); got != want {
			t.Errorf("%s takes %v, want %v", label, got, want)
		}
	}
}
