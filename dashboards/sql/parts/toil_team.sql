$__conditionalAll(if(team = '', 'no team', team) IN (${team:singlequote}), $team)
