package config

import (
	"testing"

	"github.com/fivekeys/fivekeys/schemas"
)

func TestGlobsMeet(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"web/**", "api/**", false},
		{"web/**", "web/api/*", true},
		{"**", "anything/at/all.go", true},
		{"*.go", "main.go", true},
		{"*.go", "cmd/main.go", false},
		{"**/*.go", "cmd/**", true},
		{"WEB/**", "web/x", true},
		{"a?", "ab", true},
		{"a?", "abc", false},
		{"a?b", "a/b", false},
		{"*a*b*c*", "*c*b*a*", true},
		{"libs/a*", "libs/b*", false},
		{"a/**/b", "a/b", true},
		{"", "*", true},
	} {
		if got := globsMeet(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: got %v", c.a, c.b, got)
		}
		if got := globsMeet(c.b, c.a); got != c.want {
			t.Errorf("%q and %q: got %v", c.b, c.a, got)
		}
	}
}

// Whatever one text matches both, globsMeet must not deny it.
func FuzzGlobsMeet(f *testing.F) {
	f.Add("a/**/b", "a/*", "a/b")
	f.Add("**", "x?", "xy")
	f.Fuzz(func(t *testing.T, a, b, s string) {
		if len(a)+len(b)+len(s) > 40 {
			t.Skip("matching with many stars takes long")
		}
		if schemas.MatchGlob(a, s) && schemas.MatchGlob(b, s) && !globsMeet(a, b) {
			t.Errorf("%q matches %q and %q, which are said not to meet", s, a, b)
		}
	})
}
