package grafanatest

import (
	"cmp"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/prometheus/common/model"
)

// Bounds of Grafana's.
const (
	maxUID       = 40
	maxRuleTitle = 190
	maxTitle     = 189
	// schedulerTick is what the scheduler counts in: an interval is a multiple.
	schedulerTick = 10 * time.Second
	expression    = "__expr__"
)

var uidLetters = regexp.MustCompile(`^[a-zA-Z0-9_-]+$`)

// uid is refused where it is no identity.
func uid(what string, v any) error {
	s, _ := v.(string)
	switch {
	case s == "":
		return fmt.Errorf("%s: no UID set", what)
	case len(s) > maxUID:
		return fmt.Errorf("%s: UID %s is longer than %d symbols", what, s, maxUID)
	case !uidLetters.MatchString(s):
		return fmt.Errorf("%s: UID %q contains illegal characters", what, s)
	}
	return nil
}

// AlertFile says what Grafana refuses of a file of provisioning/alerting, which
// is YAML or JSON. Grafana stops at the first; all are told here.
func AlertFile(content []byte) error {
	var file struct {
		APIVersion int              `yaml:"apiVersion"`
		Groups     []map[string]any `yaml:"groups"`
	}
	if err := yaml.Unmarshal(content, &file); err != nil {
		return fmt.Errorf("read alerting file: %w", err)
	}
	if file.APIVersion != 1 || len(file.Groups) == 0 {
		return errors.New("alerting file: no apiVersion 1, or no groups")
	}
	var out []error
	var before []map[string]any
	for _, g := range file.Groups {
		interval, _ := g["interval"].(string)
		every, err := model.ParseDuration(interval)
		if err != nil {
			out = append(out, fmt.Errorf("rule group %v: interval: %w", g["name"], err))
		}
		if text(g["folder"]) == "" {
			out = append(out, fmt.Errorf("rule group %v has no folder set", g["name"]))
		}
		rules := maps(g["rules"])
		out = append(out, group(text(g["name"]), time.Duration(every), rules, before))
		before = append(before, rules...)
	}
	return errors.Join(out...)
}

// RuleGroup says what Grafana refuses of the body of a rule group at its API.
// The other rules of the folder are there already.
func RuleGroup(body map[string]any, others []map[string]any) error {
	seconds, _ := body["interval"].(float64)
	return group(text(body["title"]), time.Duration(seconds)*time.Second, maps(body["rules"]), others)
}

func group(name string, every time.Duration, rules, others []map[string]any) error {
	var out []error
	refuse := func(format string, args ...any) {
		out = append(out, fmt.Errorf("rule group "+name+": "+format, args...))
	}
	if name == "" {
		refuse("has no name set")
	}
	if every <= 0 || every%schedulerTick != 0 {
		refuse("interval (%s) should be non-zero and divided exactly by scheduler interval: %s", every, schedulerTick)
	}
	uids, titles := map[string]bool{}, map[string]bool{}
	for _, r := range others {
		uids[text(r["uid"])], titles[text(r["title"])] = true, true
	}
	for _, r := range rules {
		if uids[text(r["uid"])] {
			refuse("a rule with the UID %s exists", r["uid"])
		}
		if titles[text(r["title"])] {
			refuse("a conflicting rule has the title %s in this folder", r["title"])
		}
		uids[text(r["uid"])], titles[text(r["title"])] = true, true
		out = append(out, Rule(r))
	}
	return errors.Join(out...)
}

// Rule says what Grafana refuses of one rule, in a file or at the API.
func Rule(r map[string]any) error {
	title := text(r["title"])
	what := "rule " + cmp.Or(title, text(r["uid"]))
	out := []error{uid(what, r["uid"])}
	refuse := func(format string, args ...any) { out = append(out, fmt.Errorf(what+": "+format, args...)) }
	switch {
	case title == "":
		refuse("no title set")
	case len(title) > maxRuleTitle:
		refuse("name length should not be greater than %d", maxRuleTitle)
	}
	if wait, err := model.ParseDuration(text(r["for"])); err != nil || wait < 0 {
		refuse("field `for` is no duration: %v", r["for"])
	}
	if !slices.Contains([]string{"Alerting", "NoData", "OK", "KeepLast"}, text(r["noDataState"])) {
		refuse("unknown NoData state option %v", r["noDataState"])
	}
	if !slices.Contains([]string{"Alerting", "Error", "OK", "KeepLast"}, text(r["execErrState"])) {
		refuse("unknown Error state option %v", r["execErrState"])
	}
	for _, fields := range []string{"labels", "annotations"} {
		if err := texts(r[fields]); err != nil {
			refuse("%s: %w", fields, err)
		}
	}
	out = append(out, labels(what, r["labels"]), panelLink(what, r["annotations"]), data(what, text(r["condition"]), maps(r["data"])))
	return errors.Join(out...)
}

