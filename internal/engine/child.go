package engine

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"runtime"
	"runtime/debug"
	"syscall"
	"time"
)

const (
	childVariable = "FIVEKEYS_ENGINE_CHILD"
	childName     = "fivekeys-engine" // what ps shows
	childReady    = "ready\n"
)

// The stages of a child, as the variable's value: first free, then, where the
// kernel can do that, once more and confined.
const (
	childFree     = "free"
	childConfined = "confined"
)

// childEnvironment is all that the engine gets to see: fivekeys' own variables
// hold tokens.
func childEnvironment(stage string) []string {
	environment := []string{childVariable + "=" + stage, "TZ=UTC"}
	for _, name := range []string{"LD_LIBRARY_PATH", "GOTRACEBACK", "GORACE"} {
		if value, ok := os.LookupEnv(name); ok {
			environment = append(environment, name+"="+value)
		}
	}
	return environment
}

// The files a child inherits behind standard input, output and error.
const (
	readyFile = 3 + iota
	lockFile  // only held: it carries the lock on the data folder
	unixFile
	tcpFile
)

const (
	// childGarbage keeps the child's Go heap small: it holds buffers only, and
	// the memory is the engine's.
	childGarbage = 50
	// idleCheck is how long nothing may have run for memory to be given back.
	idleCheck = time.Minute
	// stopGrace is what running statements get to finish before they are killed.
	stopGrace = 5 * time.Second
)

// childOrders is what the parent tells the child, as one JSON document on
// standard input, which then stays open for as long as the child shall live.
type childOrders struct {
	Library, DataDir, Database string
	MemoryLimit                uint64
	Threads                    int // a statement may use; the confined child can't see the machine
	Writer, Reader             Credentials
	Private                    []string // tables of the writer's alone
	ReaderWait                 time.Duration
	TCP                        bool
}

// The engine asks for the size of its threads' stacks, which of the main thread
// only a file in /proc tells. So the main goroutine keeps that thread, and the
// engine gets others.
func init() {
	if os.Getenv(childVariable) != "" {
		runtime.LockOSThread()
	}
}

// RunChildIfAsked turns this process into the engine's child when it was
// started as one, and then never returns. Call it first in main and TestMain.
func RunChildIfAsked() {
	stage := os.Getenv(childVariable)
	if stage == "" {
		return
	}
	yield()
	if stage == childFree && len(os.Args) == 3 {
		err := confinedAgain(os.Args[1], os.Args[2], childEnvironment(childConfined))
		fmt.Fprintf(os.Stderr, "the engine is not confined to its folder: %v; give the passwords of the HTTP interface only to those who may read your files\n", err)
	}
	nameProcess() // on the main thread: a process is called what that is called
	ended := make(chan error)
	go func() { ended <- runChild(os.Stdin) }()
	if err := <-ended; err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runChild(stdin io.Reader) error {
	// A service manager signals all processes of a service. The parent still
	// needs the engine for its last inserts, so only it decides when to end.
	signal.Ignore(syscall.SIGINT, syscall.SIGTERM, syscall.SIGHUP)
	debug.SetGCPercent(childGarbage)

	var orders childOrders
	if err := json.NewDecoder(stdin).Decode(&orders); err != nil {
		return fmt.Errorf("read orders: %w", err)
	}
	stop, parentGone := context.WithCancel(context.Background())
	go func() {
		_, _ = io.Copy(io.Discard, stdin)
		parentGone()
	}()
	listeners, err := inheritedListeners(orders.TCP)
	if err != nil {
		return err
	}
	s, err := boot(orders)
	if err != nil {
		return err
	}
	ready := os.NewFile(readyFile, "ready")
	if _, err := io.WriteString(ready, childReady); err != nil {
		return fmt.Errorf("report ready: %w", err)
	}
	_ = ready.Close()

	go s.trimWhenIdle(stop)
	err = s.serve(stop, listeners)
	s.shutdown()
	return err
}

func inheritedListeners(tcp bool) ([]net.Listener, error) {
	descriptors := []uintptr{unixFile}
	if tcp {
		descriptors = append(descriptors, tcpFile)
	}
	var listeners []net.Listener
	for _, fd := range descriptors {
		f := os.NewFile(fd, "listener")
		l, err := net.FileListener(f)
		_ = f.Close()
		if err != nil {
			return nil, fmt.Errorf("take over listener: %w", err)
		}
		if u, ok := l.(*net.UnixListener); ok {
			u.SetUnlinkOnClose(false) // the socket outlives this child
		}
		listeners = append(listeners, l)
	}
	return listeners, nil
}

// boot loads the library, starts the engine and makes our database.
func boot(orders childOrders) (*server, error) {
	if err := os.Chdir(orders.DataDir); err != nil {
		return nil, fmt.Errorf("work in the data folder: %w", err)
	}
	l := newLimits(orders.MemoryLimit)
	config, err := writeSettings(orders, l)
	if err != nil {
		return nil, err
	}
	if err := loadLibrary(orders.Library); err != nil {
		return nil, err
	}
	s := newServer(orders, l, config)
	if s.base, err = openConnection(s.arguments); err != nil {
		return nil, fmt.Errorf("%w; is %s readable, writable and of this engine's version?", err, orders.DataDir)
	}
	if err := s.base.exec("CREATE DATABASE IF NOT EXISTS " + orders.Database + " ENGINE = Atomic"); err != nil {
		return nil, fmt.Errorf("create database %s: %w", orders.Database, err)
	}
	if s.version, err = s.base.text("SELECT version()"); err != nil {
		return nil, fmt.Errorf("ask engine for its version: %w", err)
	}
	types, err := s.base.text("SELECT name FROM system.data_type_families")
	if err != nil {
		return nil, fmt.Errorf("ask engine for its data types: %w", err)
	}
	s.types = set(types)
	trimLibrary(libchdb.pages)
	return s, nil
}

// shutdown stops the engine in order, so that background merges end and no
// thread is cut off in the middle of a write. Closing the last connection does
// that; shutdown then joins threads. It leaves idle ones of the engine's pool
// behind, which hold nothing, so its answer is not looked at. Beside a statement
// that does not end the process ends without all this: what was acknowledged is
// on disk.
func (s *server) shutdown() {
	grace, cancel := context.WithTimeout(context.Background(), killPatience+stopGrace)
	defer cancel()
	if err := s.places.drain(grace); err != nil {
		fmt.Fprintln(os.Stderr, "engine ends at once:", err)
		return
	}
	s.base.close()
	libchdb.shutdown()
}

// trimWhenIdle gives memory back once after each time of work. The statements
// that come after it pay a few milliseconds for that.
func (s *server) trimWhenIdle(stop context.Context) {
	tick := time.NewTicker(idleCheck)
	defer tick.Stop()
	for seen, trimmed := uint64(0), true; ; {
		select {
		case <-stop.Done():
			return
		case <-tick.C:
		}
		switch now := s.statements.Load(); {
		case now != seen:
			seen, trimmed = now, false
		case !trimmed && s.places.running() == 0:
			trimmed = true
			debug.FreeOSMemory()
			trimLibrary(libchdb.pages)
		}
	}
}
