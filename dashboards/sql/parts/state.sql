multiIf(status = 'started', 'running', status IN ('failed', 'cancelled'), 'never live',
        failed AND (service, deployment_id) IN (SELECT service, deployment_id FROM failures WHERE method = 'rollback'), 'rolled back',
        failed, 'failed', rework, 'rework', 'ok')
