$__conditionalAll(operation IN (${operation:singlequote}), $operation)