func labels(what string, v any) error {
	m, _ := v.(map[string]any)
	for name := range m {
		if strings.HasPrefix(name, "__") || name == "alertname" || name == "grafana_folder" {
			return fmt.Errorf("%s: the label %s is Grafana's own", what, name)
		}
	}
	return nil
}

// panelLink: a rule names a dashboard and a panel of it, or neither.
func panelLink(what string, v any) error {
	m, _ := v.(map[string]any)
	_, dashboard := m["__dashboardUid__"]
	id, panel := m["__panelId__"]
	if dashboard != panel {
		return fmt.Errorf("%s: both annotations __dashboardUid__ and __panelId__ must be specified", what)
	}
	if n, err := strconv.Atoi(text(id)); panel && (err != nil || n < 1) {
		return fmt.Errorf("%s: annotation __panelId__ must be a valid integer Panel ID, not %v", what, id)
	}
	return nil
}

// data is the steps of a rule: queries, then expressions over them.
func data(what, condition string, steps []map[string]any) error {
	if len(steps) == 0 {
		return fmt.Errorf("%s: no queries or expressions are found", what)
	}
	var out []error
	refuse := func(format string, args ...any) { out = append(out, fmt.Errorf(what+": "+format, args...)) }
	all := map[string]bool{}
	for _, s := range steps {
		if ref := text(s["refId"]); ref == "" || all[ref] {
			refuse("refID %q is none, or there twice", ref)
		}
		all[text(s["refId"])] = true
	}
	if !all[condition] {
		refuse("condition %q does not exist", condition)
	}
	for _, s := range steps {
		ref, source := text(s["refId"]), text(s["datasourceUid"])
		query, _ := s["model"].(map[string]any)
		switch {
		case query == nil:
			refuse("query %s has no model", ref)
		case text(query["refId"]) != ref:
			refuse("query %s calls itself %v", ref, query["refId"])
		case source == expression:
			if err := express(query, ref, all); err != nil {
				refuse("expression %s: %w", ref, err)
			}
		default:
			out = append(out, uid(what+", data source of "+ref, source))
			window, _ := s["relativeTimeRange"].(map[string]any)
			if number(window["from"]) <= number(window["to"]) || number(window["from"]) > float64(24*time.Hour/time.Second)*365 {
				refuse("invalid relative time range %v of %s", window, ref)
			}
		}
	}
	return errors.Join(out...)
}

// express is a step over another one: reduce, then threshold.
func express(query map[string]any, ref string, all map[string]bool) error {
	input := text(query["expression"])
	if input == ref || !all[input] {
		return fmt.Errorf("it reads %q, which is no other step", input)
	}
	switch query["type"] {
	case "reduce":
		if !slices.Contains([]string{"sum", "mean", "min", "max", "count", "last", "median"}, text(query["reducer"])) {
			return fmt.Errorf("reducer %v is not supported", query["reducer"])
		}
	case "threshold":
		conditions := maps(query["conditions"])
		if len(conditions) != 1 {
			return errors.New("threshold expression requires exactly one condition")
		}
		evaluator, _ := conditions[0]["evaluator"].(map[string]any)
		params, _ := evaluator["params"].([]any)
		if !slices.Contains([]string{"gt", "lt", "gte", "lte", "eq", "ne"}, text(evaluator["type"])) || len(params) == 0 {
			return fmt.Errorf("expected threshold function with a number, got %v", evaluator)
		}
	default:
		return fmt.Errorf("type %v is not recognised", query["type"])
	}
	return nil
}

func texts(v any) error {
	m, ok := v.(map[string]any)
	if v != nil && !ok {
		return fmt.Errorf("%v are no texts", v)
	}
	for name, value := range m {
		if _, ok := value.(string); !ok || name == "" {
			return fmt.Errorf("%s is %v, which is no text", name, value)
		}
	}
	return nil
}

func text(v any) string {
	s, _ := v.(string)
	return s
}

func number(v any) float64 {
	switch v := v.(type) {
	case float64:
		return v
	case uint64: // a whole number of YAML
		return float64(v)
	case int64:
		return float64(v)
	}
	return 0
}

func maps(v any) []map[string]any {
	list, _ := v.([]any)
	var out []map[string]any
	for _, e := range list {
		m, _ := e.(map[string]any)
		out = append(out, m)
	}
	return out
}
