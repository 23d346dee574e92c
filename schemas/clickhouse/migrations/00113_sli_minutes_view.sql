CREATE OR REPLACE VIEW sli_minutes {{on_cluster}} (
    objective LowCardinality(String) COMMENT 'the objective, or the SLO where a sender reported counts for it by name',
    minute    DateTime('UTC') COMMENT 'the minute',
    version   LowCardinality(String) COMMENT 'service.version of the spans counted; empty where unknown',
    good      UInt64 COMMENT 'good events',
    total     UInt64 COMMENT 'all events',
    source    String COMMENT 'spans, or reports for counts that were sent'
) AS SELECT objective, minute, release AS version, sum(f.good) AS good, sum(f.total) AS total, 'spans' AS source
FROM sli_minute_facts AS f FINAL GROUP BY objective, minute, version
UNION ALL
SELECT slo AS objective, minute, toLowCardinality('') AS version, sum(r.good) AS good, sum(r.total) AS total, 'reports' AS source
FROM sli_report_facts AS r FINAL GROUP BY objective, minute
