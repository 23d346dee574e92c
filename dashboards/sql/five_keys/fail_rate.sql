WITH
    {{template "days.sql"}},
    {{template "words.sql"}},
    {{template "bands.sql"}},
    {{template "figures.sql" ""}}
SELECT if(deployed = 0, 'no deployment in these days',
        joined([failed_band, of_all(broke, deployed), change_words(fail_rate, fail_rate_before, failed_verdict)])) AS name,
    if(deployed = 0, NULL, fail_rate) AS value, 'percentunit' AS unit, band_colour(failed_band) AS color
FROM figures
