$__conditionalAll(splitByChar('/', source)[1] IN (${source:singlequote}), $source)
