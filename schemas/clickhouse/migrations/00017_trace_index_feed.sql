-- A span inserted twice moves no minimum and no maximum.
CREATE MATERIALIZED VIEW IF NOT EXISTS trace_index_feed {{on_cluster}} TO trace_index AS
SELECT trace_id, toDate(start) AS day, min(start) AS first, max(start) AS last FROM span_log GROUP BY trace_id, day
