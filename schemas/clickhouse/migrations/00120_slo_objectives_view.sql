CREATE OR REPLACE VIEW slo_objectives {{on_cluster}} (
    objective      LowCardinality(String) COMMENT 'the objective''s key: the SLO''s name, with /name where an SLO has several',
    slo            LowCardinality(String) COMMENT 'the SLO',
    display_name   String COMMENT 'its name for people',
    description    String COMMENT 'what it is for',
    service        LowCardinality(String) COMMENT 'the service whose budget it is',
    team           LowCardinality(String) COMMENT 'its team, by the catalogue',
    target         Float64 COMMENT 'the share that must be good, 0 to 1; the budget is 1 - target',
    budgeting      LowCardinality(String) COMMENT 'Occurrences, Timeslices or RatioTimeslices',
    slice_seconds  UInt32 COMMENT 'length of a time slice, seconds; slices divide an hour',
    slice_target   Float64 COMMENT 'the ratio from which on a slice is good',
    time_window    String COMMENT 'the window as OpenSLO writes it: 28d, or 1M from a date on',
    window_seconds UInt32 COMMENT 'its nominal length, seconds: 30 days a month, 90 a quarter, 365 a year',
    reported       Bool COMMENT 'counted from fivekeys.sli.v1 events, otherwise from spans',
    parts          Array(String) COMMENT 'the objectives that a composite one is made of; empty otherwise',
    weights        Array(Float64) COMMENT 'their weights',
    alerts         String COMMENT 'burn-rate alerts as JSON: name, severity, windows in seconds, factor',
    definition     String COMMENT 'names the counting rules: minutes counted under another one were counted differently'
) AS SELECT objective, slo, display_name, description, service, team, target, budgeting, slice_seconds, slice_target,
    time_window, window_seconds, reported, parts, weights, alerts, definition
FROM slo_objective_facts FINAL
