package grafanatest

import (
	"errors"
	"fmt"
	"strings"
)

// Dashboard says what Grafana refuses of a dashboard in a folder.
func Dashboard(model map[string]any, folderTitle string) error {
	title := text(model["title"])
	what := "dashboard " + title
	out := []error{uid(what, model["uid"])}
	refuse := func(format string, args ...any) { out = append(out, fmt.Errorf(what+": "+format, args...)) }
	switch {
	case strings.TrimSpace(title) == "":
		refuse("Dashboard title cannot be empty")
	case len(title) > maxTitle:
		refuse("the title is longer than %d characters", maxTitle)
	case strings.EqualFold(title, folderTitle):
		refuse("Dashboard name cannot be the same as folder")
	}
	ids := map[any]bool{}
	for _, p := range maps(model["panels"]) {
		if p["id"] == nil || ids[p["id"]] {
			refuse("panel %v has no id of its own", p["title"])
		}
		ids[p["id"]] = true
	}
	names := map[string]bool{}
	templating, _ := model["templating"].(map[string]any)
	for _, v := range maps(templating["list"]) {
		if name := text(v["name"]); name == "" || names[name] {
			refuse("variable %q has no name of its own", name)
		}
		names[text(v["name"])] = true
	}
	return errors.Join(out...)
}
