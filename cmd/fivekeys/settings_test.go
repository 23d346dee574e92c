package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestTheAppHasASecretOfItsOwn that is set where requests are taken.
func TestTheAppHasASecretOfItsOwn(t *testing.T) {
	file := filepath.Join(t.TempDir(), "fivekeys.yaml")
	if err := os.WriteFile(file, []byte("github_app: {id: 1, installation: 2, private_key_file: app.pem}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct{ hook, app, want string }{
		"one of its own is fine":        {"a", "b", ""},
		"several, while one is rotated": {"a,c", "b,d", ""},
		"the webhooks' one is not":      {"a,b", "b", "share a value"},
		"none is not":                   {"a", "", "FIVEKEYS_GITHUB_APP_SECRET is not set"},
	} {
		t.Run(name, func(t *testing.T) {
			env := traceEnvironment(io.Discard)
			env.getenv = func(key string) string {
				return map[string]string{"FIVEKEYS_GITHUB_SECRET": tt.hook, "FIVEKEYS_GITHUB_APP_SECRET": tt.app}[key]
			}
			s, err := (&globals{Config: file}).settings(env)
			if err == nil {
				err = s.missingApp()
			}
			if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%v, want %q", err, tt.want)
			}
		})
	}
}
