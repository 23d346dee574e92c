    -- The range as whole UTC days, the unit of every figure; a range that ends at midnight ends the day before. Not the
    -- plugin's date filter: that takes the days of the time zone Grafana's server happens to run in.
    toDate($__fromTime, 'UTC') AS first_day,
    greatest(first_day, toDate($__toTime - 1, 'UTC')) AS last_day,
    dateDiff('day', first_day, last_day) + 1 AS days,
    toDateTime64(first_day, 3, 'UTC') AS range_start,
    toDateTime64(last_day + 1, 3, 'UTC') AS range_end,
    toDateTime64(first_day - days, 3, 'UTC') AS before_start,
    -- The moment to which the age of what is open is measured.
    least(now64(3, 'UTC'), range_end) AS as_of
