    -- The complete weeks of the range, counted back from its end, or its days where they are fewer than four weeks: one point is
    -- no trend. Step 0 is the last.
    if(days < 28, 1, 7) AS step_days,
    steps AS (SELECT toInt64(arrayJoin(range(toUInt64(intDiv(days, step_days))))) AS step),
    (day) -> toInt64(intDiv(dateDiff('day', day, last_day), step_days)) AS step_of,
    (step) -> toDateTime(last_day - step_days * step - (step_days - 1), 'UTC') AS step_start
