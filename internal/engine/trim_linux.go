package engine

import (
	"debug/elf"
	"os"
	"slices"
	"unsafe"

	"golang.org/x/sys/unix"
)

// libraryPages finds the pages of the library's code and constants. Only those
// that were never writable qualify: others hold relocations. symbol is where the
// named one was loaded, which gives away where all of it is; the kernel's list
// of mappings is shut to a confined process.
func libraryPages(path, name string, symbol uintptr) (ranges [][2]uintptr) {
	file, err := elf.Open(path)
	if err != nil {
		return nil
	}
	defer file.Close()
	symbols, err := file.DynamicSymbols()
	if err != nil {
		return nil
	}
	at := slices.IndexFunc(symbols, func(s elf.Symbol) bool { return s.Name == name && s.Value != 0 })
	if at < 0 || uint64(symbol) < symbols[at].Value {
		return nil
	}
	base, page := symbol-uintptr(symbols[at].Value), uintptr(os.Getpagesize())
	for _, p := range file.Progs {
		code := p.Flags == elf.PF_R|elf.PF_X
		constants := p.Flags == elf.PF_R && p.Off == 0
		if p.Type != elf.PT_LOAD || !code && !constants {
			continue
		}
		from, to := base+uintptr(p.Vaddr), base+uintptr(p.Vaddr+p.Filesz)
		if from = (from + page - 1) / page * page; from < to/page*page {
			ranges = append(ranges, [2]uintptr{from, to / page * page})
		}
	}
	return ranges
}

// trimLibrary gives the library's pages back. Booting touches two thirds of
// them once, some 150 MB that the process would count as its own for ever; those
// that are needed come back from the page cache.
func trimLibrary(ranges [][2]uintptr) {
	for _, r := range ranges {
		// A hint only: what cannot be given back stays.
		_, _, _ = unix.Syscall(unix.SYS_MADVISE, r[0], r[1]-r[0], unix.MADV_DONTNEED)
	}
}

// nameProcess replaces "exe", which is what the kernel calls a process that was
// started through /proc/self/exe.
func nameProcess() {
	name := append([]byte(childName), 0)
	_ = unix.Prctl(unix.PR_SET_NAME, uintptr(unsafe.Pointer(&name[0])), 0, 0, 0)
}
