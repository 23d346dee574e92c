package main

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/fivekeys/fivekeys/schemas"
)

// hangUp sends SIGHUP, on which a serve reads its configuration again.
func (s *serving) hangUp(t *testing.T) {
	t.Helper()
	if err := s.command.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
}

func TestAHangUpReloadsSecretsAndCatalogue(t *testing.T) {
	t.Parallel()
	s := newServing(t, &schemas.Catalog{})
	file := filepath.Join(s.folder, "github-secret")
	write := func(path, text string) {
		t.Helper()
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	catalogue := func(team string) {
		write(filepath.Join(s.folder, defaultConfigFile), fmt.Sprintf("services:\n  - name: shop\n    team: %s\n    repositories: [acme/shop]\n", team))
	}
	write(file, webhookSecret)
	catalogue("web")
	s.environ = []string{"FIVEKEYS_GITHUB_SECRET=", "FIVEKEYS_GITHUB_SECRET_FILE=" + file, "FIVEKEYS_LOG_LEVEL=info"}
	s.start(t)
	delivered := 0
	deliver := func() int {
		delivered++
		return post(t.Context(), s.client, s.url, deployed("acme/shop", delivered, strings.Repeat("a", 39)+fmt.Sprint(delivered), "2026-03-02T10:00:00Z")).status
	}
	team := func() string {
		return strings.TrimSpace(s.query(t, "SELECT any(team) FROM deployments"))
	}
	if got := deliver(); got != http.StatusAccepted {
		t.Fatalf("before: %d", got)
	}
	until(t, func() (bool, string) { got := team(); return strings.Contains(got, "web"), "the team is " + got })

	write(file, "another-secret")
	catalogue("core")
	s.hangUp(t)
	until(t, func() (bool, string) {
		got := deliver()
		return got == http.StatusUnauthorized, fmt.Sprintf("the old secret is answered with %d", got)
	})
	until(t, func() (bool, string) { got := team(); return strings.Contains(got, "core"), "the team is " + got })

	// A mistake is told, and nothing of the file is taken.
	write(file, webhookSecret)
	write(filepath.Join(s.folder, defaultConfigFile), "servces: []\n")
	s.hangUp(t)
	until(t, func() (bool, string) {
		return strings.Contains(s.log(), "not reloaded"), "nothing is said of the mistake"
	})
	if got := deliver(); got != http.StatusUnauthorized {
		t.Errorf("after a reload that failed the secret of before it is answered with %d", got)
	}
	if got := s.log(); !strings.Contains(got, "servces") {
		t.Errorf("the log doesn't name the mistake:\n%s", got)
	}

	catalogue("core")
	s.hangUp(t)
	until(t, func() (bool, string) {
		got := deliver()
		return got == http.StatusAccepted, fmt.Sprintf("the new secret is answered with %d", got)
	})
	s.stop(t)
}
