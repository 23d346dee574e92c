    -- One cell for each key: its value, its band and what it rests on.
    if(isNull(rate), 'no data', joined([human_rate(assumeNotNull(rate)), rate_band, counted(deployed, 'deployment', 'deployments')])) AS frequency,
    if(leads = 0, 'no data', joined([human_duration(lead), lead_band, counted(leads, 'change', 'changes')])) AS lead_time,
    multiIf(deployed = 0, 'no data', isNull(figures.fail_rate), concat(toString(broke), ' of ', toString(deployed), ', nobody could have told'),
        joined([human_ratio(assumeNotNull(figures.fail_rate)), failed_band, of_all(broke, deployed)])) AS fail_rate,
    if(recoveries = 0, if(still_broken = 0, 'no data', concat(toString(still_broken), ' open')), joined([human_duration(figures.recovery), recovered_band,
        concat(toString(recoveries), ' recovered'), if(still_broken = 0, '', concat(toString(still_broken), ' open'))])) AS recovery,
    if(deployed = 0, 'no data', joined([human_ratio(rework_rate), of_all(reworked, deployed)])) AS rework
