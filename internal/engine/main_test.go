package engine_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"go.uber.org/goleak"

	"github.com/fivekeys/fivekeys/internal/engine"
)

var (
	writer = engine.Credentials{User: "fivekeys_writer", Password: "w-secret"}
	reader = engine.Credentials{User: "fivekeys_reader", Password: "r-secret"}
)

func TestMain(m *testing.M) {
	engine.RunChildIfAsked()
	code := m.Run()
	if err := errors.Join(closeShared(), goleak.Find()); err != nil && code == 0 {
		fmt.Fprintln(os.Stderr, err)
		code = 1
	}
	os.Exit(code)
}

// The conformance tests share one engine; each has tables of its own. Tests of
// the engine's life start their own.
var (
	sharedOnce   sync.Once
	sharedEngine *engine.Engine
	sharedError  error
	sharedDir    string
)

func shared(t testing.TB) *engine.Engine {
	t.Helper()
	sharedOnce.Do(func() {
		if sharedDir, sharedError = os.MkdirTemp("", "fivekeys-engine-test-*"); sharedError == nil {
			sharedEngine, sharedError = engine.Start(context.Background(), config(sharedDir))
		}
	})
	needLibrary(t, sharedError)
	if sharedError != nil {
		t.Fatal(sharedError)
	}
	return sharedEngine
}

func closeShared() error {
	if sharedEngine == nil {
		return nil
	}
	return errors.Join(sharedEngine.Close(context.Background()), os.RemoveAll(sharedDir))
}

func config(dir string) engine.Config {
	return engine.Config{
		DataDir: dir, HTTPAddr: "127.0.0.1:0", Writer: writer, Reader: reader,
		Logger: slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn})),
	}
}

// needLibrary fails with the hint where the engine was not fetched.
func needLibrary(t testing.TB, err error) {
	t.Helper()
	if errors.Is(err, engine.ErrLibraryMissing) {
		t.Fatal(err)
	}
}

// start runs an engine of the test's own.
func start(t testing.TB, dir string) *engine.Engine {
	t.Helper()
	return startWith(t, config(dir))
}

func startWith(t testing.TB, c engine.Config) *engine.Engine {
	t.Helper()
	e, err := engine.Start(context.Background(), c)
	needLibrary(t, err)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return e
}

// waitUntil looks until it is so, for a minute at most.
func waitUntil(t testing.TB, what string, so func() bool) {
	t.Helper()
	deadline := time.After(time.Minute)
	for tick := time.NewTicker(20 * time.Millisecond); !so(); {
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("waited for a minute until %s", what)
		}
	}
}

// open connects with clickhouse-go over the unix socket.
func open(t testing.TB, e *engine.Engine, c engine.Credentials, change ...func(*clickhouse.Options)) driver.Conn {
	t.Helper()
	options := e.ClientOptions(c)
	for _, f := range change {
		f(options)
	}
	conn, err := clickhouse.Open(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func run(t testing.TB, conn driver.Conn, statements ...string) {
	t.Helper()
	for _, sql := range statements {
		if err := conn.Exec(context.Background(), sql); err != nil {
			t.Fatalf("%s: %v", sql, err)
		}
	}
}

// count runs a query that gives one UInt64.
func count(t testing.TB, conn driver.Conn, sql string) uint64 {
	t.Helper()
	var n uint64
	if err := conn.QueryRow(context.Background(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

// code is the ClickHouse error code of err, which has to be a typed one.
func code(t testing.TB, err error) int32 {
	t.Helper()
	var e *clickhouse.Exception
	if !errors.As(err, &e) {
		t.Fatalf("want a *clickhouse.Exception, got %T: %v", err, err)
	}
	return e.Code
}
