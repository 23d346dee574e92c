WITH
    {{template "days.sql"}},
    {{template "words.sql"}},
    {{template "bands.sql"}},
    {{template "figures.sql" ""}}
SELECT if(deployed = 0, 'no deployment in these days',
        joined([of_all(reworked, deployed), reworked_change])) AS name,
    if(deployed = 0, NULL, rework_rate) AS value, 'percentunit' AS unit, band_colour('') AS color
FROM figures
