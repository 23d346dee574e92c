WITH
    {{template "days.sql"}},
    {{template "words.sql"}},
    {{template "bands.sql"}},
    {{template "figures.sql" ""}}
SELECT if(deployed = 0, 'no deployment in these days',
        joined([rate_band, concat(toString(deployed), ' in ', counted(days, 'day', 'days')), change_words(rate, rate_before, rate_verdict)])) AS name,
    if(deployed = 0, NULL, rate * multiIf(rate >= 1, 1, rate * 7 >= 1, 7, 30)) AS value,
    multiIf(rate >= 1, 'suffix: a day', rate * 7 >= 1, 'suffix: a week', 'suffix: a month') AS unit, band_colour(rate_band) AS color
FROM figures
