if(match(url, '^https?://'), url, '')
