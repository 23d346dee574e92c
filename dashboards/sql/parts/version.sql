if(version != '', {{template "brief.sql" "version"}}, substring(sha, 1, 12))
