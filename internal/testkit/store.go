package testkit

import (
	"context"
	"os"
	"testing"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/engine"
)

// Main runs a package's tests; TestMain calls it and nothing else.
func Main(m *testing.M) {
	engine.RunChildIfAsked()
	os.Exit(m.Run())
}

// Roles of the test engine.
var (
	Writer = engine.Credentials{User: "writer", Password: "writer"}
	Reader = engine.Credentials{User: "reader", Password: "reader"}
)

// Engine starts an engine that ends with the test.
func Engine(tb testing.TB) *engine.Engine {
	tb.Helper()
	return startEngine(tb, "")
}

// Server starts an engine that answers on a port of 127.0.0.1 too, as a
// ClickHouse of its own does; ServerURL is the DSN.
func Server(tb testing.TB) *engine.Engine {
	tb.Helper()
	return startEngine(tb, "127.0.0.1:0")
}

// ServerURL is the writer's DSN of a ClickHouse at an address.
func ServerURL(addr string) string {
	return "http://" + Writer.User + ":" + Writer.Password + "@" + addr + "/" + clickhouse.Database
}

func startEngine(tb testing.TB, addr string) *engine.Engine {
	tb.Helper()
	e, err := engine.Start(tb.Context(), engine.Config{DataDir: tb.TempDir(), HTTPAddr: addr, Writer: Writer, Reader: Reader, Private: clickhouse.Private})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := e.Close(context.Background()); err != nil {
			tb.Errorf("close engine: %v", err)
		}
	})
	return e
}

// Store opens a store with all tables and views on an engine of its own.
func Store(tb testing.TB) *clickhouse.Store {
	tb.Helper()
	return StoreOn(tb, Engine(tb))
}

// StoreOn opens a store with all tables and views on an engine.
func StoreOn(tb testing.TB, e *engine.Engine) *clickhouse.Store {
	tb.Helper()
	s, err := clickhouse.Open(tb.Context(), clickhouse.Config{Options: e.ClientOptions(Writer)})
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() { _ = s.Close() })
	if _, err := s.Migrate(tb.Context()); err != nil {
		tb.Fatal(err)
	}
	return s
}
