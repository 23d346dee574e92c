WITH
    {{template "days.sql"}},
    {{template "words.sql"}},
    {{template "bands.sql"}},
    {{template "figures.sql" ""}}
SELECT multiIf(deployed = 0, 'no deployment in these days', isNull(fail_rate), concat(toString(broke), ' of ', toString(deployed), ', nobody could have told'),
        joined([failed_band, of_all(broke, deployed), if(told < deployed, concat(toString(deployed - told), ' untold'), ''), failed_change])) AS name,
    fail_rate AS value, 'percentunit' AS unit, band_colour(failed_band) AS color
FROM figures
