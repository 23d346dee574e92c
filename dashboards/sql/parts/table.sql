    rate * 7 AS a_week, deployed AS deployments, rate_band,
    if(leads = 0, NULL, lead) AS lead_time, leads AS changes, lead_band,
    fail_rate, of_all(broke, deployed) AS failed_of, failed_band,
    if(recoveries = 0, NULL, recovery) AS recovery_time, joined([if(recoveries = 0, '', toString(recoveries)), if(still_broken = 0, '', concat(toString(still_broken), ' open'))]) AS recovered,
    recovered_band, if(deployed = 0, NULL, rework_rate) AS rework_rate, of_all(reworked, deployed) AS reworked_of
