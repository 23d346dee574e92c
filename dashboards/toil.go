package dashboards

const toilUID = "fivekeys-toil"

// toil is for those who plan a team's weeks: how much of them goes into work
// that a machine could do, and what to automate first.
func toil() Dashboard {
	tile := func(title, query, description string) Panel {
		return Stat{Frame{Title: title, Width: 6, Query: "toil/" + query + ".sql", Empty: "no data", Description: description}}
	}
	return Dashboard{
		UID: toilUID, Title: "Toil",
		Description: "Manual, repetitive work by team and week against its cap, what is left under it, and what to automate first. Weeks begin on Monday, UTC; the week that runs counts as far as it went.",
		From:        "now-8w/w", To: "now",
		Variables: []Variable{toilTeams},
		Rows: []Row{
			{Height: 5, Panels: []Panel{
				tile("Toil of the capacity", "ratio", "Confirmed toil done by hand ÷ working time, of the teams and weeks whose capacity is configured, against the cap of that time."),
				tile("Left under the cap", "left", "Hours of toil that the cap still allows in the last week with any, the teams together: cap × capacity − toil."),
				tile("Automate first", "first", "The category that took most of the confirmed time in these weeks."),
				tile("Inferred", "inferred", "What nobody reported and the events suggest: rollbacks by hand, the same alert again and again, pipelines run again. The time is an assumption for each kind. It is in no other figure."),
			}},
			{Height: 8, Panels: []Panel{
				TimeSeries{
					Frame: Frame{
						Title: "Toil ratio by week", Width: 12, Query: "toil/weekly_ratio.sql", Empty: "no team with a capacity recorded toil",
						Description: "Confirmed toil ÷ the team's working time of the week. A week without an entry is 0 between a team's first and last one, and a gap before and after. Each week stands at its last day, or at the end of the range. The dashed line is the cap. Of more than ten teams those with the highest ratios.",
					},
					Unit: ratio, Decimals: 1, Series: "${__field.labels.team}", Limits: "/^cap( of .*)?$/",
				},
				TimeSeries{
					Frame: Frame{
						Title: "Confirmed beside inferred", Width: 12, Query: "toil/weekly_kinds.sql", Empty: "no toil in these weeks",
						Description: "Hours by week: reported and done by hand; inferred from events; and reported work that a machine does by now. They are never added up. Each week stands at its last day, or at the end of the range.",
					},
					Unit: worked, Decimals: 1, Colours: Colours{"confirmed": blue, "inferred": reddishPurple, "done by a machine": grey},
				},
			}},
			{Height: 9, Panels: []Panel{toilWeeks()}},
			{Title: "What to automate first", Height: 9, Panels: toilCategories()},
			{Title: "Evidence", Height: 10, Panels: []Panel{toilEntries()}},
		},
	}
}

func toilWeeks() Panel {
	return Table{
		Frame: Frame{
			Title: "By team and week", Width: gridWidth, Query: "toil/weeks.sql", Empty: "no toil in these weeks",
			Description: "Toil, capacity and ratio of each team's weeks, newest first, with the hours left under the cap. Burn is the ratio ÷ the cap over one and four weeks: 1 is exactly at the cap. Inferred and automated hours stand beside and are in no ratio. At most 500 lines.",
		},
		Columns: []Column{
			day("time", "Week of (UTC)").wide(110), teamColumn, state(toilColours).wide(115), measured("hours", "Toil", worked).wide(75), number("entries", "Entries").orElse("no data").wide(75),
			measured("capacity", "Capacity", worked).orElse("not configured").wide(115), measured("ratio", "Ratio", ratio).orElse("–").wide(70), measured("cap", "Cap", ratio).wide(65),
			measured("hours_left", "Left", worked).orElse("–").wide(75), overCap("week_burn", "Burn, 1 w").wide(85), overCap("month_burn", "Burn, 4 w").wide(85),
			measured("inferred", "Inferred", worked).orElse("none").wide(80), measured("automated", "By a machine", worked).wide(105),
		},
	}
}

// overCap is a burn of toil: above 1 the cap is exceeded.
func overCap(name, title string) Column {
	return Column{Name: name, Title: title, Unit: times, Decimals: 2, Empty: "–", Width: 100, Steps: []Step{{From: 1.000001, Colour: vermillion}}}
}

func toilCategories() []Panel {
	bars := func(title, query, unit, description string) Panel {
		return BarGauge{
			Frame: Frame{Title: title, Width: 6, Query: "toil/" + query + ".sql", Empty: "no confirmed toil in these weeks", Description: description + " Confirmed toil done by hand, the ten largest."},
			Unit:  unit, Colour: blue,
		}
	}
	return []Panel{
		bars("By time", "by_time", worked, "Hours of each category."),
		bars("By count", "by_count", count, "How often each category came."),
		Table{
			Frame: Frame{
				Title: "Categories", Width: 12, Query: "toil/categories.sql", Empty: "no toil in these weeks",
				Description: "Confirmed categories, then inferred ones, each by time. Automatable is the share of the time that its reporters say a machine could do. What is long and what is frequent are both worth it. At most 200.",
			},
			Columns: []Column{
				text("category", "Category").least(110).wrapped(), {Name: "kind", Title: "Kind", Width: 85, Colours: kindColours}, measured("hours", "Time", worked).wide(70), number("entries", "Times").wide(60),
				duration("each", "Each").wide(80), measured("automatable", "Automatable", ratio).wide(95), text("teams", "Teams").wrapped(),
			},
		},
	}
}

func toilEntries() Panel {
	return Table{
		Frame: Frame{
			Title: "Every entry", Width: gridWidth, Query: "toil/entries.sql", Empty: "no toil in these weeks",
			Description: "What the figures are made of, newest first, with how it is known: who told of it and what set it off, and of inferred toil why it is held for toil. At most 1,000.",
		},
		Columns: []Column{
			when("time", "When (UTC)"), teamColumn, {Name: "kind", Title: "Kind", Width: 85, Colours: kindColours}, text("category", "Category").least(110).wrapped(), text("title", "Title").least(150).wrapped(),
			duration("lasted", "Time").wide(80), serviceColumn, text("automation", "A machine").wide(125), text("why", "How it is known").least(170).wrapped(), openColumn,
		},
	}
}
