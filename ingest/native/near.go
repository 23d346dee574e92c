package native

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

// documented writes the data's fields as they are documented where they differ
// in nothing but case: reading an event takes "Service" for "service", while the
// store's queries would find none. It tells of those, and of unknown fields that
// look like known ones which are not given; they are kept, and used for nothing.
func documented(t schemas.EventType, data json.RawMessage, told *warnings) (json.RawMessage, error) {
	known, object := payloadFields[t], fieldsIn(data)
	renamed := false
	for _, name := range slices.Sorted(maps.Keys(object)) {
		exact := known[strings.ToLower(name)]
		if exact == "" || exact == name {
			continue
		}
		if _, both := object[exact]; both {
			return nil, fieldError("data."+name, "and data.%s are one field; send one of them", exact)
		}
		told.add("data."+name, "is read as data.%s, which is how it is documented", exact)
		object[exact] = object[name]
		delete(object, name)
		renamed = true
	}
	suggest("data.", object, known, otherWords, told)
	if !renamed {
		return data, nil
	}
	return json.Marshal(object)
}

// fieldsIn gives the fields of an object; what is none has none, and is told of
// where it is read.
func fieldsIn(raw json.RawMessage) map[string]json.RawMessage {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return nil
	}
	return object
}

// otherWords are names by which other tools call a field.
var otherWords = map[string]string{
	"commit": "sha", "commitsha": "sha", "commitid": "sha", "revision": "sha", "gitsha": "sha", "hash": "sha", "ref": "sha",
	"env": "environment", "stage": "environment", "app": "service", "application": "service", "servicename": "service",
	"state": "status", "result": "status", "outcome": "status", "tag": "version", "release": "version", "user": "actor",
	"id": "deployment_id", "repo": "repository",
	"duration": "minutes", "objective": "slo", "start": "started_at", "end": "ended_at", "until": "to",
}

func suggest(path string, object map[string]json.RawMessage, known, words map[string]string, told *warnings) {
	for _, name := range slices.Sorted(maps.Keys(object)) {
		if known[strings.ToLower(name)] != "" {
			continue
		}
		meant := near(name, known, words)
		if _, given := object[meant]; meant != "" && !given {
			told.add(path+name, "is unknown and used for nothing; is %s%s meant?", path, meant)
		}
	}
}

// near gives the known field that a name looks like, or "".
func near(name string, known, words map[string]string) string {
	plain := strings.NewReplacer("_", "", "-", "", ".", "", " ", "").Replace(strings.ToLower(name))
	for _, field := range slices.Sorted(maps.Keys(known)) {
		if oneSlip(plain, strings.ReplaceAll(field, "_", "")) {
			return known[field]
		}
	}
	for _, word := range slices.Sorted(maps.Keys(words)) {
		if field := words[word]; known[field] != "" && (plain == word || oneSlip(plain, word)) {
			return field
		}
	}
	return ""
}

// oneSlip says whether two words differ in at most one letter that is too many,
// missing, another, or swapped with its neighbour. Short words always do.
func oneSlip(a, b string) bool {
	const shortest = 4
	switch {
	case a == b:
		return true
	case min(len(a), len(b)) < shortest, len(a) > len(b)+1, len(b) > len(a)+1:
		return false
	}
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	a, b = a[n:], b[n:]
	switch {
	case len(a) > len(b):
		return a[1:] == b
	case len(a) < len(b):
		return a == b[1:]
	}
	return a[1:] == b[1:] || len(a) > 1 && a[0] == b[1] && a[1] == b[0] && a[2:] == b[2:]
}

var envelopeFields = fieldsOf(reflect.TypeFor[object](), "dataschema")

var payloadFields = func() map[schemas.EventType]map[string]string {
	all := map[schemas.EventType]map[string]string{}
	for _, t := range schemas.EventTypes {
		if p, err := schemas.NewPayload(t); err == nil {
			all[t] = fieldsOf(reflect.TypeOf(p).Elem())
		}
	}
	return all
}()

// fieldsOf gives the names of a type's fields by their lower case.
func fieldsOf(t reflect.Type, also ...string) map[string]string {
	names := map[string]string{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		also = append(also, name)
	}
	for _, name := range also {
		names[strings.ToLower(name)] = name
	}
	return names
}
