    outcomes AS (
        SELECT at, metric, extract(label, '(?:^|,)outcome=([^,]*)') AS outcome, extract(label, '(?:^|,)(?:source|protocol)=([^,]*)') AS who, increase,
            outcome NOT IN ('accepted', 'duplicate', 'partial', 'decoded', 'ignored', 'retried') AS bad
        FROM increases
    )
