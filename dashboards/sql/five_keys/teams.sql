WITH
    {{template "days.sql"}},
    {{template "steps.sql"}},
    {{template "words.sql"}},
    {{template "bands.sql"}},
    {{template "trend.sql" "if(team = '', 'no team', team)"}},
    {{template "figures.sql" "if(team = '', 'no team', team)"}}
SELECT key AS team, if(trends.trend = '', repeat('·', shown_steps), trends.trend) AS trend,
    {{template "cells.sql"}}
FROM figures LEFT JOIN trends USING (key)
WHERE rate IS NOT NULL
ORDER BY deployed DESC, key
LIMIT 500
