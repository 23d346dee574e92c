package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"time"
)

const (
	// The first restart is nearly immediate: a start takes a tenth of a second, and
	// clients wait in the listener's queue. An engine that dies again and again
	// is given ever more time.
	firstBackOff   = 20 * time.Millisecond
	longestBackOff = 5 * time.Second
	// healthyAfter is how long a child has to live for its death to count as a
	// first one again.
	healthyAfter = 10 * time.Second
	// startPatience bounds a start: loading many parts after a crash is slow,
	// but a child that hangs must not hang us.
	startPatience = 2 * time.Minute
)

// supervisor keeps one child running. All starting and waiting happens in run.
type supervisor struct {
	orders    childOrders
	inherited []*os.File // lock, unix listener, TCP listener; the child's view of them
	log       *slog.Logger
	watchdog  watchdog

	stopping context.Context // done when Close was called
	stopNow  context.CancelFunc
	kill     context.Context // done when Close ran out of patience
	killNow  context.CancelFunc
	ended    chan struct{}
	released sync.Once

	mu       sync.Mutex
	process  int
	restarts int
	lastErr  error
}

func supervise(ctx context.Context, orders childOrders, watch Watch, lock *os.File, unix *net.UnixListener, tcp *net.TCPListener, log *slog.Logger) (*supervisor, error) {
	s := &supervisor{orders: orders, log: log, ended: make(chan struct{})}
	s.watchdog = newWatchdog(watch, unix.Addr().String(), orders.Writer)
	unixFile, err := unix.File()
	if err != nil {
		return nil, fmt.Errorf("hand engine socket to child: %w", err)
	}
	s.inherited = []*os.File{lock, unixFile}
	if tcp != nil {
		tcpFile, err := tcp.File()
		if err != nil {
			_ = unixFile.Close()
			return nil, fmt.Errorf("hand engine listener to child: %w", err)
		}
		s.inherited = append(s.inherited, tcpFile)
	}
	s.stopping, s.stopNow = context.WithCancel(context.Background())
	s.kill, s.killNow = context.WithCancel(context.Background())
	ready := make(chan error, 2) // the start, and the end that may cross it
	go s.run(ready)
	select {
	case err = <-ready:
	case <-ctx.Done():
		err = fmt.Errorf("start engine: %w", ctx.Err())
		s.killNow()
	}
	if err != nil {
		s.stopNow()
		<-s.ended
		return nil, err
	}
	return s, nil
}

// run starts children until told to stop. It holds its OS thread, because the
// kernel's parent-death signal means the thread that forked, not the process.
func (s *supervisor) run(ready chan<- error) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	defer close(s.ended)
	defer func() {
		for _, f := range s.inherited[1:] { // the lock is the Engine's
			_ = f.Close()
		}
	}()
	wait := firstBackOff
	for first := true; ; first = false {
		began := time.Now()
		err := s.runChild(func() {
			if first {
				ready <- nil
			} else {
				s.log.Info("engine is up again", "pid", s.pid(), "took", time.Since(began))
			}
		})
		s.set(0)
		if s.kill.Err() != nil {
			ready <- err // stop and supervise know by themselves why
			return
		}
		if s.stopping.Err() != nil {
			s.fail(err)
			ready <- err
			return
		}
		var notReady *startError
		if first && errors.As(err, &notReady) {
			ready <- err
			return
		}
		if time.Since(began) > healthyAfter {
			wait = firstBackOff
		}
		s.log.Error("engine ended by itself, starting it again", "error", err, "wait", wait)
		select {
		case <-s.stopping.Done():
			return
		case <-time.After(wait):
		}
		wait = min(wait*2, longestBackOff)
		s.mu.Lock()
		s.restarts++
		s.mu.Unlock()
	}
}

// startError is a child that ended before it was ready.
type startError struct{ reason string }

func (e *startError) Error() string { return "start engine: " + e.reason }

