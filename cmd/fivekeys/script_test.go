package main

import (
	"errors"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// The scripts read as documentation of the commands. They run on the real
// engine and the real NATS, each in an empty folder.
func TestScripts(t *testing.T) {
	library := engineLibrary(t)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/script",
		Setup: func(env *testscript.Env) error {
			for name, value := range map[string]string{
				"FIVEKEYS_ENGINE_LIBRARY": library,
				"FIVEKEYS_LOG_LEVEL":      "warn",
				"ESC":                     "\x1b",
				"GIT_CONFIG_NOSYSTEM":     "1",
				"GIT_AUTHOR_NAME":         "A",
				"GIT_AUTHOR_EMAIL":        "a@example.com",
				"GIT_COMMITTER_NAME":      "A",
				"GIT_COMMITTER_EMAIL":     "a@example.com",
			} {
				env.Setenv(name, value)
			}
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){
			"status": status,
			"port":   port,
			"await":  await,
		},
	})
}

// engineLibrary is where the engine is, for a fivekeys that runs elsewhere.
func engineLibrary(t testing.TB) string {
	t.Helper()
	library := os.Getenv("FIVEKEYS_ENGINE_LIBRARY")
	if library == "" {
		found, err := filepath.Glob("../../deploy/engine/node_modules/@chdb/lib-*/libchdb.so")
		if err != nil || len(found) == 0 {
			t.Fatal("the engine is missing: run make engine")
		}
		if library, err = filepath.Abs(found[0]); err != nil {
			t.Fatal(err)
		}
	}
	return library
}

// status runs a command and checks its exit status: status 2 fivekeys …
func status(ts *testscript.TestScript, _ bool, args []string) {
	want, err := strconv.Atoi(args[0])
	ts.Check(err)
	got := 0
	if err := ts.Exec(args[1], args[2:]...); err != nil {
		var exit *exec.ExitError
		if !errors.As(err, &exit) {
			ts.Fatalf("%v", err)
		}
		got = exit.ExitCode()
	}
	if got != want {
		ts.Fatalf("exit status %d, want %d", got, want)
	}
}

// port puts a free port into a variable.
func port(ts *testscript.TestScript, _ bool, args []string) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	_, number, err := net.SplitHostPort(l.Addr().String())
	ts.Check(err)
	ts.Check(l.Close())
	ts.Setenv(args[0], number)
}

// await waits until a URL answers 200.
func await(ts *testscript.TestScript, _ bool, args []string) {
	for { // go test ends what never comes
		response, err := http.Get(args[0])
		if err == nil {
			_ = response.Body.Close()
			if response.StatusCode == http.StatusOK {
				return
			}
		}
		time.Sleep(drainPoll)
	}
}
