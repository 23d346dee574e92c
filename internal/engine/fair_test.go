package engine_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/engine"
)

// slow runs for as long as a reader may, and can be killed at any time.
const slow = "SELECT max(sipHash64(number, %d)) FROM numbers(1000000000000)"

// ask sends one statement and gives up with the context.
func ask(ctx context.Context, e *engine.Engine, c engine.Credentials, sql string, params url.Values) (status int, answer string) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+e.HTTPAddr()+"/?"+params.Encode(), strings.NewReader(sql))
	if err != nil {
		return 0, err.Error()
	}
	r.SetBasicAuth(c.User, c.Password)
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	res, err := client.Do(r)
	if err != nil {
		return 0, err.Error()
	}
	defer func() { _ = res.Body.Close() }()
	body, _ := io.ReadAll(res.Body)
	return res.StatusCode, string(body)
}

// TestSlowReadersKeepNoFactFromBeingStored is about 20 dashboards at once.
func TestSlowReadersKeepNoFactFromBeingStored(t *testing.T) {
	c := config(t.TempDir())
	c.ReaderWait = time.Second
	e := startWith(t, c)
	w := open(t, e, writer)
	run(t, w, "CREATE TABLE facts (a UInt64) ENGINE = MergeTree ORDER BY a")

	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	const readers = 20
	answers := make(chan string, readers)
	var all sync.WaitGroup
	for i := range readers {
		all.Go(func() {
			status, answer := ask(ctx, e, reader, fmt.Sprintf(slow, i), nil)
			answers <- fmt.Sprintf("%d %s", status, answer)
		})
	}
	running := func() uint64 {
		return count(t, w, "SELECT count() FROM system.processes WHERE query LIKE '%sipHash64%' AND query NOT LIKE '%processes%'")
	}
	waitUntil(t, "readers' statements run", func() bool { return running() > 0 })
	for i := range 20 {
		run(t, w, fmt.Sprintf("INSERT INTO facts VALUES (%d)", i))
	}
	if n := count(t, w, "SELECT count() FROM facts"); n != 20 {
		t.Errorf("%d of 20 facts are stored", n)
	}
	// Those that got no place were told so; the others are still at it.
	n := running()
	if n == 0 || n >= readers {
		t.Errorf("%d of %d statements run", n, readers)
	}
	for range readers - int(n) {
		answer := <-answers
		if !strings.HasPrefix(answer, "503 ") || !strings.Contains(answer, "Code: 202.") || !strings.Contains(answer, "ask again") {
			t.Errorf("a reader without a place is told %s", answer)
		}
	}
	cancel()
	all.Wait()
	waitUntil(t, "the places are free again", func() bool {
		status, _ := ask(context.Background(), e, reader, "SELECT 1", nil)
		return status == http.StatusOK
	})
}

func TestReadersHaveAShareOfTheMemoryBetweenThem(t *testing.T) {
	c := config(t.TempDir())
	c.MemoryLimit = 512 << 20
	e := startWith(t, c)
	limit := func(params url.Values) (bytes uint64) {
		_, answer := ask(context.Background(), e, reader, "SELECT getSetting('max_memory_usage')", params)
		_, _ = fmt.Sscan(answer, &bytes)
		return bytes
	}
	share, all := limit(nil), limit(url.Values{"max_memory_usage": {"0"}})
	if share == 0 || share > c.MemoryLimit/8 {
		t.Errorf("one statement has %d of %d bytes", share, c.MemoryLimit)
	}
	if all != share {
		t.Errorf("one that asks for memory without limit has %d bytes", all)
	}
	if n := limit(url.Values{"max_memory_usage": {"1000000000000"}}); n != c.MemoryLimit/2 {
		t.Errorf("the most is %d bytes, want half of %d", n, c.MemoryLimit)
	}
	if n := limit(url.Values{"max_memory_usage": {"50000000"}}); n != 50000000 {
		t.Errorf("a tighter limit becomes %d", n)
	}
	// What needs more than its share gets all of the readers', alone.
	big := fmt.Sprintf("SELECT length(groupArray(number)) FROM numbers(%d)", share/8*5/8)
	if status, answer := ask(context.Background(), e, reader, big, nil); status != http.StatusOK {
		t.Errorf("a statement above its share: %d %s", status, answer)
	}
	if _, answer := ask(context.Background(), e, reader, fmt.Sprintf("SELECT length(groupArray(number)) FROM numbers(%d)", c.MemoryLimit/8), nil); !strings.Contains(answer, "Code: 241.") {
		t.Errorf("a statement above everything: %s", answer)
	}
	w := open(t, e, writer)
	run(t, w, "CREATE TABLE facts (a UInt64) ENGINE = MergeTree ORDER BY a")
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var greedy sync.WaitGroup
	for i := range 8 {
		greedy.Go(func() {
			for ctx.Err() == nil {
				_, _ = ask(ctx, e, reader, fmt.Sprintf("SELECT uniqExact(number + %d) FROM numbers(100000000)", i), nil)
			}
		})
	}
	for i := range 10 {
		run(t, w, fmt.Sprintf("INSERT INTO facts SELECT number + %d FROM numbers(10000)", i*10000))
	}
	cancel()
	greedy.Wait()
	if n := count(t, w, "SELECT count() FROM facts"); n != 100000 || e.Restarts() != 0 {
		t.Errorf("%d of 100000 facts are stored, after %d restarts", n, e.Restarts())
	}
}

