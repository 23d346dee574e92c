replaceRegexpAll({{.}}, '\\b([0-9a-f]{12})[0-9a-f]{28}\\b', '\\1')
