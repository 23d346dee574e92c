package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"time"
)

// Credentials are one role's name and password on the HTTP interface.
type Credentials struct{ User, Password string }

// Config says where the engine lives and who may use it.
type Config struct {
	// DataDir is the engine's own folder; nothing else belongs in it.
	DataDir string
	// Library is the path of libchdb; "" searches the usual places.
	Library string
	// SocketPath is where our own clients connect; "" is engine.sock in DataDir.
	SocketPath string
	// HTTPAddr is the address for Grafana, BI tools and curl, such as
	// 127.0.0.1:8123; "" opens none.
	HTTPAddr string
	// Writer may do everything inside Database, Reader may only read it. A zero
	// Reader means that there is no such role.
	Writer, Reader Credentials
	// Private are tables of Database that only Writer may read.
	Private []string
	// ReaderWait is how long a reader's statement waits for others of readers to
	// end before it is refused; 0 is half a minute.
	ReaderWait time.Duration
	// Watch says when an engine that does not answer is started again.
	Watch Watch
	// MemoryLimit bounds what the engine allocates, in bytes; 0 is 1 GiB.
	MemoryLimit uint64
	// Database is created at start and is everybody's default; "" is fivekeys.
	Database string
	Logger   *slog.Logger
}

var databaseName = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]{0,62}$`)

func (c *Config) defaults() error {
	if c.DataDir == "" {
		return errors.New("engine: no data folder")
	}
	dir, err := filepath.Abs(c.DataDir)
	if err != nil {
		return fmt.Errorf("engine: data folder: %w", err)
	}
	c.DataDir = dir
	if c.SocketPath == "" {
		c.SocketPath = filepath.Join(dir, "engine.sock")
	}
	if c.Writer.User == "" || c.Writer.Password == "" {
		return errors.New("engine: the writer needs a user and a password")
	}
	if c.Reader != (Credentials{}) && (c.Reader.User == "" || c.Reader.Password == "" || c.Reader.User == c.Writer.User) {
		return errors.New("engine: the reader needs a user of its own and a password")
	}
	if c.MemoryLimit == 0 {
		c.MemoryLimit = defaultMemoryLimit
	}
	if c.MemoryLimit < minMemoryLimit {
		return fmt.Errorf("engine: memory limit %d is too low to merge and query: give it %d bytes or more", c.MemoryLimit, minMemoryLimit)
	}
	if c.Database == "" {
		c.Database = "fivekeys"
	}
	if !databaseName.MatchString(c.Database) || c.Database == "system" || c.Database == "default" {
		return fmt.Errorf("engine: database name %q: use letters, digits and _", c.Database)
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	return nil
}

// Engine is a running embedded ClickHouse.
type Engine struct {
	cfg   Config
	lock  *os.File
	unix  *net.UnixListener
	tcp   *net.TCPListener
	super *supervisor
}

// Start returns when the engine answers queries. The context bounds the start
// only.
func Start(ctx context.Context, cfg Config) (*Engine, error) {
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	library, err := findLibrary(cfg.Library)
	if err != nil {
		return nil, err
	}
	if library, err = filepath.Abs(library); err != nil { // the child works elsewhere
		return nil, fmt.Errorf("engine: library: %w", err)
	}
	if err := os.MkdirAll(cfg.DataDir, 0o700); err != nil {
		return nil, fmt.Errorf("make engine data folder: %w", err)
	}
	e := &Engine{cfg: cfg}
	if err := e.open(ctx); err != nil {
		e.release()
		return nil, err
	}
	orders := childOrders{
		Library: library, DataDir: cfg.DataDir, Database: cfg.Database, MemoryLimit: cfg.MemoryLimit,
		Threads: runtime.GOMAXPROCS(0), Writer: cfg.Writer, Reader: cfg.Reader, Private: cfg.Private, ReaderWait: cfg.ReaderWait,
		TCP: e.tcp != nil,
	}
	e.super, err = supervise(ctx, orders, cfg.Watch, e.lock, e.unix, e.tcp, cfg.Logger)
	if err != nil {
		e.release()
		return nil, err
	}
	return e, nil
}

func (e *Engine) open(ctx context.Context) (err error) {
	if e.lock, err = lockData(ctx, e.cfg.DataDir); err != nil {
		return err
	}
	if e.unix, err = listenUnix(e.cfg.SocketPath, e.cfg.DataDir, e.cfg.Logger); err != nil {
		return err
	}
	if e.cfg.HTTPAddr != "" {
		if e.tcp, err = listenTCP(e.cfg.HTTPAddr, e.cfg.Logger); err != nil {
			return err
		}
	}
	return nil
}

// release gives back what open took. The lock goes last.
func (e *Engine) release() {
	if e.tcp != nil {
		_ = e.tcp.Close()
	}
	if e.unix != nil {
		_ = e.unix.Close() // removes the socket
		if path := e.unix.Addr().String(); path != e.cfg.SocketPath {
			_ = os.Remove(filepath.Dir(path)) // the folder of the short path, ours alone
		}
	}
	if e.lock != nil {
		_ = e.lock.Close()
	}
}

// SocketPath is the unix socket that serves ClickHouse's HTTP interface.
func (e *Engine) SocketPath() string { return e.unix.Addr().String() }

// HTTPAddr is the address in use, with the real port if ":0" was asked for;
// "" if there is no TCP listener.
func (e *Engine) HTTPAddr() string {
	if e.tcp == nil {
		return ""
	}
	return e.tcp.Addr().String()
}

// Pid is the process of the engine at this moment; 0 between two of them.
func (e *Engine) Pid() int { return e.super.pid() }

// Restarts counts how often the engine ended by itself and was started again.
func (e *Engine) Restarts() int { return e.super.restartCount() }

// Close lets running statements finish, stops the engine and releases the data
// folder. When the context ends first, the engine is killed; what it
// acknowledged is on disk all the same. Closing again is harmless.
func (e *Engine) Close(ctx context.Context) error {
	err := e.super.stop(ctx)
	e.super.released.Do(e.release)
	return err
}
