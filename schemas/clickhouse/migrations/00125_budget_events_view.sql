CREATE OR REPLACE VIEW budget_events {{on_cluster}} (
    objective LowCardinality(String) COMMENT 'the objective''s key',
    slo       LowCardinality(String) COMMENT 'its SLO',
    service   LowCardinality(String) COMMENT 'the service',
    team      LowCardinality(String) COMMENT 'its team, by the catalogue',
    at        DateTime('UTC') COMMENT 'the minute it happened',
    state     LowCardinality(String) COMMENT 'exhausted or restored',
    remaining Nullable(Float64) COMMENT 'share of the budget left then, in force; null: no data',
    summary   String COMMENT 'a sentence for people',
    id        String COMMENT 'identity of the signal'
) AS SELECT objective, slo, service, team, at, state, remaining, summary, id FROM budget_event_facts FINAL
