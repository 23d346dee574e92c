package engine_test

import (
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"

	"golang.org/x/sys/unix"
)

func TestEngineIsConfinedWhereTheKernelCan(t *testing.T) {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		t.Skip("no Landlock here: ", errno)
	}
	e := shared(t)
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", e.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(status), "NoNewPrivs:\t1") || !strings.Contains(string(status), "Name:\tfivekeys-engine") {
		t.Errorf("Landlock version %d, but the engine's process is not confined:\n%.200s", version, status)
	}
	// A text in a string gets past our own look at the statement.
	for path, readable := range map[string]bool{
		"/etc/localtime": true, "/proc/self/status": false, "/proc/self/maps": false, "/proc/cpuinfo": false,
		"/sys/kernel/mm/transparent_hugepage/enabled": false, "/etc/passwd": false, "/etc/hostname": false,
		fmt.Sprintf("/proc/%d/environ", os.Getpid()): false, fmt.Sprintf("/proc/%d/mem", os.Getpid()): false,
	} {
		sql := "SELECT length(b) FROM format(JSONEachRow, concat('a Int8, b String DEFAULT fi', 'le(''" + path + "'')'), '{\"a\":1}')"
		if status, answer, _ := post(t, e, writer, nil, nil, strings.NewReader(sql)); (status == http.StatusOK) != readable {
			t.Errorf("%s: %d %s", path, status, answer)
		}
	}
}

func TestEngineSeesNothingOfOurEnvironment(t *testing.T) {
	t.Setenv("FIVEKEYS_SECRET_TOKEN", "hidden-words")
	e := start(t, t.TempDir())
	environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", e.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", e.Pid()))
	if err != nil {
		t.Fatal(err)
	}
	for _, secret := range []string{"hidden-words", writer.Password, reader.Password} {
		if strings.Contains(string(environment)+string(arguments), secret) {
			t.Errorf("%q is in the child's environment or arguments", secret)
		}
	}
}
