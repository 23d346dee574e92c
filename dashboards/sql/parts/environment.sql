$__conditionalAll(if(environment = '', 'not named', environment) IN (${environment:singlequote}), $environment)
