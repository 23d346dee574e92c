package engine

import (
	"fmt"
	"os"
	"os/exec"
	"testing"
)

// A library can be loaded once per process, so this test has one of its own.
const signalProcess = "FIVEKEYS_ENGINE_TEST_SIGNALS"

func init() {
	if dir := os.Getenv(signalProcess); dir != "" {
		if err := dereferenceNilBesideTheEngine(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	}
}

func dereferenceNilBesideTheEngine(dir string) (err error) {
	library, err := findLibrary("")
	if err != nil {
		return err
	}
	orders := childOrders{DataDir: dir, Database: "fivekeys"}
	config, err := writeSettings(orders, newLimits(defaultMemoryLimit))
	if err != nil {
		return err
	}
	if err := loadLibrary(library); err != nil {
		return err
	}
	if err := os.Chdir(dir); err != nil {
		return err
	}
	arguments := newServer(orders, newLimits(defaultMemoryLimit), config).arguments
	for range 3 {
		c, err := openConnection(arguments)
		if err != nil {
			return err
		}
		if err := c.exec("SELECT 1"); err != nil {
			return err
		}
		if !recovers() {
			return fmt.Errorf("a nil dereference was no panic")
		}
		c.close()
	}
	return nil
}

func recovers() (yes bool) {
	defer func() { yes = recover() != nil }()
	var nothing *connection
	return nothing.ref == nil
}

func TestGoKeepsItsSignalHandlers(t *testing.T) {
	if _, err := findLibrary(""); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), signalProcess+"="+t.TempDir())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
