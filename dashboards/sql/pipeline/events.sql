WITH
    {{template "known.sql"}}
SELECT if(count() = 0, 'no event in this range', concat('of ', toString(uniqExact(type)), if(uniqExact(type) = 1, ' type', ' types'))) AS name,
    if(count() = 0, NULL, count()) AS value, 'short' AS unit, {{grey}} AS color
FROM known
