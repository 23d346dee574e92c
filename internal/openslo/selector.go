package openslo

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"time"

	"github.com/fivekeys/fivekeys/internal/suggest"
	"github.com/fivekeys/fivekeys/schemas"
)

// metric is what a metric source of type fivekeys selects.
type metric struct {
	selector *schemas.SpanSelector
	named    bool          // the service is written out
	unit     time.Duration // of a threshold's value
	reported bool
}

// selecting reads a selector; its keys are documented in docs/slos.md.
type selecting struct {
	source
	threshold bool
	failed    bool
}

var selectorKeys = []string{"service", "operation", "kinds", "status", "attributes", "max_duration", "min_duration", "unit", "reported"}

// Kinds and statuses as selectors write them.
var (
	kinds    = []string{"server", "consumer", "client", "producer", "internal", "unspecified"}
	statuses = []string{"ok", "error"}
	units    = map[string]time.Duration{"ns": time.Nanosecond, "us": time.Microsecond, "ms": time.Millisecond, "s": time.Second}
)

// everyService is how a selector writes that the service doesn't matter.
const everyService = "*"

func (s *selecting) refuse(key, message, hint string) {
	s.failed = true
	s.refuseAt(key, message, hint)
}

func (s *selecting) read(spec map[string]any, service string) metric {
	m := metric{selector: &schemas.SpanSelector{Service: service}, unit: time.Millisecond}
	for _, key := range slices.Sorted(maps.Keys(spec)) {
		v := spec[key]
		switch key {
		case "service":
			m.named = true
			if m.selector.Service = s.word(key, v); m.selector.Service == everyService {
				m.selector.Service = ""
			}
		case "operation":
			m.selector.Operation = s.word(key, v)
		case "kinds":
			for _, kind := range s.words(key, v) {
				m.selector.Kinds = append(m.selector.Kinds, s.oneOf(key, kind, kinds))
			}
			slices.Sort(m.selector.Kinds)
		case "status":
			m.selector.Status = s.oneOf(key, s.word(key, v), statuses)
		case "attributes":
			m.selector.Attributes = s.attributes(v)
		case "max_duration":
			m.selector.MaxDuration = s.duration(key, v)
		case "min_duration":
			m.selector.MinDuration = s.duration(key, v)
		case "unit":
			unit := s.oneOf(key, s.word(key, v), keys(units))
			if m.unit = units[unit]; !s.threshold {
				s.refuse(key, "means nothing here", "it is the unit of a threshold's value")
			}
		case "reported":
			reported, ok := v.(bool)
			if !ok || !reported {
				s.refuse(key, "must be true", "leave it out to count spans")
			}
			if m.reported = reported; len(spec) > 1 {
				s.refuse(key, "stands beside other keys", "reported counts are whole: no spans are selected")
			}
		default:
			s.refuse(key, "is unknown in a metricSource of type fivekeys", suggest.DidYouMean(key, selectorKeys))
		}
	}
	if sel := m.selector; sel.MaxDuration > 0 && sel.MinDuration > sel.MaxDuration {
		s.refuse("min_duration", "is longer than max_duration: no span is both", "")
	}
	return m
}

// word is a text, or what reads as one.
func (s *selecting) word(key string, v any) string {
	var w string
	switch v := v.(type) {
	case string:
		w = v
	case bool:
		w = strconv.FormatBool(v)
	case float64:
		w = strconv.FormatFloat(v, 'f', -1, 64)
	default:
		s.refuse(key, "must be one text", "")
		return ""
	}
	if w == "" {
		s.refuse(key, "is empty", "leave it out or fill it in")
	}
	return w
}

// words is a list of texts, or one.
func (s *selecting) words(key string, v any) []string {
	all, ok := v.([]any)
	if !ok {
		return []string{s.word(key, v)}
	}
	if len(all) == 0 {
		s.refuse(key, "is an empty list", "leave it out or fill it in")
	}
	texts := make([]string, len(all))
	for i, v := range all {
		texts[i] = s.word(key, v)
	}
	return texts
}

func (s *selecting) oneOf(key, word string, known []string) string {
	if word != "" && !slices.Contains(known, word) {
		s.refuse(key, fmt.Sprintf("can't be %q", clip(word)), suggest.DidYouMean(word, known))
	}
	return word
}

func (s *selecting) duration(key string, v any) time.Duration {
	w := s.word(key, v)
	d, err := time.ParseDuration(w)
	if w != "" && (err != nil || d <= 0) {
		s.refuse(key, fmt.Sprintf("%q isn't a duration", clip(w)), "write 300ms, 2s or 1m")
	}
	return d
}

func (s *selecting) attributes(v any) []schemas.AttributeMatch {
	table, ok := v.(map[string]any)
	if !ok || len(table) == 0 {
		s.refuse("attributes", "must have keys: the attributes", "write http.route: /cart")
		return nil
	}
	var all []schemas.AttributeMatch
	for _, key := range slices.Sorted(maps.Keys(table)) {
		path, v := "attributes."+key, table[key]
		match := schemas.AttributeMatch{Key: key}
		if not, ok := v.(map[string]any); ok {
			if _, has := not["not"]; !has || len(not) != 1 {
				s.refuse(path, "must be a value, a list of values or not:", "write {not: value}")
				continue
			}
			match.Not, v = true, not["not"]
		}
		match.Values = s.words(path, v)
		all = append(all, match)
	}
	return all
}

// contradiction says why no span of total can be in part, empty where one may.
func contradiction(total, part *schemas.SpanSelector) string {
	switch {
	case total.Service != "" && part.Service != "" && total.Service != part.Service:
		return fmt.Sprintf("service is %s there, %s here", total.Service, part.Service)
	case total.Status != "" && part.Status != "" && total.Status != part.Status:
		return fmt.Sprintf("status is %s there, %s here", total.Status, part.Status)
	case !slices.ContainsFunc(orDefault(part.Kinds), func(k string) bool { return slices.Contains(orDefault(total.Kinds), k) }):
		return fmt.Sprintf("kinds are %v there, %v here", orDefault(total.Kinds), orDefault(part.Kinds))
	case total.MaxDuration > 0 && part.MinDuration > total.MaxDuration, part.MaxDuration > 0 && total.MinDuration > part.MaxDuration:
		return "no duration is within both bounds"
	}
	return ""
}

func orDefault(kinds []string) []string {
	if len(kinds) == 0 {
		return []string{"consumer", "server"}
	}
	return kinds
}
