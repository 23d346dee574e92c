WITH
    {{template "days.sql"}},
    {{template "words.sql"}},
    {{template "bands.sql"}},
    {{template "figures.sql" "service"}}
SELECT key AS service, latest_team AS team,
    {{template "cells.sql"}}
FROM figures
WHERE rate IS NOT NULL
ORDER BY deployed DESC, key
LIMIT 500
