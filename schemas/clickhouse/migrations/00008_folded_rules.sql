-- Which rules (schemas.Service.Fingerprint) each service's facts were folded
-- under. Another fingerprint in the catalogue means they must be folded again.
CREATE TABLE IF NOT EXISTS folded_rules {{on_cluster}} (
    service     LowCardinality(String),
    fingerprint String,
    folded_at   DateTime64(3, 'UTC')
) ENGINE = {{engine "ReplacingMergeTree" "folded_at"}}
ORDER BY service
{{settings}}
