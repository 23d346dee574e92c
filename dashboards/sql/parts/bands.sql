    -- The bands of DORA 2023. A test holds them to internal/bands.
    (n, elite, high, medium) -> multiIf(n = 0, '', n < {{minimum}}, 'not enough data', elite, 'Elite', high, 'High', medium, 'Medium', 'Low') AS band,
    (v, n) -> band(n, v < 86400, v < 604800, v < 2592000) AS lead_time_band,
    (v, n) -> band(n, v <= 0.05, v <= 0.10, v <= 0.15) AS fail_rate_band,
    (v, n) -> band(n, v < 3600, v < 86400, v < 604800) AS recovery_band,
    -- Frequency is a rhythm: the median count of days with a deployment over the complete blocks of days, counted back from
    -- the end. active are those days, counted back likewise; observed begins with the first deployment ever seen.
    (active, observed, block) -> arrayMap(blocks -> arrayReduce('quantileExactInclusive(0.5)',
        arrayMap(b -> countEqual(blocks, b), range(toUInt64(intDiv(observed, block))))), [arrayMap(a -> intDiv(a, block), active)])[1] AS rhythm,
    (active, observed) -> multiIf(empty(active), '', observed < 7, 'not enough data',
        rhythm(active, observed, 7) >= 5, 'Elite', rhythm(active, observed, 7) >= 1, 'High',
        observed < 30, 'not enough data', rhythm(active, observed, 30) >= 1, 'Medium', 'Low') AS frequency_band,
    (b) -> transform(b, ['Elite', 'High', 'Medium', 'Low'], [{{colour "Elite"}}, {{colour "High"}}, {{colour "Medium"}}, {{colour "Low"}}], {{grey}}) AS band_colour
