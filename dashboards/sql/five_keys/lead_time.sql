WITH
    {{template "days.sql"}},
    {{template "words.sql"}},
    {{template "bands.sql"}},
    {{template "figures.sql" ""}}
SELECT if(leads = 0, 'no change with a known lead time in these days',
        joined([lead_band, counted(leads, 'change', 'changes'), lead_change])) AS name,
    if(leads = 0, NULL, lead) AS value, 's' AS unit, band_colour(lead_band) AS color
FROM figures
