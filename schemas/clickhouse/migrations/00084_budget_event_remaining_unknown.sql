-- Where there is no data, nothing is known to be left: that is not 0.
ALTER TABLE budget_event_facts {{on_cluster}} MODIFY COLUMN remaining Nullable(Float64)
