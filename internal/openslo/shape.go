package openslo

import (
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"regexp"
	"strconv"
	"strings"

	v1 "github.com/OpenSLO/go-sdk/pkg/openslo/v1"

	"github.com/fivekeys/fivekeys/internal/suggest"
)

// shaper turns a tree into what encoding/json decodes into a type of the SDK,
// and reports what has no place in that type. It remembers where each path
// stands, for the problems that are found later.
type shaper struct {
	what   string // for messages: SLO "checkout"
	report func(Problem)
	places map[string]place
	// refused paths have a problem already: the SDK would only repeat it.
	refused map[string]bool
}

var (
	durationShorthand = reflect.TypeFor[v1.DurationShorthand]()
	jsonUnmarshaler   = reflect.TypeFor[json.Unmarshaler]()
	rawMessage        = reflect.TypeFor[json.RawMessage]()
	durationPattern   = regexp.MustCompile(`^[0-9]{1,6}[mhdwMQY]$`)
)

func (s *shaper) refuse(n *node, path, message, hint string) {
	s.refused[path] = true
	s.report(n.at.problem(Refused, fmt.Sprintf("%s: %s %s", s.what, path, message), hint))
}

// within says whether a path or something in it has been refused: what the SDK
// then misses there is there, and wrong.
func (s *shaper) within(path string) bool {
	if s.refused[path] {
		return true
	}
	for refused := range s.refused {
		if strings.HasPrefix(refused, path+".") && path != "" {
			return true
		}
	}
	return false
}

// value gives what json.Marshal should see; nil where there is nothing.
func (s *shaper) value(n *node, t reflect.Type, path string) any {
	if n == nil {
		return nil
	}
	s.places[path] = n.at
	for t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case n.kind == null:
		return nil
	case t == durationShorthand:
		return s.duration(n, path)
	case t == rawMessage, t.Kind() == reflect.Interface:
		return s.anything(n, path)
	case t.Kind() == reflect.Slice && reflect.PointerTo(t).Implements(jsonUnmarshaler) && n.kind != list:
		return s.value(n, t.Elem(), path) // a label may be one value
	}
	switch t.Kind() {
	case reflect.Struct:
		return s.object(n, t, path)
	case reflect.Map:
		return s.table(n, t, path)
	case reflect.Slice:
		if n.kind != list {
			s.refuse(n, path, "must be a list, is "+n.words(), "begin each entry with a dash")
			return nil
		}
		all := make([]any, len(n.items))
		for i, item := range n.items {
			if all[i] = s.value(item, t.Elem(), fmt.Sprintf("%s[%d]", path, i)); all[i] == nil && item.kind == null {
				s.refuse(n, fmt.Sprintf("%s[%d]", path, i), "is empty", "remove the dash")
			}
		}
		return all
	case reflect.String:
		if n.kind == text || n.kind == number || n.kind == boolean {
			return n.text
		}
		s.refuse(n, path, "must be text, is "+n.words(), "")
	case reflect.Bool:
		if n.kind == boolean {
			return n.text == "true"
		}
		s.refuse(n, path, "must be true or false, is "+n.words(), "")
	case reflect.Float64, reflect.Int:
		if f, err := strconv.ParseFloat(n.text, 64); n.kind == number && err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return f
		}
		s.refuse(n, path, "must be a number, is "+n.words(), "")
	default:
		s.refuse(n, path, "can't be read", "")
	}
	return nil
}

// duration takes OpenSLO's shorthand, and a bare number for minutes.
func (s *shaper) duration(n *node, path string) any {
	if n.kind == number {
		return n.text + "m"
	}
	if n.kind != text || !durationPattern.MatchString(n.text) {
		s.refuse(n, path, "isn't a duration, is "+n.words(), "write a number and one of m, h, d, w, M (month), Q, Y: 28d")
		return nil
	}
	return n.text
}

func (s *shaper) object(n *node, t reflect.Type, path string) any {
	known := map[string]reflect.Type{}
	collect(t, known)
	if n.kind != mapping {
		s.refuse(n, path, "must have keys, is "+n.words(), suggest.DidYouMean("", keys(known)))
		return nil
	}
	all := map[string]any{}
	for _, f := range n.fields {
		child := join(path, f.key)
		s.places[child] = f.at
		ft, ok := known[f.key]
		if !ok {
			where := path
			if where == "" {
				where = "the object"
			}
			s.report(f.at.problem(Refused, fmt.Sprintf("%s: unknown key %q in %s", s.what, clip(f.key), where), suggest.DidYouMean(f.key, keys(known))))
			continue
		}
		if v := s.value(f.value, ft, child); v != nil {
			all[f.key] = v
		}
		s.places[child] = f.at
	}
	return all
}

func (s *shaper) table(n *node, t reflect.Type, path string) any {
	if n.kind != mapping {
		s.refuse(n, path, "must have keys, is "+n.words(), "")
		return nil
	}
	all := map[string]any{}
	for _, f := range n.fields {
		child := join(path, f.key)
		all[f.key] = s.value(f.value, t.Elem(), child)
		s.places[child] = f.at
	}
	return all
}

// anything is a value that OpenSLO leaves open.
func (s *shaper) anything(n *node, path string) any {
	s.places[path] = n.at
	switch n.kind {
	case text:
		return n.text
	case number:
		if f, err := strconv.ParseFloat(n.text, 64); err == nil && !math.IsInf(f, 0) && !math.IsNaN(f) {
			return json.Number(n.text)
		}
		return n.text
	case boolean:
		return n.text == "true"
	case list:
		all := make([]any, len(n.items))
		for i, item := range n.items {
			all[i] = s.anything(item, fmt.Sprintf("%s[%d]", path, i))
		}
		return all
	case mapping:
		all := map[string]any{}
		for _, f := range n.fields {
			all[f.key] = s.anything(f.value, join(path, f.key))
		}
		return all
	case null:
	}
	return nil
}

// collect finds the keys of a type by its tags, those of embedded ones too.
func collect(t reflect.Type, into map[string]reflect.Type) {
	for i := range t.NumField() {
		f := t.Field(i)
		ft := f.Type
		if f.Anonymous {
			if ft.Kind() == reflect.Pointer {
				ft = ft.Elem()
			}
			collect(ft, into)
			continue
		}
		if name, _, _ := strings.Cut(f.Tag.Get("json"), ","); name != "" && name != "-" {
			into[name] = ft
		}
	}
}

func join(path, key string) string {
	if path == "" {
		return key
	}
	return path + "." + key
}

func keys[V any](m map[string]V) []string {
	all := make([]string, 0, len(m))
	for k := range m {
		all = append(all, k)
	}
	return all
}
