    -- The range as whole UTC days, the unit of every figure: as many as it is long, the last of them the one that it ends in. So
    -- the last 90 days are those of fivekeys report --since 90d, today included. Not the plugin's date filter: that takes the days
    -- of the time zone Grafana's server happens to run in.
    greatest(1, toInt64(round(dateDiff('second', $__fromTime, $__toTime) / 86400))) AS days,
    toDate($__toTime - 1, 'UTC') AS last_day,
    last_day - (days - 1) AS first_day,
    toDateTime64(first_day, 3, 'UTC') AS range_start,
    toDateTime64(last_day + 1, 3, 'UTC') AS range_end,
    toDateTime64(first_day - days, 3, 'UTC') AS before_start,
    -- The moment to which the age of what is open is measured.
    least(now64(3, 'UTC'), range_end) AS as_of
