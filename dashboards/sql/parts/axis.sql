    -- The unit that the longest time of a chart needs, in seconds and in words. Grafana puts its ticks at round numbers of the
    -- unit that it is given: of seconds they would be called 8.33 hours.
    (longest) -> multiIf(longest >= 172800, (86400, 'days'), longest >= 7200, (3600, 'hours'), longest >= 120, (60, 'minutes'), (1, 'seconds')) AS axis
