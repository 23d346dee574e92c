WITH
    {{template "days.sql"}},
    {{template "words.sql"}},
    told AS (
        SELECT opened_at >= range_start AS now, restore_seconds, acknowledge_seconds, method
        FROM incidents
        WHERE production AND opened_at >= before_start AND opened_at < range_end AND {{template "scope.sql"}} AND {{template "environment.sql"}}
    ),
    figures AS (
        SELECT countIf(now) AS n, countIf(now AND method != 'unattributed') AS known FROM told
    )
SELECT if(n = 0, 'no incident in these days', concat(toString(known), ' of ', counted(n, 'incident', 'incidents'))) AS name,
    if(n = 0, NULL, known / n) AS value, 'percentunit' AS unit, {{grey}} AS color
FROM figures
