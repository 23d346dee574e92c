{{template "deployment_marks.sql"}}
