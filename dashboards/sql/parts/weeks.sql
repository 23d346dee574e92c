    -- The complete weeks of the range, counted back from its end; week 0 is the last.
    weeks AS (SELECT toInt64(arrayJoin(range(toUInt64(intDiv(days, 7))))) AS week),
    (week) -> toDateTime(last_day - 7 * week - 6, 'UTC') AS week_start
