package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

// Watch says when an engine that does not answer is started again: after Misses
// questions in a row, one every Every, to each of which it had Patience to answer.
// What is 0 has a default.
type Watch struct {
	Every, Patience time.Duration
	Misses          int
}

const (
	watchEvery    = 5 * time.Second
	watchPatience = 20 * time.Second
	watchMisses   = 3
)

// alivePath is where the child says whether the engine works. It answers without
// a place among the statements.
const alivePath = "/alive"

// watchdog asks.
type watchdog struct {
	Watch
	client *http.Client
	writer Credentials
}

func newWatchdog(w Watch, socket string, writer Credentials) watchdog {
	if w.Every <= 0 {
		w.Every = watchEvery
	}
	if w.Patience <= 0 {
		w.Patience = watchPatience
	}
	if w.Misses <= 0 {
		w.Misses = watchMisses
	}
	return watchdog{Watch: w, writer: writer, client: &http.Client{Transport: &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", socket)
		},
	}}}
}

func (w watchdog) ask(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, w.Patience)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://engine"+alivePath, nil)
	if err != nil {
		return err
	}
	r.SetBasicAuth(w.writer.User, w.writer.Password)
	answer, err := w.client.Do(r)
	if err != nil {
		return err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		why, _ := io.ReadAll(io.LimitReader(answer.Body, 1<<10))
		return errors.New(strings.TrimSpace(string(why)))
	}
	return nil
}

// watch ends a child whose engine does not answer, so that run starts another.
func (s *supervisor) watch(process *os.Process, gone <-chan struct{}) {
	ctx, cancel := context.WithCancel(s.stopping)
	defer cancel()
	go func() {
		select {
		case <-gone:
			cancel()
		case <-ctx.Done():
		}
	}()
	tick := time.NewTicker(s.watchdog.Every)
	defer tick.Stop()
	for misses := 0; ; {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := s.watchdog.ask(ctx)
		switch {
		case ctx.Err() != nil:
			return
		case err == nil:
			misses = 0
			continue
		}
		misses++
		s.log.Warn("engine does not answer", "error", err, "times", misses)
		if misses == s.watchdog.Misses {
			s.log.Error("engine does not answer, ending it", "error", err, "times", misses)
			_ = process.Kill()
			return
		}
	}
}

// answerAlive asks the engine itself, on a connection of its own.
func (s *server) answerAlive(w http.ResponseWriter, r *http.Request) {
	if as, given := s.authenticate(r); as != roleWriter {
		s.refuseStranger(w, given)
		return
	}
	if err := s.alive(); err != nil {
		http.Error(w, err.Error(), http.StatusServiceUnavailable)
		return
	}
	answerOK(w)
}

func (s *server) alive() error {
	if n := s.stuck.Load(); n >= maxStuck {
		return fmt.Errorf("%d statements were killed and do not end", n)
	}
	c, err := openConnection(s.arguments)
	if err != nil {
		return err
	}
	defer c.close()
	return c.exec("SELECT 1")
}
