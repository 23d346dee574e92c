package dashboards

import (
	"embed"
	"fmt"
	"strconv"
	"strings"
	"text/template"

	"github.com/fivekeys/fivekeys/internal/bands"
)

// bandsVersion are the thresholds in sql/parts/bands.sql.
const bandsVersion = "2023"

// JudgeOtherwise says where the dashboards' bands differ from a configuration's;
// "" means that they don't. A minimum of 0 is the default.
func JudgeOtherwise(version string, minimum int) string {
	if version == bandsVersion && (minimum == 0 || minimum == bands.DefaultMinimumSample) {
		return ""
	}
	return fmt.Sprintf("the dashboards judge by the bands of %s and a minimum sample of %d, whatever the configuration says: "+
		"their bands may differ from those of fivekeys report", bandsVersion, bands.DefaultMinimumSample)
}

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
	t, err := parts()
	if err != nil {
		return "", err
	}
	if t, err = t.New(name).Parse(string(text)); err != nil {
		return "", fmt.Errorf("parse SQL: %w", err)
	}
	var out strings.Builder
	if err := t.Execute(&out, nil); err != nil {
		return "", fmt.Errorf("render SQL %s: %w", name, err)
	}
	return withoutComments(out.String()), nil
}

// parts parses sql/parts, each file under its own name.
func parts() (*template.Template, error) {
	t := template.New("").Funcs(template.FuncMap{
		"colour":  func(band string) string { return quote(bandColours[band]) },
		"grey":    func() string { return quote(grey) },
		"minimum": func() string { return strconv.Itoa(bands.DefaultMinimumSample) },
	})
	files, err := sqlFiles.ReadDir("sql/parts")
	if err != nil {
		return nil, fmt.Errorf("list SQL parts: %w", err)
	}
	for _, f := range files {
		text, err := sqlFiles.ReadFile("sql/parts/" + f.Name())
		if err != nil {
			return nil, fmt.Errorf("read SQL part: %w", err)
		}
		if _, err := t.New(f.Name()).Parse(strings.TrimSpace(string(text))); err != nil {
			return nil, fmt.Errorf("parse SQL part: %w", err)
		}
	}
	return t, nil
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
