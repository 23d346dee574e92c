objective IN (SELECT objective FROM slo_status WHERE {{template "scope.sql"}} AND {{template "objective.sql"}} ORDER BY remaining_in_force ASC NULLS LAST, objective LIMIT 20)
