package engine

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// childAttributes put the child into a group of its own, so that Ctrl-C and
// "signal the process group" reach only one of the two, and let the kernel kill
// it with its parent.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// selfExecutable still names the running binary when the file was replaced by
// an upgrade: parent and child must be of one version.
func selfExecutable() (string, error) { return "/proc/self/exe", nil }

// yield has the engine stand back where processors are short: what arrives has
// to be accepted while others compute. The threads to come inherit it.
func yield() { _ = unix.Setpriority(unix.PRIO_PROCESS, 0, 5) }
