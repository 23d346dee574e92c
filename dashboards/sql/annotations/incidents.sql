{{template "incident_marks.sql"}}
