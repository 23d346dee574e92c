package engine

import (
	"debug/elf"
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// The engine believes that it is clickhouse-local, whose user may read every
// file: neither grants nor readonly cover the function file(), nor a dictionary
// that runs a command. So the kernel holds the process to its own folder.

const (
	mayRead = unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_READ_DIR
	mayRun  = unix.LANDLOCK_ACCESS_FS_EXECUTE
	// The rights over files, by the version of Landlock that brought them.
	rightsV1 = 1<<13 - 1
	rightsV2 = rightsV1 | unix.LANDLOCK_ACCESS_FS_REFER
	rightsV3 = rightsV2 | unix.LANDLOCK_ACCESS_FS_TRUNCATE
)

// systemPaths are what the dynamic loader, the Go runtime and the engine read
// of the system. Nothing of /proc and /sys is among them: both tell of other
// processes and of the machine, and /proc/self/fd opens again whatever is open,
// a pipe that never ends among it.
var systemPaths = []string{
	"/lib", "/lib32", "/lib64", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/local/lib", "/nix/store",
	"/etc/ld.so.cache", "/etc/ld.so.conf", "/etc/ld.so.conf.d", "/etc/localtime", "/usr/share/zoneinfo",
	"/dev/urandom", "/dev/random", "/dev/null", "/dev/zero",
}

// confine restricts the calling thread, for good, to the data folder and to
// reading the system's libraries; no TCP connection may be opened. The caller
// has to replace the process image from this very thread, because Landlock
// (before its eighth version) does not reach the other threads.
func confine(dataDir, library string) error {
	version, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, 0, 0, unix.LANDLOCK_CREATE_RULESET_VERSION)
	if errno != 0 {
		return fmt.Errorf("restrict with Landlock: %w", errno)
	}
	attr := unix.LandlockRulesetAttr{Handled_access_fs: rightsV1}
	switch {
	case version >= 3:
		attr.Handled_access_fs = rightsV3
	case version == 2:
		attr.Handled_access_fs = rightsV2
	}
	size := unsafe.Offsetof(attr.Handled_access_net)
	if version >= 4 {
		attr.Handled_access_net = unix.LANDLOCK_ACCESS_NET_BIND_TCP | unix.LANDLOCK_ACCESS_NET_CONNECT_TCP
		size = unsafe.Offsetof(attr.Scoped)
	}
	if version >= 6 {
		attr.Scoped = unix.LANDLOCK_SCOPE_ABSTRACT_UNIX_SOCKET | unix.LANDLOCK_SCOPE_SIGNAL
		size = unsafe.Offsetof(attr.Quiet_access_fs)
	}
	fd, _, errno := unix.Syscall(unix.SYS_LANDLOCK_CREATE_RULESET, uintptr(unsafe.Pointer(&attr)), size, 0)
	if errno != 0 {
		return fmt.Errorf("create Landlock ruleset: %w", errno)
	}
	rules := ruleset{fd: int(fd), handled: attr.Handled_access_fs}
	defer unix.Close(rules.fd)
	if err := errors.Join(
		rules.allow(dataDir, attr.Handled_access_fs&^mayRun),
		rules.allow(library, mayRead),
		rules.allow("/proc/self/exe", mayRead|mayRun),
	); err != nil {
		return err
	}
	if loader := elfInterpreter(); loader != "" {
		if err := rules.allow(loader, mayRead|mayRun); err != nil {
			return err
		}
	}
	for _, path := range systemPaths {
		rights := uint64(mayRead)
		if path == "/dev/null" {
			rights |= unix.LANDLOCK_ACCESS_FS_WRITE_FILE
		}
		if err := rules.allow(path, rights); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	if err := dropCapabilities(); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("forbid new privileges: %w", err)
	}
	if _, _, errno := unix.Syscall(unix.SYS_LANDLOCK_RESTRICT_SELF, uintptr(rules.fd), 0, 0); errno != 0 {
		return fmt.Errorf("apply Landlock ruleset: %w", errno)
	}
	return nil
}

// keptCapabilities let root use a data folder that belongs to another user.
const keptCapabilities = 1<<unix.CAP_CHOWN | 1<<unix.CAP_DAC_OVERRIDE | 1<<unix.CAP_FOWNER

// dropCapabilities is for those who run fivekeys as root: CAP_PERFMON alone
// opens the environment of every process, past Landlock.
func dropCapabilities() error {
	for c := uintptr(0); c <= unix.CAP_LAST_CAP; c++ {
		if keptCapabilities>>c&1 == 0 {
			_ = unix.Prctl(unix.PR_CAPBSET_DROP, c, 0, 0, 0) // refused to those who have none anyway
		}
	}
	header := unix.CapUserHeader{Version: unix.LINUX_CAPABILITY_VERSION_3}
	var data [2]unix.CapUserData
	if err := unix.Capget(&header, &data[0]); err != nil {
		return fmt.Errorf("read capabilities: %w", err)
	}
	for i, kept := range []uint32{keptCapabilities, 0} {
		data[i] = unix.CapUserData{Effective: data[i].Effective & kept, Permitted: data[i].Permitted & kept}
	}
	if err := unix.Capset(&header, &data[0]); err != nil {
		return fmt.Errorf("drop capabilities: %w", err)
	}
	return nil
}

type ruleset struct {
	fd      int
	handled uint64
}

// allow permits the rights on a file, or on everything below a folder.
func (r ruleset) allow(path string, rights uint64) error {
	fd, err := unix.Open(path, unix.O_PATH|unix.O_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open %s: %w", path, err)
	}
	defer unix.Close(fd)
	var stat unix.Stat_t
	if err := unix.Fstat(fd, &stat); err != nil {
		return fmt.Errorf("look at %s: %w", path, err)
	}
	if stat.Mode&unix.S_IFMT != unix.S_IFDIR { // only these mean something for a file
		rights &= mayRun | unix.LANDLOCK_ACCESS_FS_READ_FILE | unix.LANDLOCK_ACCESS_FS_WRITE_FILE | unix.LANDLOCK_ACCESS_FS_TRUNCATE
	}
	attr := unix.LandlockPathBeneathAttr{Allowed_access: rights & r.handled, Parent_fd: int32(fd)}
	if _, _, errno := unix.Syscall6(unix.SYS_LANDLOCK_ADD_RULE, uintptr(r.fd), unix.LANDLOCK_RULE_PATH_BENEATH, uintptr(unsafe.Pointer(&attr)), 0, 0, 0); errno != 0 {
		return fmt.Errorf("allow %s: %w", path, errno)
	}
	return nil
}

// elfInterpreter is the loader that our own binary names, "" for a static one.
func elfInterpreter() string {
	f, err := elf.Open("/proc/self/exe")
	if err != nil {
		return ""
	}
	defer f.Close()
	for _, p := range f.Progs {
		if p.Type == elf.PT_INTERP {
			b := make([]byte, p.Filesz)
			if _, err := p.ReadAt(b, 0); err == nil {
				return strings.TrimRight(string(b), "\x00")
			}
		}
	}
	return ""
}

// confinedAgain replaces this process by itself, confined. It returns only when
// that is not possible.
func confinedAgain(dataDir, library string, environment []string) error {
	runtime.LockOSThread() // for good: the thread is replaced with the process
	if err := confine(dataDir, library); err != nil {
		return err
	}
	err := unix.Exec("/proc/self/exe", os.Args, environment)
	// This thread is confined and the others are not: no state to go on in.
	fmt.Fprintln(os.Stderr, "start confined engine:", err)
	os.Exit(1)
	return err
}
