    -- The weeks that the range touches, by their Mondays, UTC.
    toMonday(toDate($__fromTime, 'UTC')) AS first_week,
    toMonday(toDate($__toTime - 1, 'UTC')) AS last_week,
    (week) -> toDateTime(week, 'UTC') AS week_start,
    -- Hours of people: a day of theirs has no 24.
    (minutes) -> concat(short(abs(minutes) / 60), ' h') AS human_hours
