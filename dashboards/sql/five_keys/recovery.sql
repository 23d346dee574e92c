WITH
    {{template "days.sql"}},
    {{template "words.sql"}},
    {{template "bands.sql"}},
    {{template "figures.sql" ""}}
SELECT if(recoveries = 0, if(still_broken = 0, 'no failed deployment in these days', concat(toString(still_broken), ' failed and not recovered')),
        joined([recovered_band, concat(toString(recoveries), ' recovered'), if(still_broken = 0, '', concat(toString(still_broken), ' open')),
            recovered_change])) AS name,
    if(recoveries = 0, NULL, recovery) AS value, 's' AS unit, band_colour(recovered_band) AS color
FROM figures
