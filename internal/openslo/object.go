package openslo

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"

	"github.com/OpenSLO/go-sdk/pkg/openslo"
	v1 "github.com/OpenSLO/go-sdk/pkg/openslo/v1"
	"github.com/nobl9/govy/pkg/govy"
	"github.com/nobl9/govy/pkg/rules"

	"github.com/fivekeys/fivekeys/internal/suggest"
)

// object is one object of the files, of a type of the SDK.
type object struct {
	kind   openslo.Kind
	name   string
	at     place
	places map[string]place
	report func(Problem)
	value  any
	used   bool
	// broken: the object is refused. It is looked at all the same, so that all
	// mistakes show at once.
	broken bool
	// refused are the paths that a problem was reported of: one is enough.
	refused map[string]bool
}

func (o *object) String() string { return title(o.kind, o.name) }

func title(k openslo.Kind, name string) string {
	if name == "" {
		return string(k) + " without a name"
	}
	return fmt.Sprintf("%s %q", k, clip(name))
}

// place finds where a path stands, or the nearest thing around it.
func (o *object) place(path string) place {
	for path != "" {
		if at, ok := o.places[path]; ok && at.line > 0 {
			return at
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
	return o.at
}

func (o *object) problem(l Level, path, message, hint string) {
	if l == Refused {
		if o.refused[path] && path != "" {
			return
		}
		o.refused[path] = true
	}
	what := o.String() + ": "
	if path != "" {
		what += path + " "
	}
	o.report(o.place(path).problem(l, what+message, hint))
}

func (o *object) refuse(path, message, hint string) { o.problem(Refused, path, message, hint) }

// decode reads one object; ok is false where it is refused.
func (r *reader) decode(n *node) (o *object, ok bool) {
	if n.kind != mapping {
		r.report(n.at.problem(Refused, "an OpenSLO object must have keys, is "+n.words(), "begin with apiVersion: openslo/v1"))
		return nil, false
	}
	version, kindNode := n.get("apiVersion"), n.get("kind")
	switch {
	case version == nil || version.kind == null:
		r.report(n.at.problem(Refused, "no apiVersion here", "write apiVersion: openslo/v1; is this an OpenSLO file?"))
		return nil, false
	case version.text != string(openslo.VersionV1):
		r.report(version.at.problem(Refused, "apiVersion is "+version.words(), "only openslo/v1 is known here"))
		return nil, false
	case kindNode == nil || kindNode.kind == null:
		r.report(n.at.problem(Refused, "no kind here", "write kind: SLO"))
		return nil, false
	}
	o = &object{kind: openslo.Kind(kindNode.text), at: n.at, places: map[string]place{}, report: r.report, refused: map[string]bool{}}
	if name := n.get("metadata").get("name"); name != nil {
		o.name = name.text
	}
	switch o.kind {
	case openslo.KindSLO:
		return o, read[v1.SLO](o, n)
	case openslo.KindSLI:
		return o, read[v1.SLI](o, n)
	case openslo.KindAlertPolicy:
		return o, read[v1.AlertPolicy](o, n)
	case openslo.KindAlertCondition:
		return o, read[v1.AlertCondition](o, n)
	case openslo.KindAlertNotificationTarget:
		return o, read[v1.AlertNotificationTarget](o, n)
	case openslo.KindDataSource:
		return o, read[v1.DataSource](o, n)
	case openslo.KindService:
		return o, read[v1.Service](o, n)
	}
	var known []string
	for _, k := range v1.GetSupportedKinds() {
		known = append(known, string(k))
	}
	r.report(kindNode.at.problem(Refused, "kind is "+kindNode.words(), suggest.DidYouMean(kindNode.text, known)))
	return nil, false
}

// read decodes and validates; whatever is wrong is reported at its line.
func read[T interface{ Validate() error }](o *object, n *node) bool {
	sound := true
	s := &shaper{what: o.String(), places: o.places, refused: o.refused, report: func(p Problem) {
		sound = sound && p.Level != Refused
		o.report(p)
	}}
	var value T
	content, err := json.Marshal(s.value(n, reflect.TypeFor[T](), ""))
	if err == nil {
		err = json.Unmarshal(content, &value)
	}
	if err != nil {
		o.refuse("", "can't be read: "+err.Error(), "")
		return false
	}
	o.value = &value
	var said []func() // after all were looked at: what is said of a path hides what is below
	var wrong *govy.ValidatorError
	switch err := value.Validate(); {
	case err == nil:
	case errors.As(err, &wrong):
		for _, e := range wrong.Errors {
			path := strings.TrimPrefix(e.PropertyPath.String(), "$.")
			if s.within(path) {
				continue
			}
			for _, rule := range e.Errors {
				if message, hint, wrong := verdict(path, rule); wrong {
					said = append(said, func() { o.refuse(path, message, hint) })
				}
			}
		}
	default:
		said = append(said, func() { o.refuse("", "is refused by OpenSLO: "+err.Error(), "") })
	}
	for _, say := range said {
		say()
	}
	o.broken = !sound || len(said) > 0
	return !o.broken
}

// verdict puts what the SDK says into words that help more, where there are
// some. A policy without notificationTargets isn't wrong here: receivers stand
// in fivekeys.yaml. Nor are op and value beside a ratio, which OpenSLO's own
// examples carry: they are warned of.
func verdict(path string, e *govy.RuleError) (message, hint string, wrong bool) {
	key := path[strings.LastIndex(path, ".")+1:]
	is := func(code govy.ErrorCode) bool { return e.Code.Has(code) }
	switch {
	case key == "notificationTargets" && is(rules.ErrorCodeSliceMinLength):
		return "", "", false
	case key == "timeWindow":
		return "must have one entry", "write - {duration: 28d, isRolling: true}", true
	case (key == "target" || key == "targetPercent") && is(rules.ErrorCodeLessThan):
		return "leaves no error budget", "write a target below 100 %: 0.999", true
	case (key == "op" || key == "value") && is(rules.ErrorCodeForbidden):
		return "", "", false
	case key == "conditions":
		return "must have one entry", "write - conditionRef: …", true
	case key == "startTime":
		return "isn't a time", "write 2026-01-01 00:00:00", true
	case key == "timeZone":
		return "isn't a time zone", "write its name in the IANA database: Europe/Berlin", true
	case strings.HasSuffix(path, "condition.kind") && is(rules.ErrorCodeRequired):
		return "is missing", "write kind: burnrate", true
	case is(rules.ErrorCodeRequired):
		return "is missing", "", true
	case is(rules.ErrorCodeStringDNSLabel):
		return "isn't a name", "names are lower-case letters, digits and -, at most 63", true
	}
	return "is refused by OpenSLO: " + e.Message, "", true
}
