WITH
    {{template "days.sql"}},
    {{template "words.sql"}},
    {{template "bands.sql"}},
    {{template "figures.sql" ""}}
SELECT if(isNull(rate), 'no deployment was ever told',
        joined([rate_band, concat(toString(deployed), ' in ', counted(known_days, 'day', 'days')), rate_change, young])) AS name,
    rate * multiIf(rate >= 1, 1, rate * 7 >= 1, 7, 30) AS value,
    multiIf(rate >= 1, 'suffix: a day', rate * 7 >= 1, 'suffix: a week', 'suffix: a month') AS unit, band_colour(rate_band) AS color
FROM figures
