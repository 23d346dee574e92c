    -- The weeks that the range touches, by their Mondays, UTC.
    toMonday(toDate($__fromTime, 'UTC')) AS first_week,
    toMonday(toDate($__toTime - 1, 'UTC')) AS last_week,
    (week) -> toDateTime(week, 'UTC') AS week_start,
    -- Where a chart draws a week: its Monday may lie before the range, and would not be seen.
    (week) -> greatest(toDateTime($__fromTime, 'UTC'), least(toDateTime(week + 6, 'UTC'), toDateTime($__toTime, 'UTC'))) AS week_mark,
    -- Hours of people: a day of theirs has no 24.
    (minutes) -> concat(short(abs(minutes) / 60), ' h') AS human_hours
