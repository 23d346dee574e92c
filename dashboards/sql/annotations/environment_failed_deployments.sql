{{template "failure_marks.sql" true}}
