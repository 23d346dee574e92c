WITH
    {{template "days.sql"}},
    {{template "words.sql"}},
    told AS (
        SELECT opened_at >= range_start AS now, restore_seconds, acknowledge_seconds, method
        FROM incidents
        WHERE production AND opened_at >= before_start AND opened_at < range_end AND {{template "scope.sql"}} AND {{template "environment.sql"}}
    ),
    figures AS (
        SELECT countIf(now AND acknowledge_seconds IS NOT NULL) AS n, countIf(NOT now AND acknowledge_seconds IS NOT NULL) AS n_before,
            quantileExactInclusiveIf(0.5)(assumeNotNull(acknowledge_seconds), now AND acknowledge_seconds IS NOT NULL) AS v,
            quantileExactInclusiveIf(0.5)(assumeNotNull(acknowledge_seconds), NOT now AND acknowledge_seconds IS NOT NULL) AS before,
            quantileExactInclusiveIf(0.9)(assumeNotNull(acknowledge_seconds), now AND acknowledge_seconds IS NOT NULL) AS p90,
            judge(-1, v, before, n, n_before, least(n, n_before), false) AS verdict
        FROM told
    )
SELECT if(n = 0, 'no incident acknowledged in these days', joined([counted(n, 'incident', 'incidents'), concat('p90 ', human_duration(p90)), change_words(v, before, verdict)])) AS name,
    if(n = 0, NULL, v) AS value, 's' AS unit, multiIf(verdict = 'better', {{colour "Elite"}}, verdict = 'worse', {{colour "Low"}}, {{grey}}) AS color
FROM figures
