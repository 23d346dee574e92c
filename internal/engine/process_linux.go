package engine

import "syscall"

// childAttributes put the child into a group of its own, so that Ctrl-C and
// "signal the process group" reach only one of the two, and let the kernel kill
// it with its parent.
func childAttributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
}

// selfExecutable still names the running binary when the file was replaced by
// an upgrade: parent and child must be of one version.
func selfExecutable() (string, error) { return "/proc/self/exe", nil }
