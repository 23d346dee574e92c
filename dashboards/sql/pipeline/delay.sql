WITH
    {{template "words.sql"}},
    {{template "known.sql"}}
SELECT if(count() = 0, 'no event in this range', concat('median of ', toString(count()), ' events, p95 ',
        human_duration(quantileExactInclusive(0.95)(dateDiff('millisecond', time, known_at) / 1000)))) AS name,
    if(count() = 0, NULL, quantileExactInclusive(0.5)(dateDiff('millisecond', time, known_at) / 1000)) AS value, 's' AS unit, {{grey}} AS color
FROM known
