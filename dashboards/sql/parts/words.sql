    -- Figures as the terminal's report prints them: 3.2 h, 12 %, never 0 for what isn't.
    (v) -> multiIf(v > 0 AND v < 0.05, '<0.1', v >= 9.95, toString(round(v)), toString(round(v, 1))) AS short,
    (v) -> multiIf(v >= 86395, concat(short(v / 86400), ' d'), v >= 3582, concat(short(v / 3600), ' h'), v >= 59.7, concat(short(v / 60), ' min'),
        concat(short(v), ' s')) AS human_duration,
    (r) -> concat(short(r * 100), ' %') AS human_ratio,
    (a_day) -> multiIf(a_day >= 1, concat(short(a_day), ' a day'), a_day * 7 >= 1, concat(short(a_day * 7), ' a week'),
        concat(short(a_day * 30), ' a month')) AS human_rate,
    (parts) -> arrayStringConcat(arrayFilter(p -> p != '', parts), ' · ') AS joined,
    -- How a figure changed against the period before. Between small samples, and where a rate's interval holds the rate of
    -- before, a change may be chance and is not judged. sign is 1 where more is better.
    (sign, v, before, n, n_before, smallest, chance) -> multiIf(n = 0 OR n_before = 0, '', v = before, 'same', smallest < {{minimum}}, 'unclear',
        before != 0 AND abs(v / before - 1) < 0.005, 'same', chance, 'unclear', (v - before) * sign > 0, 'better', 'worse') AS judge,
    (v, before, verdict) -> multiIf(verdict = '', '', verdict = 'same', '= same', before = 0, '▲ from 0', abs(v / before - 1) < 0.005, '= same',
        concat(if(v > before, '▲ ', '▼ '), if(abs(v / before - 1) > 9.995, '>999', toString(round(abs(v / before - 1) * 100))), ' %')) AS moved,
    (v, before, verdict) -> concat(moved(v, before, verdict), if(verdict IN ('better', 'worse'), concat(' ', verdict), '')) AS change_words,
    -- The 95 % Wilson interval.
    1.959963984540054 * 1.959963984540054 AS z2,
    (k, n) -> 1.959963984540054 * sqrt(k / n * (1 - k / n) / n + z2 / (4 * n * n)) AS wilson_half,
    (k, n) -> if(n = 0 OR k = 0, 0, greatest(0, (k / n + z2 / (2 * n) - wilson_half(k, n)) / (1 + z2 / n))) AS wilson_low,
    (k, n) -> if(n = 0 OR k = n, 1, least(1, (k / n + z2 / (2 * n) + wilson_half(k, n)) / (1 + z2 / n))) AS wilson_high,
    (k, n) -> if(n = 0, '', concat(toString(k), '/', toString(n), ' (', short(wilson_low(k, n) * 100), '–', human_ratio(wilson_high(k, n)), ')')) AS of_all,
    (n, one, many) -> concat(toString(n), ' ', if(n = 1, one, many)) AS counted
