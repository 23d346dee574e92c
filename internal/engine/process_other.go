//go:build unix && !linux

package engine

import (
	"os"
	"syscall"
)

// childAttributes put the child into a group of its own. There is no
// Pdeathsig here; the child notices the end of its parent on standard input.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true}
}

func selfExecutable() (string, error) { return os.Executable() }

func yield() { _ = syscall.Setpriority(syscall.PRIO_PROCESS, 0, 5) }
