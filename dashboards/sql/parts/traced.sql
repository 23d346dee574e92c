$__conditionalAll(service IN (${service:singlequote}), $service)
