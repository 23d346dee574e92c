package dashboards

const budgetsUID = "fivekeys-budgets"
