package jsonshape_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/internal/jsonshape"
)

func TestCheck(t *testing.T) {
	for sentence, tt := range map[string]struct {
		text       string
		containers int
		err        error
	}{
		"a number is no container":                    {`1`, 0, nil},
		"objects and lists count":                     {`{"a":[{},[]]}`, 4, nil},
		"braces in strings don't":                     {`{"{[{":"[[["}`, 1, nil},
		"an escaped quote doesn't end a string":       {`["\"[[["]`, 1, nil},
		"an escaped backslash before a quote does":    {`["\\",[]]`, 2, nil},
		"a string that doesn't end":                   {`["[[[`, 1, nil},
		"a string that ends with an escape":           {`["\"`, 1, nil},
		"as deep as may be":                           {strings.Repeat("[", jsonshape.MaxDepth), jsonshape.MaxDepth, nil},
		"a level deeper":                              {strings.Repeat("[", jsonshape.MaxDepth+1), jsonshape.MaxDepth + 1, jsonshape.ErrDeep},
		"a million levels are not looked at":          {strings.Repeat(`{"a":`, 1_000_000), jsonshape.MaxDepth + 1, jsonshape.ErrDeep},
		"a million lists one beside the other do end": {"[" + strings.Repeat("[],", 1_000_000), 1_000_001, nil},
	} {
		t.Run(sentence, func(t *testing.T) {
			got, err := jsonshape.Check([]byte(tt.text))
			if got != tt.containers || !errors.Is(err, tt.err) {
				t.Errorf("got %d, %v", got, err)
			}
		})
	}
}

func TestEntries(t *testing.T) {
	for text, want := range map[string]int{
		`{}`: 0, `[ ]`: 0, `null`: 1, `{"a":1}`: 1, `{"a":{"b":1,"c":2},"d":[1,2,3]}`: 2, `["a,b",",","\",",{}]`: 4, `[[],[]]`: 2,
	} {
		if got := jsonshape.Entries([]byte(text)); got != want {
			t.Errorf("%s has %d entries, want %d", text, got, want)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add([]byte(`{"a":["\\\"",{}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		if n, _ := jsonshape.Check(text); n > len(text) {
			t.Errorf("%d containers in %d bytes", n, len(text))
		}
	})
}
