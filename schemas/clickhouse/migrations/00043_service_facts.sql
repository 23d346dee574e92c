-- Every service that facts tell of, with the team of those written last and all
-- environments: to choose from, without reading all facts for it. Fed by
-- service_facts_from_….
CREATE TABLE IF NOT EXISTS service_facts {{on_cluster}} (
    service      LowCardinality(String),
    team         SimpleAggregateFunction(max, Tuple(written_at DateTime64(3, 'UTC'), team String)),
    environments SimpleAggregateFunction(groupUniqArrayArray, Array(String))
) ENGINE = {{engine "AggregatingMergeTree"}}
ORDER BY service
{{settings}}
