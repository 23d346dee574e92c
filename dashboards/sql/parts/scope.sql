$__conditionalAll(if(team = '', 'no team', team) IN (${team:singlequote}), $team) AND $__conditionalAll(service IN (${service:singlequote}), $service)
