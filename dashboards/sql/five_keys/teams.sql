WITH
    {{template "days.sql"}},
    {{template "words.sql"}},
    {{template "bands.sql"}},
    {{template "figures.sql" "if(team = '', 'no team', team)"}}
SELECT key AS team,
    {{template "table.sql"}}
FROM figures
WHERE rate IS NOT NULL
ORDER BY deployed DESC, key
LIMIT 500
