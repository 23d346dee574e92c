WITH
    {{template "statuses.sql" "0"}}
SELECT objective::String AS objective, burn_5m, burn_30m, burn_1h, burn_2h, burn_6h, burn_1d, burn_3d, burn_window
FROM statuses
WHERE {{template "objective.sql"}}
ORDER BY burn_1h DESC NULLS LAST, objective
LIMIT 500
