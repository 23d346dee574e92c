package config

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestSecrets(t *testing.T) {
	file := func(text string) string {
		path := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		env     map[string]string
		want    []string
		problem string
	}{
		"none is no error":                      {nil, nil, ""},
		"one in the environment":                {map[string]string{"FIVEKEYS_X": "a"}, []string{"a"}, ""},
		"two while one is rotated":              {map[string]string{"FIVEKEYS_X": "a, b"}, []string{"a", "b"}, ""},
		"a comma too many makes no empty one":   {map[string]string{"FIVEKEYS_X": "a,,"}, []string{"a"}, ""},
		"in a file, whose last line has an end": {map[string]string{"FIVEKEYS_X_FILE": file("a\n")}, []string{"a"}, ""},
		"several lines in a file":               {map[string]string{"FIVEKEYS_X_FILE": file("a\r\nb,c\n")}, []string{"a", "b", "c"}, ""},
		"both ways at once":                     {map[string]string{"FIVEKEYS_X": "a", "FIVEKEYS_X_FILE": "b"}, nil, "both FIVEKEYS_X and FIVEKEYS_X_FILE are set"},
		"commas only":                           {map[string]string{"FIVEKEYS_X": " , "}, nil, "holds no value"},
		"an empty file":                         {map[string]string{"FIVEKEYS_X_FILE": file("\n")}, nil, "holds no value"},
		"a file that isn't there":               {map[string]string{"FIVEKEYS_X_FILE": file("") + "-not"}, nil, "no such file"},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := Secrets(func(k string) string { return c.env[k] }, "X")
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if c.problem == "" && err != nil || c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)) {
				t.Errorf("got error %v, want one with %q", err, c.problem)
			}
		})
	}
}
