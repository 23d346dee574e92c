package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/fivekeys/fivekeys/internal/engine"
	"github.com/fivekeys/fivekeys/internal/testkit"
)

// runAsFivekeys makes the test binary fivekeys, for tests that need a process.
const runAsFivekeys = "FIVEKEYS_TEST_RUN"

// fivekeysClock is the time at which the clock stands for such a fivekeys'
// budgets; where it isn't set it goes.
const fivekeysClock = "FIVEKEYS_TEST_CLOCK"

// mainAt is main with a clock that stands.
func mainAt(clock string) {
	at, err := time.Parse(time.RFC3339, clock)
	if err != nil {
		panic(err)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	code := run(ctx, os.Args[1:], &environment{
		stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, now: func() time.Time { return at },
	})
	stop()
	os.Exit(code)
}

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	testkit.RunNATSIfAsked()
	if os.Getenv(runAsFivekeys) != "" {
		if at := os.Getenv(fivekeysClock); at != "" {
			mainAt(at)
		}
		main()
	}
	testscript.Main(m, map[string]func(){"fivekeys": main})
}