// pipe is a file whose opening never ends: a system call that nothing interrupts.
func pipe(t *testing.T, e *engine.Engine) string {
	t.Helper()
	path := filepath.Join(filepath.Dir(e.SocketPath()), "pipe")
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	return "SELECT * FROM format(JSONEachRow, concat('a Int8, b String DEFAULT fi', 'le(''" + path + "'')'), '{\"a\":1}')"
}

func TestEngineFullOfStatementsThatNothingEndsIsStartedAgain(t *testing.T) {
	c := config(t.TempDir())
	c.Watch = engine.Watch{Every: 50 * time.Millisecond}
	e := startWith(t, c)
	w := open(t, e, writer)
	run(t, w, "CREATE TABLE facts (a UInt64) ENGINE = MergeTree ORDER BY a", "INSERT INTO facts VALUES (1)")
	for _, c := range []struct {
		as  engine.Credentials
		sql string
	}{
		{reader, "SELECT * FROM generateRandom('a UInt8 DEFAULT toUInt8(file(''/proc/self/fd/0''))') LIMIT 1"}, {writer, pipe(t, e)},
	} {
		// The clients go away after a moment; the statements, once begun, stay.
		ctx, cancel := context.WithTimeout(context.Background(), time.Second)
		var all sync.WaitGroup
		for range 16 {
			all.Go(func() { _, _ = ask(ctx, e, c.as, c.sql, nil) })
		}
		all.Wait()
		cancel()
		waitUntil(t, "the engine stores again", func() bool {
			ctx, cancel := context.WithTimeout(context.Background(), time.Second)
			defer cancel()
			status, _ := ask(ctx, e, writer, "INSERT INTO facts VALUES (2)", nil)
			return status == http.StatusOK
		})
		if c.as == reader && e.Restarts() != 0 {
			t.Errorf("readers had the engine started again %d times", e.Restarts())
		}
	}
	if e.Restarts() == 0 {
		t.Error("the engine was not started again")
	}
	if n := count(t, open(t, e, writer), "SELECT uniqExact(a) FROM facts"); n != 2 {
		t.Errorf("%d facts", n)
	}
}

func TestStatementThatCannotBeInterruptedGivesItsClientUp(t *testing.T) {
	e := start(t, t.TempDir())
	sql := pipe(t, e)
	ended := make(chan struct{})
	ctx, cancel := context.WithCancel(context.Background())
	go func() {
		defer close(ended)
		_, _ = ask(ctx, e, writer, sql, nil)
	}()
	waitUntil(t, "the statement runs", func() bool {
		return count(t, open(t, e, writer), "SELECT count() FROM system.processes WHERE query LIKE '%pipe%' AND query NOT LIKE '%processes%'") > 0
	})
	cancel()
	<-ended
	// The others have their places, and closing does not wait for it either.
	run(t, open(t, e, writer), "SELECT 1")
	if err := e.Close(context.Background()); err != nil {
		t.Errorf("Close: %v", err)
	}
}

func TestEngineThatStandsStillIsStartedAgain(t *testing.T) {
	c := config(t.TempDir())
	c.Watch = engine.Watch{Every: 20 * time.Millisecond, Patience: 500 * time.Millisecond, Misses: 2}
	e := startWith(t, c)
	w := open(t, e, writer)
	run(t, w, "CREATE TABLE facts (a UInt64) ENGINE = MergeTree ORDER BY a", "INSERT INTO facts VALUES (1)")
	pid := e.Pid()
	if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	waitUntil(t, "another engine answers", func() bool {
		status, _ := ask(context.Background(), e, writer, "INSERT INTO facts VALUES (2)", nil)
		return status == http.StatusOK
	})
	if e.Pid() == pid || e.Restarts() == 0 {
		t.Errorf("pid %d after %d restarts", e.Pid(), e.Restarts())
	}
	if n := count(t, w, "SELECT count() FROM facts WHERE a = 1"); n != 1 {
		t.Error("what was stored is gone")
	}
}
