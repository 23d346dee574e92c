-- Where there is no data, no minutes are known: that is not 0.
ALTER TABLE alert_facts {{on_cluster}} MODIFY COLUMN minutes_left Nullable(Float64)
