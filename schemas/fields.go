package schemas

import (
	"reflect"
	"regexp"
	"strings"
	"time"
)

// Every text of a payload is a name and every time one of something that has
// happened, unless its field says otherwise:
//
//	fivekeys:"text"     is only read: a title, a message
//	fivekeys:"planned"  may lie ahead
//	fivekeys:"sha"      is a commit's name
//
// So a field that is added is checked without anybody having to remember it.
const (
	fieldTag     = "fivekeys"
	fieldText    = "text"
	fieldPlanned = "planned"
	fieldSHA     = "sha"
)

// field is one text or time of a payload.
type field struct {
	path string // as the sender writes it: "pull_request.merged_at"
	tag  string
	text *string
	at   time.Time
}

var timeType = reflect.TypeFor[time.Time]()

// eachField calls visit for every name and time that is given, until visit
// returns an error.
func eachField(p Payload, visit func(field) error) error {
	return walk(reflect.ValueOf(p).Elem(), "", "", visit)
}

func walk(v reflect.Value, path, tag string, visit func(field) error) error {
	switch {
	case v.Type() == timeType:
		at, _ := v.Interface().(time.Time)
		return visit(field{path: path, tag: tag, at: at})
	case v.IsZero():
		return nil // not given; a pointer to year one is
	case v.Kind() == reflect.Pointer:
		return walk(v.Elem(), path, tag, visit)
	case v.Kind() == reflect.String && tag != fieldText:
		text, _ := v.Addr().Convert(reflect.TypeFor[*string]()).Interface().(*string) // of a named type too
		return visit(field{path: path, tag: tag, text: text})
	case v.Kind() == reflect.Slice:
		for i := range v.Len() {
			if err := walk(v.Index(i), path, tag, visit); err != nil {
				return err
			}
		}
	case v.Kind() == reflect.Struct:
		for i := range v.NumField() {
			f := v.Type().Field(i)
			if f.Type == timeType && v.Field(i).IsZero() {
				continue // not given either
			}
			name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
			if err := walk(v.Field(i), strings.TrimPrefix(path+"."+name, "."), f.Tag.Get(fieldTag), visit); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkFields says which name or time of a payload is not accepted.
func checkFields(p Payload, now time.Time) error {
	return eachField(p, func(f field) error {
		var err error
		switch {
		case f.text != nil:
			err = CheckName(*f.text)
		case f.tag == fieldPlanned:
			err = CheckTime(f.at)
		default:
			err = CheckHappened(f.at, now)
		}
		if err != nil {
			return &FieldError{Field: f.path, Reason: err.Error()}
		}
		return nil
	})
}

// commit is a commit's name, whole or abbreviated: git's own shortest has seven
// digits, and fewer would soon be several commits'.
var commit = regexp.MustCompile(`^[0-9a-fA-F]{7,64}$`)

// checkSHAs says which of a payload's SHAs is none: a tag, a branch, "HEAD".
// Such an event would stand for ever beside the changes it means.
func checkSHAs(p Payload) error {
	return eachField(p, func(f field) error {
		if f.tag == fieldSHA && !commit.MatchString(*f.text) {
			return fieldError(f.path, "%q is no commit's SHA: 7 to 64 hex digits (git rev-parse HEAD)", *f.text)
		}
		return nil
	})
}

// cleanNames makes names of a payload's texts that should be ones.
func cleanNames(p Payload) {
	_ = eachField(p, func(f field) error {
		if f.text != nil {
			*f.text = CleanName(*f.text)
		}
		return nil
	})
}
