    -- An error budget in words; remaining is the share in force.
    (v, words) -> concat(if(v < 0, '−', ''), words) AS signed,
    (remaining, ends) -> multiIf(isNull(remaining), 'no data', remaining <= 0, 'spent', isNotNull(ends), 'running out', 'ok') AS budget_state,
    (remaining, ends, at, burn) -> multiIf(isNull(remaining), 'no traffic in the window',
        remaining <= 0, concat('spent', ifNull(concat(' since ', formatDateTime(ends, '%Y-%m-%d %H:%i', 'UTC'), ' UTC'), '')),
        isNotNull(ends), concat('ends in ', human_duration(dateDiff('second', at, assumeNotNull(ends))), ' at the last hour''s burn'),
        isNull(burn), 'no traffic in the last hour', 'lasts at the last hour''s burn') AS forecast,
    (state) -> transform(state, ['ok', 'running out', 'spent'], [{{colour "Elite"}}, {{colour "Medium"}}, {{colour "Low"}}], {{grey}}) AS budget_colour
