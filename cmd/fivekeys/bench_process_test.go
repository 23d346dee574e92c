//go:build linux

package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
)

// memory is what a process holds, in bytes.
type memory struct {
	rss  int // all that is in memory, the library's code in the page cache included
	pss  int // the same with its share of what others use too
	own  int // what no file backs: its heap
	peak int // the largest rss there was
}

func (m memory) plus(o memory) memory {
	return memory{m.rss + o.rss, m.pss + o.pss, m.own + o.own, m.peak + o.peak}
}

// memoryOf reads a process's memory; zero where it has ended.
func memoryOf(pid int) memory {
	var m memory
	read := func(file string, fields map[string]*int) {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/%s", pid, file))
		if err != nil {
			return
		}
		for line := range bytes.Lines(text) {
			name, value, _ := bytes.Cut(line, []byte(":"))
			if into := fields[string(name)]; into != nil {
				if words := bytes.Fields(value); len(words) > 0 {
					n, _ := strconv.Atoi(string(words[0]))
					*into = n * 1024
				}
			}
		}
	}
	read("smaps_rollup", map[string]*int{"Rss": &m.rss, "Pss": &m.pss})
	read("status", map[string]*int{"VmHWM": &m.peak, "RssAnon": &m.own})
	return m
}

// ran is what a command said, the processor time it and its engine used, and
// the most memory each of them held.
type ran struct {
	output       string
	processor    time.Duration
	self, engine memory
}

// measured runs fivekeys and watches its memory.
func (s *serving) measured(b *testing.B, args ...string) ran {
	b.Helper()
	var r ran
	var stdout, stderr bytes.Buffer
	command := s.fivekeys(b.Context(), args...)
	command.Stdout, command.Stderr = &stdout, &stderr
	if err := command.Start(); err != nil {
		b.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- command.Wait() }()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			if err != nil {
				b.Fatalf("fivekeys %v: %v\n%s", args, err, stderr.String())
			}
			r.output = stdout.String()
			r.processor = command.ProcessState.UserTime() + command.ProcessState.SystemTime()
			return r
		case <-tick.C:
		}
		note := func(into *memory, pid int) {
			now := memoryOf(pid)
			into.peak, into.own = max(into.peak, now.peak), max(into.own, now.own)
		}
		note(&r.self, command.Process.Pid)
		for _, pid := range children(command.Process.Pid) {
			note(&r.engine, pid)
		}
	}
}

// store opens the store of a folder on which nothing runs, as a command does.
func (s *serving) store(b *testing.B, reader bool) (*clickhouse.Store, func()) {
	b.Helper()
	env := &environment{stdout: os.Stdout, stderr: os.Stderr, getenv: os.Getenv, logger: (&globals{LogLevel: "warn"}).logger(os.Stderr)}
	store, done, err := (&globals{Data: s.folder}).openStore(b.Context(), env, &settings{}, reader)
	if err != nil {
		b.Fatal(err)
	}
	return store, done
}

// forget drops a folder's files from the page cache, as far as the system
// follows the advice: what is measured next comes from the disk.
func forget(b *testing.B, folder string) {
	b.Helper()
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		f, err := os.Open(path)
		if err != nil {
			return err
		}
		defer func() { _ = f.Close() }()
		if err := f.Sync(); err != nil { // dirty pages stay
			return err
		}
		return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
	})
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		b.Fatal(err)
	}
}

// launch starts serve without waiting for anything.
func (s *serving) launch(b *testing.B) {
	b.Helper()
	s.command = s.fivekeys(context.Background(), "serve", "--listen", s.addr)
	s.command.Stderr = s.output
	if err := s.command.Start(); err != nil {
		b.Fatal(err)
	}
}

// processorOf is the processor time that processes have used.
func processorOf(pids ...int) time.Duration {
	const ticks = 100 // a second, on Linux
	var sum time.Duration
	for _, pid := range pids {
		text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil {
			continue
		}
		// The name, in parentheses, may hold spaces; user and system time are the
		// 12th and 13th field behind it.
		fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:])
		if len(fields) < 13 {
			continue
		}
		for _, f := range fields[11:13] {
			n, _ := strconv.Atoi(string(f))
			sum += time.Duration(n) * time.Second / ticks
		}
	}
	return sum
}
