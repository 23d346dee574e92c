package schemas

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"time"
)

// ReadJSON reads what a sender has written into v, a pointer to a struct. Its
// error is a *FieldError that names the field as it was written and says what
// should be there: "pull_request.number: must be a whole number, is a text".
// Go's own error names types of ours, and no field where a time can't be read. A
// type that reads itself says what it expects with Shape.
func ReadJSON(data []byte, v any) error {
	err := json.Unmarshal(data, v)
	if err == nil {
		return nil
	}
	if !json.Valid(data) {
		return fieldError("", "is not JSON: %s", strings.TrimPrefix(err.Error(), "json: "))
	}
	if found := misfit(data, reflect.TypeOf(v).Elem(), ""); found != nil {
		return found
	}
	return fieldError("", "is not of the documented shape")
}

// misfit finds the first field of a type that doesn't take what stands for it.
func misfit(raw json.RawMessage, t reflect.Type, path string) error {
	is := describe(raw)
	wrong := func(want string) error { return fieldError(path, "must be %s, is %s", want, is) }
	switch {
	case is == "null":
		return nil
	case t == timeType:
		var text string
		if json.Unmarshal(raw, &text) != nil {
			return wrong(aTime)
		}
		if _, err := time.Parse(time.RFC3339, text); err != nil {
			return fieldError(path, "must be %s, is %q", aTime, text)
		}
		return nil
	case t.Kind() == reflect.Pointer:
		return misfit(raw, t.Elem(), path)
	case json.Unmarshal(raw, reflect.New(t).Interface()) == nil:
		return nil
	}
	if s, ok := reflect.New(t).Interface().(interface{ Shape() string }); ok {
		return wrong(s.Shape())
	}
	switch t.Kind() {
	case reflect.String:
		return wrong("a text")
	case reflect.Bool:
		return wrong("true or false")
	case reflect.Int, reflect.Int64, reflect.Int32, reflect.Int16, reflect.Int8:
		return wrong("a whole number")
	case reflect.Uint, reflect.Uint64, reflect.Uint32, reflect.Uint16, reflect.Uint8:
		return wrong("a whole number that is not negative")
	case reflect.Float64, reflect.Float32:
		return wrong("a number")
	case reflect.Slice:
		return misfitList(raw, t, path, wrong)
	case reflect.Map:
		return misfitMap(raw, t, path, wrong)
	case reflect.Struct:
		return misfitObject(raw, t, path, wrong)
	}
	return wrong("something else")
}

const aTime = "a time such as 2026-01-31T13:00:00Z"

func misfitList(raw json.RawMessage, t reflect.Type, path string, wrong func(string) error) error {
	var list []json.RawMessage
	if json.Unmarshal(raw, &list) != nil {
		return wrong("a list")
	}
	for i, one := range list {
		if err := misfit(one, t.Elem(), fmt.Sprintf("%s.%d", path, i)); err != nil {
			return err
		}
	}
	return nil
}

func misfitMap(raw json.RawMessage, t reflect.Type, path string, wrong func(string) error) error {
	var entries map[string]json.RawMessage
	if json.Unmarshal(raw, &entries) != nil {
		return wrong("an object")
	}
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		if err := misfit(entries[key], t.Elem(), path+"."+key); err != nil {
			return err
		}
	}
	return nil
}

func misfitObject(raw json.RawMessage, t reflect.Type, path string, wrong func(string) error) error {
	var object map[string]json.RawMessage
	if json.Unmarshal(raw, &object) != nil {
		return wrong("an object")
	}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("json"), ",")
		for key, value := range object {
			if !strings.EqualFold(key, name) {
				continue
			}
			if err := misfit(value, t.Field(i).Type, strings.TrimPrefix(path+"."+key, ".")); err != nil {
				return err
			}
		}
	}
	return nil
}

// describe says what a JSON value is; short numbers are told as they stand.
func describe(raw json.RawMessage) string {
	text := strings.TrimSpace(string(raw))
	if text == "" {
		return "nothing"
	}
	switch text[0] {
	case '"':
		return "a text"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f', 'n':
		return text
	}
	const enough = 24
	if len(text) > enough {
		return "a long number"
	}
	return text
}
