    greatest(60, toUnixTimestamp(least(now('UTC'), toDateTime($__toTime, 'UTC'))) - toUnixTimestamp($__fromTime)) AS lasted,
    -- How often, in the unit that gives a number to read.
    (n) -> multiIf(n >= lasted, concat(short(n / lasted), '/s'), n * 60 >= lasted, concat(short(n / lasted * 60), '/min'), concat(short(n / lasted * 3600), '/h')) AS pace,
    (ms) -> if(isNaN(ms), '', multiIf(ms >= 1000, concat(short(ms / 1000), ' s'), ms >= 1, concat(short(ms), ' ms'), concat(toString(round(ms, 2)), ' ms'))) AS human_ms