// runChild is one child from start to end. It returns nil after a stop that was
// asked for.
func (s *supervisor) runChild(ready func()) error {
	exe, err := selfExecutable()
	if err != nil {
		return &startError{err.Error()}
	}
	readyRead, readyWrite, err := os.Pipe()
	if err != nil {
		return &startError{err.Error()}
	}
	defer readyRead.Close()
	cmd := exec.Command(exe)
	cmd.Args = []string{childName, s.orders.DataDir, s.orders.Library}
	cmd.Env = childEnvironment(childFree)
	cmd.ExtraFiles = append([]*os.File{readyWrite}, s.inherited...)
	cmd.SysProcAttr = childAttributes()
	stdin, err := cmd.StdinPipe()
	var output io.ReadCloser
	if err == nil {
		output, err = cmd.StderrPipe()
	}
	if err == nil {
		err = cmd.Start()
	}
	_ = readyWrite.Close()
	if err != nil {
		return &startError{err.Error()}
	}
	s.set(cmd.Process.Pid)

	gone := make(chan struct{})
	said := make(chan string, 1)
	go func() { said <- s.relay(output) }()
	answered := make(chan string, 1)
	go func() {
		line, _ := bufio.NewReader(readyRead).ReadString('\n')
		answered <- line
	}()
	var guard sync.WaitGroup
	guard.Go(func() { s.guard(cmd.Process, stdin, gone) })

	// The orders carry passwords: through the pipe, not in argv or environment.
	sendErr := json.NewEncoder(stdin).Encode(s.orders)
	isReady := false
	tooSlow := time.AfterFunc(startPatience, func() { _ = cmd.Process.Kill() })
	if line := <-answered; line == childReady {
		isReady = true
		ready()
		guard.Go(func() { s.watch(cmd.Process, gone) })
	}
	if !tooSlow.Stop() {
		sendErr = fmt.Errorf("not ready after %s", startPatience)
	}
	last := <-said // ends with the child's output; Wait must come after it
	err = cmd.Wait()
	close(gone)
	guard.Wait()
	switch {
	case err == nil && s.stopping.Err() != nil:
		return nil
	case isReady:
		return fmt.Errorf("engine process: %w%s", errOr(err, "ended"), quoted(last))
	default:
		return &startError{fmt.Sprintf("%v%s", errOr(errors.Join(err, sendErr), "ended before it was ready"), quoted(last))}
	}
}

// guard passes the wish to stop on: end of standard input means an orderly
// stop, and a kill when that takes longer than Close may wait.
func (s *supervisor) guard(process *os.Process, stdin io.Closer, gone <-chan struct{}) {
	defer stdin.Close()
	select {
	case <-gone:
		return
	case <-s.kill.Done():
	case <-s.stopping.Done():
		_ = stdin.Close()
		select {
		case <-gone:
			return
		case <-s.kill.Done():
		}
	}
	_ = process.Kill()
}

// relay logs what the child says and returns the last of it, which is where
// the engine gives the reason of its end.
func (s *supervisor) relay(r io.Reader) string {
	var tail []string
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 64<<10), 1<<20)
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" {
			continue
		}
		s.log.Warn("engine says", "line", line)
		if tail = append(tail, line); len(tail) > 5 {
			tail = tail[1:]
		}
	}
	_, _ = io.Copy(io.Discard, r) // a line beyond the buffer must not block the child
	return strings.Join(tail, "; ")
}

func (s *supervisor) stop(ctx context.Context) error {
	s.stopNow()
	select {
	case <-s.ended:
	case <-ctx.Done():
		s.killNow()
		<-s.ended
		return fmt.Errorf("stop engine: killed, because it did not end in time: %w", ctx.Err())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.lastErr
}

func (s *supervisor) set(pid int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.process = pid
}

func (s *supervisor) fail(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lastErr = err
}

func (s *supervisor) pid() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.process
}

func (s *supervisor) restartCount() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.restarts
}

func errOr(err error, otherwise string) error {
	if err != nil {
		return err
	}
	return errors.New(otherwise)
}

func quoted(last string) string {
	if last == "" {
		return ""
	}
	return " (" + last + ")"
}
