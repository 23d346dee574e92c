{{template "failure_marks.sql"}}
