package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strings"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	ddl "github.com/fivekeys/fivekeys/schemas/clickhouse"
)

// Database is where our tables and views are unless the DSN names another.
const Database = "fivekeys"

// Private are the tables that only the writer reads: raw bodies, which hold
// whatever a sender put into them. The view deliveries is them without.
var Private = []string{"delivery_log"}

const dsnExample = "clickhouse://user:password@host:9000/" + Database

var schemes = []string{"clickhouse", "tcp", "http", "https"}

// Config says which ClickHouse to use: either Options (the embedded engine
// gives them) or a URL.
type Config struct {
	// URL is a DSN: clickhouse://user:password@host:9000/fivekeys?secure=true,
	// or http(s)://… for the HTTP interface.
	URL     string
	Options *ch.Options
	// Cluster makes replicated tables ON CLUSTER; empty for one server.
	Cluster string
	Logger  *slog.Logger
}

// Store is a connection pool to one ClickHouse.
type Store struct {
	conn    driver.Conn
	options *ch.Options
	layout  ddl.Layout
	logger  *slog.Logger
}

// Open connects and checks that the server answers.
func Open(ctx context.Context, cfg Config) (*Store, error) {
	opt := cfg.Options
	if opt == nil {
		if cfg.URL == "" {
			return nil, errors.New("open store: neither a URL nor an embedded engine is given")
		}
		parsed, err := ch.ParseDSN(cfg.URL)
		if err != nil {
			return nil, fmt.Errorf("parse --clickhouse-url: %w (expected %s)", err, dsnExample)
		}
		// The driver takes any other scheme for the native protocol.
		if scheme, _, ok := strings.Cut(cfg.URL, "://"); !ok || !slices.Contains(schemes, scheme) {
			return nil, fmt.Errorf("parse --clickhouse-url: it begins with none of %s (expected %s)", strings.Join(schemes, "://, ")+"://", dsnExample)
		}
		opt = parsed
	}
	if opt.Auth.Database == "" {
		opt.Auth.Database = Database
	}
	if opt.Settings == nil {
		opt.Settings = ch.Settings{}
	}
	// An acknowledgement to NATS rests on the answer to an insert: it must be
	// the insert that is answered, not its place in a server-side queue.
	opt.Settings["async_insert"] = 0
	opt.MaxOpenConns = max(opt.MaxOpenConns, 12)
	opt.MaxIdleConns = max(opt.MaxIdleConns, 8)
	conn, err := ch.Open(opt)
	if err != nil {
		return nil, fmt.Errorf("open ClickHouse: %w", err)
	}
	s := &Store{conn: conn, options: opt, layout: ddl.Layout{Cluster: cfg.Cluster}, logger: cfg.Logger}
	if s.logger == nil {
		s.logger = slog.New(slog.DiscardHandler)
	}
	if err := s.Ping(ctx); err != nil {
		_ = conn.Close()
		return nil, err
	}
	return s, nil
}

// Ping says whether the store answers, with a hint where it does not.
func (s *Store) Ping(ctx context.Context) error {
	err := s.conn.Ping(ctx)
	if err == nil {
		return nil
	}
	addr := strings.Join(s.options.Addr, ",")
	var netErr *net.OpError
	var exception *ch.Exception
	switch {
	case errors.As(err, &exception) && exception.Code == 516:
		return fmt.Errorf("reach ClickHouse at %s: user or password refused; check --clickhouse-url", addr)
	case errors.As(err, &exception) && exception.Code == 81:
		return fmt.Errorf("reach ClickHouse at %s: database %q does not exist; create it or name another in --clickhouse-url", addr, s.options.Auth.Database)
	case errors.As(err, &netErr):
		return fmt.Errorf("reach ClickHouse at %s: %w; check --clickhouse-url and that the server runs", addr, err)
	}
	return fmt.Errorf("reach ClickHouse at %s: %w", addr, err)
}

// Conn is the connection pool, for readers of the views.
func (s *Store) Conn() driver.Conn { return s.conn }

// Close ends the connections.
func (s *Store) Close() error { return s.conn.Close() }

// insertContext bounds an insert. It never ends with the caller's context: the
// last flush of a stopping process must not be cancelled by the stopping.
func insertContext(ctx context.Context, columns []ch.ColumnNameAndType) (context.Context, context.CancelFunc) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), insertTimeout)
	return ch.Context(ctx, ch.WithColumnNamesAndTypes(columns)), cancel
}

// insertTimeout is far above the slowest honest insert; past it the batch is
// redelivered.
const insertTimeout = 2 * time.Minute
