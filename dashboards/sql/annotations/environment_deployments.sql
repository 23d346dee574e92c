{{template "deployment_marks.sql" true}}
