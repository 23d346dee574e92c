package jetstream

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"github.com/fivekeys/fivekeys/internal/jetstream/streamfiles"
)

const (
	// readyTimeout covers the recovery of a large store after a crash.
	readyTimeout = 2 * time.Minute
	readyPoll    = 50 * time.Millisecond
	lockName     = "fivekeys.lock"
	// subDir is what nats-server itself names its folder within the store.
	subDir = "jetstream"
)

// embedded is a nats-server in this process, reachable only from within it.
type embedded struct {
	srv  *server.Server
	lock *fileLock
	lost []streamfiles.Loss // what damaged files cost, today or before
}

func startEmbedded(cfg *Config) (_ *embedded, err error) {
	op := "start the embedded NATS server in " + cfg.StoreDir
	if err := os.MkdirAll(cfg.StoreDir, 0o750); err != nil {
		return nil, storeError(op, err)
	}
	e := &embedded{}
	// Two servers on one folder corrupt it silently; nats-server takes no lock.
	if e.lock, err = lockFile(filepath.Join(cfg.StoreDir, lockName)); err != nil {
		return nil, storeError(op, err)
	}
	defer func() {
		if err != nil {
			_ = e.stop()
		}
	}()
	if free, ok := freeDisk(cfg.StoreDir); ok {
		if free < minFreeDisk {
			return nil, &Error{Op: op, Reason: ErrDiskFull, Hint: fmt.Sprintf("%d MiB are free, at least %d are needed", free>>20, minFreeDisk>>20)}
		}
	}
	if err := e.prepareFiles(cfg); err != nil {
		return nil, storeError(op, err)
	}
	opts := &server.Options{
		ServerName:         "fivekeys",
		DontListen:         true,
		JetStream:          true,
		StoreDir:           cfg.StoreDir,
		SyncAlways:         !cfg.NoSync,
		JetStreamMaxMemory: cfg.MaxMemory,
		JetStreamMaxStore:  cfg.embeddedMaxStore(),
		MaxPayload:         cfg.MaxPayload,
		MaxPending:         max(server.MAX_PENDING_SIZE, 4*int64(cfg.MaxPayload)),
		NoSigs:             true,
		NoLog:              true,
	}
	if e.srv, err = server.NewServer(opts); err != nil {
		return nil, storeError(op, err)
	}
	log := serverLog{log: cfg.Logger.With("component", "nats-server"), fatal: make(chan string, 1)}
	e.srv.SetLoggerV2(log, false, false, false)
	e.srv.Start()
	for deadline := time.Now().Add(readyTimeout); !e.srv.ReadyForConnections(readyPoll); {
		select {
		case msg := <-log.fatal:
			return nil, storeError(op, errors.New(msg))
		default:
		}
		if time.Now().After(deadline) {
			return nil, &Error{Op: op, Reason: ErrStoreUnusable, Hint: "see the server's messages in the log"}
		}
	}
	if !e.srv.JetStreamEnabled() {
		return nil, &Error{Op: op, Reason: ErrStoreUnusable, Hint: "see the server's messages in the log; the folder must be writable"}
	}
	return e, nil
}

// prepareFiles brings the streams of an older version to their present form, and
// looks for damage before the server does, which would drop more than is damaged.
func (e *embedded) prepareFiles(cfg *Config) error {
	upgraded, err := streamfiles.Upgrade(cfg.StoreDir)
	for _, stream := range upgraded {
		cfg.Logger.Info("stream of an older version remade, its messages stay", "stream", stream)
	}
	if err != nil {
		return err
	}
	found, err := streamfiles.Check(cfg.StoreDir, time.Now())
	for _, l := range found {
		cfg.Logger.Error(lossText(l), "stream", l.Stream, "messages", l.Messages, "after", l.From, "before", l.To, "damaged_file", l.File)
	}
	if err != nil {
		return err
	}
	e.lost, err = streamfiles.Losses(cfg.StoreDir)
	if n := len(e.lost) - len(found); n > 0 {
		cfg.Logger.Warn("damaged files of earlier starts are still set aside", "files", n, "folder", filepath.Dir(e.lost[0].File))
	}
	return err
}

func (c *Client) connectEmbedded() (*nats.Conn, error) {
	opts := append(c.handlers(), nats.InProcessServer(c.embedded.srv))
	nc, err := nats.Connect("", opts...)
	if err != nil {
		return nil, fmt.Errorf("connect to the embedded NATS server: %w", err)
	}
	return nc, nil
}

// embeddedMaxStore is the limit of the whole server. A stream's max_bytes counts
// against it when the stream is created, and staged batches and blocks not yet
// compacted come on top, hence the slack.
func (c *Config) embeddedMaxStore() int64 {
	if c.MaxStore > 0 {
		return c.MaxStore
	}
	budget := max(c.Topology.MaxBytes, c.embeddedBudget())
	// Streams that exist keep the size they were created with when more was free.
	return max(2*budget, embeddedMaxBytes*2)
}

// embeddedBudget is the size of all streams where none was configured. What the
// store already holds counts as free: otherwise each start would find less.
func (c *Config) embeddedBudget() int64 {
	free, ok := freeDisk(c.StoreDir)
	if !ok {
		return DefaultRemoteBytes
	}
	return min((free+folderSize(filepath.Join(c.StoreDir, subDir)))/embeddedDiskShare, embeddedMaxBytes)
}

func (e *embedded) stop() error {
	if e.srv != nil {
		e.srv.Shutdown()
		e.srv.WaitForShutdown()
	}
	return e.lock.release()
}

// storeError tells an operator what is wrong with the folder.
func storeError(op string, err error) error {
	e := &Error{Op: op, Reason: ErrStoreUnusable, Cause: err}
	switch {
	case errors.Is(err, errLocked):
		e.Reason, e.Cause = ErrStoreLocked, nil
		e.Hint = "stop the other fivekeys process, or give this one another data folder"
	case errors.Is(err, os.ErrPermission), strings.Contains(err.Error(), "permission denied"):
		e.Hint = "give this user write access to the folder"
	case isDiskFull(err), strings.Contains(err.Error(), "no space left"):
		e.Reason, e.Hint = ErrDiskFull, hintDisk
	default:
		e.Hint = "check that the path is a folder this user may write to"
	}
	return e
}
