package main

import (
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/fivekeys/fivekeys/internal/engine"
	"github.com/fivekeys/fivekeys/internal/testkit"
)

// runAsFivekeys makes the test binary fivekeys, for tests that need a process.
const runAsFivekeys = "FIVEKEYS_TEST_RUN"

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	testkit.RunNATSIfAsked()
	if os.Getenv(runAsFivekeys) != "" {
		main()
	}
	testscript.Main(m, map[string]func(){"fivekeys": main})
}
