package dashboards

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"text/template"

	"github.com/fivekeys/fivekeys/internal/bands"
)

//go:embed sql
var sqlFiles embed.FS

// query renders one file under sql/. Files share what stands in sql/parts by
// {{template "name.sql" argument}}; comments stay behind, because the plugin
// looks for its macros in them too.
func query(name string) (string, error) {
	text, err := sqlFiles.ReadFile("sql/" + name)
	if err != nil {
		return "", fmt.Errorf("read SQL: %w", err)
	}
	t, err := template.New(name).Funcs(template.FuncMap{
		"colour":  func(band string) string { return quote(bandColours[band]) },
		"grey":    func() string { return quote(grey) },
		"minimum": func() string { return strconv.Itoa(bands.DefaultMinimumSample) },
	}).ParseFS(sqlFiles, "sql/parts/*.sql")
	if err != nil {
		return "", fmt.Errorf("parse SQL parts: %w", err)
	}
	if t, err = t.Parse(string(text)); err != nil {
		return "", fmt.Errorf("parse SQL: %w", err)
	}
	var out strings.Builder
	if err := t.Execute(&out, nil); err != nil {
		return "", fmt.Errorf("render SQL %s: %w", name, err)
	}
	return withoutComments(out.String()), nil
}

func quote(s string) string { return "'" + s + "'" }

// withoutComments drops lines that are comments and lines that are empty.
func withoutComments(sql string) string {
	var kept []string
	for line := range strings.Lines(sql) {
		trimmed := strings.TrimSpace(line)
		if trimmed == "" || strings.HasPrefix(trimmed, "--") {
			continue
		}
		kept = append(kept, strings.TrimRight(line, " \n"))
	}
	return strings.Join(kept, "\n")
}
