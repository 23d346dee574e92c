package report

import (
	"bytes"
	"fmt"
	"os"
	"testing"

	"golang.org/x/sys/unix"
)

// pseudoTerminal opens a pseudo-terminal of some width.
func pseudoTerminal(t *testing.T, columns uint16) *os.File {
	t.Helper()
	master, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = master.Close() })
	fd := int(master.Fd())
	n, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err == nil {
		err = unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0)
	}
	if err == nil {
		err = unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 24, Col: columns})
	}
	if err != nil {
		t.Skip(err)
	}
	slave, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", n), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skip(err)
	}
	t.Cleanup(func() { _ = slave.Close() })
	return slave
}

func TestColourIsForTerminalsOnly(t *testing.T) {
	environment := func(pairs ...string) func(string) string {
		return func(key string) string {
			for i := 0; i < len(pairs); i += 2 {
				if pairs[i] == key {
					return pairs[i+1]
				}
			}
			return ""
		}
	}
	file, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = file.Close() }()
	tty := pseudoTerminal(t, 90)
	for name, c := range map[string]struct {
		got, want TableOptions
	}{
		"a buffer gets none":                  {Terminal(&bytes.Buffer{}, environment()), TableOptions{}},
		"a file gets none":                    {Terminal(file, environment()), TableOptions{}},
		"a terminal gets it":                  {Terminal(tty, environment()), TableOptions{Color: true, Width: 90}},
		"NO_COLOR takes it away":              {Terminal(tty, environment("NO_COLOR", "1")), TableOptions{Width: 90}},
		"an empty NO_COLOR doesn't":           {Terminal(tty, environment("NO_COLOR", "")), TableOptions{Color: true, Width: 90}},
		"a dumb terminal doesn't know colour": {Terminal(tty, environment("TERM", "dumb")), TableOptions{Width: 90}},
	} {
		t.Run(name, func(t *testing.T) {
			if c.got != c.want {
				t.Errorf("got %+v, want %+v", c.got, c.want)
			}
		})
	}
}
