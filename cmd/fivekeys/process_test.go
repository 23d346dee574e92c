package main

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/fivekeys/fivekeys/internal/config"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/schemas"
)

// webhookSecret is the one GitHub signs with in these tests.
const webhookSecret = "webhook-secret"

// serving is a serve in a process of its own, on its own data folder and port.
// It may be started again after it was stopped or killed.
type serving struct {
	folder string
	addr   string
	url    string
	client *http.Client
	// program is this test binary unless given.
	program string
	// environ is added to the environment, flags to those of serve.
	environ, flags []string

	mu      sync.Mutex
	command *exec.Cmd
	output  *os.File
}

func newServing(t testing.TB, services *schemas.Catalog) *serving {
	t.Helper()
	s := &serving{folder: t.TempDir(), client: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 32}}}
	catalog, err := config.Write(services)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(s.folder, defaultConfigFile), catalog, 0o600); err != nil {
		t.Fatal(err)
	}
	// A port for all of its lives.
	s.addr = freePort(t)
	s.url = "http://" + s.addr
	if s.output, err = os.Create(filepath.Join(s.folder, "log")); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if s.command != nil {
			_ = s.command.Process.Kill()
			_ = s.command.Wait()
		}
	})
	return s
}

func (s *serving) fivekeys(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, cmp.Or(s.program, os.Args[0]), append([]string{"--data", s.folder, "--log-level", "warn"}, args...)...)
	cmd.Env = append(os.Environ(), runAsFivekeys+"=1", "FIVEKEYS_GITHUB_SECRET="+webhookSecret)
	cmd.Env = append(cmd.Env, s.environ...)
	return cmd
}

func (s *serving) start(t testing.TB) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	s.command = s.fivekeys(context.Background(), append([]string{"serve", "--listen", s.addr}, s.flags...)...)
	stderr, err := s.command.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.command.Start(); err != nil {
		t.Fatal(err)
	}
	ready := make(chan bool, 1)
	go func() {
		out := io.TeeReader(stderr, s.output)
		var seen bytes.Buffer
		buffer := make([]byte, 4096)
		told := false
		for {
			n, err := out.Read(buffer)
			if !told {
				seen.Write(buffer[:n])
				if bytes.Contains(seen.Bytes(), []byte("fivekeys is ready")) {
					ready <- true
					told = true
				}
			}
			if err != nil {
				if !told {
					ready <- false
				}
				return
			}
		}
	}()
	if !testkit.Receive(t, "serve is ready", ready) {
		t.Fatalf("serve ended instead of getting ready: %v\n%s", s.command.Wait(), s.log())
	}
}

func (s *serving) stop(t testing.TB) {
	t.Helper()
	if err := s.command.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.command.Wait(); err != nil {
		t.Fatalf("serve did not stop cleanly: %v\n%s", err, s.log())
	}
	s.command = nil
}

// children are the processes that a process started: of serve, the engine.
func children(pid int) []int {
	var pids []int
	lists, _ := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/children", pid)) // the pattern is well-formed
	for _, list := range lists {
		text, err := os.ReadFile(list)
		if err != nil {
			continue // that thread has ended
		}
		for child := range strings.FieldsSeq(string(text)) {
			if n, err := strconv.Atoi(child); err == nil {
				pids = append(pids, n)
			}
		}
	}
	return pids
}

func (s *serving) log() string {
	text, _ := os.ReadFile(filepath.Join(s.folder, "log"))
	return string(text)
}
