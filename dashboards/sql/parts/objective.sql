$__conditionalAll(objective IN (${objective:singlequote}), $objective)
