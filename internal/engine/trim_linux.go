package engine

import (
	"bufio"
	"fmt"
	"os"
	"strings"
	"unsafe"

	"golang.org/x/sys/unix"
)

// trimLibrary gives the pages of the library's code and constants back. Booting
// touches two thirds of them once, some 150 MB that the process would count as
// its own for ever; those that are needed come back from the page cache. Only
// mappings that were never writable qualify: others hold relocations.
func trimLibrary(path string) {
	maps, err := os.Open("/proc/self/maps")
	if err != nil {
		return
	}
	defer maps.Close()
	lines := bufio.NewScanner(maps)
	for lines.Scan() {
		var from, to, offset uintptr
		var perm string
		line := lines.Text()
		if !strings.HasSuffix(line, " "+path) {
			continue
		}
		if _, err := fmt.Sscanf(line, "%x-%x %s %x", &from, &to, &perm, &offset); err != nil {
			continue
		}
		if perm == "r-xp" || perm == "r--p" && offset == 0 {
			// A hint only: what cannot be given back stays.
			_, _, _ = unix.Syscall(unix.SYS_MADVISE, from, to-from, unix.MADV_DONTNEED)
		}
	}
}

// nameProcess replaces "exe", which is what the kernel calls a process that was
// started through /proc/self/exe.
func nameProcess() {
	name := append([]byte(childName), 0)
	_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0)
}
