{{template "incident_marks.sql" true}}
