    -- The bands of DORA 2023. A test holds them to internal/bands.
    (n, elite, high, medium) -> multiIf(n = 0, '', n < {{minimum}}, 'not enough data', elite, 'Elite', high, 'High', medium, 'Medium', 'Low') AS band,
    (v, n) -> band(n, v < 86400, v < 604800, v < 2592000) AS lead_time_band,
    (v, n) -> band(n, v <= 0.05, v <= 0.10, v <= 0.15) AS fail_rate_band,
    (v, n) -> band(n, v < 3600, v < 86400, v < 604800) AS recovery_band,
    -- Frequency is a rhythm: the median count of deployments over the complete blocks of days, counted back from the end. per_day
    -- pairs days, counted back likewise, with their deployments; observed are the days on which the service was known.
    (per_day, observed, block) -> arrayReduce('quantileExactInclusive(0.5)', arrayMap(b -> arraySum(d -> if(intDiv(d.1, block) = b, d.2, 0), per_day),
        range(toUInt64(intDiv(observed, block))))) AS rhythm,
    (per_day, observed) -> multiIf(observed <= 0, '', observed < 7, 'not enough data',
        rhythm(per_day, observed, 7) > 5, 'Elite', rhythm(per_day, observed, 7) >= 1, 'High',
        observed < 30, 'not enough data', rhythm(per_day, observed, 30) >= 1, 'Medium', 'Low') AS frequency_band,
    (b) -> transform(b, ['Elite', 'High', 'Medium', 'Low'], [{{colour "Elite"}}, {{colour "High"}}, {{colour "Medium"}}, {{colour "Low"}}], {{grey}}) AS band_colour
