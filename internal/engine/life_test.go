package engine_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/fivekeys/fivekeys/internal/engine"
)

func TestKilledEngineComesBackWithAllThatWasAcknowledged(t *testing.T) {
	e := start(t, t.TempDir())
	conn, ctx := open(t, e, writer), context.Background()
	run(t, conn, "CREATE TABLE acknowledged (a UInt64) ENGINE = MergeTree ORDER BY a")
	var acknowledged uint64
	for round := range 5 {
		// Somebody inserts without a pause, and the engine is killed in the middle.
		kill := make(chan struct{})
		killed := make(chan struct{})
		go func() {
			defer close(killed)
			<-kill
			if err := syscall.Kill(e.Pid(), syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}()
		for i := 0; ; i++ {
			if i == 10 {
				close(kill)
			}
			if err := conn.Exec(ctx, fmt.Sprintf("INSERT INTO acknowledged VALUES (%d)", acknowledged+1)); err != nil {
				break // not acknowledged; it may be there or not
			}
			acknowledged++
		}
		<-killed
		// The next request waits in the listener's queue for the new engine. The
		// driver may first have to notice that its old connection is dead.
		for conn.Ping(ctx) != nil {
		}
		if n := count(t, conn, fmt.Sprintf("SELECT uniqExact(a) FROM acknowledged WHERE a <= %d", acknowledged)); n != acknowledged {
			t.Fatalf("round %d: %d of %d acknowledged rows are there", round, n, acknowledged)
		}
		if e.Restarts() != round+1 {
			t.Fatalf("%d restarts after %d kills", e.Restarts(), round+1)
		}
	}
}

func TestCloseKeepsEverythingAndMayBeRepeated(t *testing.T) {
	dir, ctx := t.TempDir(), context.Background()
	e := start(t, dir)
	conn := open(t, e, writer)
	run(t, conn, "CREATE TABLE kept (a UInt64) ENGINE = MergeTree ORDER BY a", "INSERT INTO kept SELECT number FROM numbers(100000)")
	for range 3 {
		if err := e.Close(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if e.Pid() != 0 {
		t.Error("there is still a process")
	}
	if err := conn.Ping(ctx); err == nil {
		t.Error("a closed engine answers")
	}
	if n := count(t, open(t, start(t, dir), writer), "SELECT count() FROM kept"); n != 100000 {
		t.Errorf("%d rows after a restart", n)
	}
}

func TestCloseDoesNotWaitForEverForAStatement(t *testing.T) {
	e := start(t, t.TempDir())
	conn, watch := open(t, e, writer), open(t, e, writer)
	ended := make(chan error, 1)
	go func() {
		ended <- conn.Exec(context.Background(), "SELECT max(sipHash64(number)) AS endless FROM numbers(1000000000000) FORMAT Null")
	}()
	for count(t, watch, "SELECT count() FROM system.processes WHERE query LIKE '%endless%' AND query NOT LIKE '%processes%'") == 0 {
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := e.Close(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Close without patience says %v", err)
	}
	if err := <-ended; err == nil {
		t.Error("the endless statement ended well")
	}
	if err := e.Close(context.Background()); err != nil {
		t.Errorf("closing again: %v", err)
	}
}

func TestSecondEngineOnTheSameDataIsRefused(t *testing.T) {
	e := start(t, t.TempDir())
	c := config(filepath.Dir(e.SocketPath()))
	ctx, cancel := context.WithCancel(context.Background())
	cancel() // do not wait for the first one to end
	second, err := engine.Start(ctx, c)
	if err == nil {
		_ = second.Close(context.Background())
		t.Fatal("two engines run on one folder")
	}
	if !errors.Is(err, engine.ErrDataInUse) || !strings.Contains(err.Error(), fmt.Sprint(os.Getpid())) {
		t.Errorf("the error does not say who has it: %v", err)
	}
	if err := open(t, e, writer).Ping(context.Background()); err != nil {
		t.Errorf("the first engine suffered: %v", err)
	}
}

func TestMissingLibraryIsOneClearLine(t *testing.T) {
	c := config(t.TempDir())
	c.Library = filepath.Join(c.DataDir, "nothing.so")
	_, err := engine.Start(context.Background(), c)
	if !errors.Is(err, engine.ErrLibraryMissing) {
		t.Fatalf("got %v", err)
	}
	for _, hint := range []string{"make engine", "--clickhouse-url", "nothing.so"} {
		if !strings.Contains(err.Error(), hint) {
			t.Errorf("%q is not in: %v", hint, err)
		}
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %v", err)
	}
}

func TestBrokenLibraryGivesTheReason(t *testing.T) {
	c := config(t.TempDir())
	c.Library = filepath.Join(c.DataDir, "broken.so")
	if err := os.WriteFile(c.Library, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := engine.Start(context.Background(), c)
	if err == nil || !strings.Contains(err.Error(), "broken.so") {
		t.Fatalf("got %v", err)
	}
}

func TestStartIsOverWhenItsContextIs(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	e, err := engine.Start(ctx, config(t.TempDir()))
	needLibrary(t, err)
	if err == nil {
		_ = e.Close(context.Background())
		t.Skip("the engine was faster")
	}
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
}

func TestSocketPathThatIsTooLongGetsAShortOne(t *testing.T) {
	dir := filepath.Join(t.TempDir(), strings.Repeat("long", 40))
	e := start(t, dir)
	if strings.HasPrefix(e.SocketPath(), dir) {
		t.Errorf("socket at %s", e.SocketPath())
	}
	if err := open(t, e, reader).Ping(context.Background()); err != nil {
		t.Error(err)
	}
	info, err := os.Stat(filepath.Dir(e.SocketPath()))
	if err != nil || info.Mode().Perm() != 0o700 {
		t.Errorf("folder of the socket: %v %v", info, err)
	}
	if err := e.Close(context.Background()); err != nil {
		t.Error(err)
	}
	if _, err := os.Stat(filepath.Dir(e.SocketPath())); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("the folder is left behind: %v", err)
	}
}

func TestTCPAddressOutlivesARestart(t *testing.T) {
	e := start(t, t.TempDir())
	before := e.HTTPAddr()
	pid := e.Pid()
	if err := syscall.Kill(pid, syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}
	// A connection made while there is no engine is served by the next one; one
	// that the dying engine had accepted is broken off.
	for {
		c, err := net.Dial("tcp", before)
		if err != nil {
			t.Fatalf("the address is gone: %v", err)
		}
		_ = c.Close()
		client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
		if res, err := client.Get("http://" + before + "/ping"); err == nil {
			_ = res.Body.Close()
			break
		}
	}
	if e.HTTPAddr() != before {
		t.Errorf("address moved from %s to %s", before, e.HTTPAddr())
	}
}

func TestConfigurationMistakesAreNamed(t *testing.T) {
	for name, c := range map[string]struct {
		change func(*engine.Config)
		want   string
	}{
		"no folder":                    {func(c *engine.Config) { c.DataDir = "" }, "data folder"},
		"a writer without a password":  {func(c *engine.Config) { c.Writer.Password = "" }, "password"},
		"a reader without a password":  {func(c *engine.Config) { c.Reader.Password = "" }, "password"},
		"a reader that is the writer":  {func(c *engine.Config) { c.Reader.User = c.Writer.User }, "of its own"},
		"too little memory":            {func(c *engine.Config) { c.MemoryLimit = 1000 }, "memory"},
		"a database name that is SQL":  {func(c *engine.Config) { c.Database = "a; DROP" }, "database"},
		"an address that is not there": {func(c *engine.Config) { c.HTTPAddr = "192.0.2.1:1" }, "listen"},
	} {
		t.Run(name, func(t *testing.T) {
			cfg := config(t.TempDir())
			c.change(&cfg)
			e, err := engine.Start(context.Background(), cfg)
			needLibrary(t, err)
			if err == nil {
				_ = e.Close(context.Background())
				t.Fatal("accepted")
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("%q is not in: %v", c.want, err)
			}
		})
	}
}
