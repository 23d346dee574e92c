package main

import (
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"time"

	"github.com/google/renameio/v2"

	"github.com/fivekeys/fivekeys/internal/engine"
)

// folder is the data folder: the embedded servers' data, who runs on it, and
// the passwords of the embedded ClickHouse.
type folder struct {
	path string
	lock *os.File
}

// running is what a serve leaves in its data folder so that other commands
// work through it.
type running struct {
	PID    int         `json:"pid"`
	HTTP   string      `json:"http"`             // base URL of its intake; empty without the ingest role
	Token  string      `json:"token"`            // bearer token of /v1/events
	Socket string      `json:"socket,omitempty"` // its engine's socket; empty where ClickHouse is a server
	Engine credentials `json:"engine"`
}

// credentials of the embedded ClickHouse. They are made once and kept, so that
// a Grafana that was given the reader's goes on working.
type credentials struct {
	WriterPassword string `json:"writer_password"`
	ReaderPassword string `json:"reader_password"`
}

const (
	writerUser = "fivekeys_writer"
	readerUser = "fivekeys_reader"

	engineFolder    = "clickhouse"
	busFolder       = "nats"
	runningFile     = "running.json"
	credentialsFile = "credentials.json"
)

func (c credentials) writer() engine.Credentials {
	return engine.Credentials{User: writerUser, Password: c.WriterPassword}
}

func (c credentials) reader() engine.Credentials {
	return engine.Credentials{User: readerUser, Password: c.ReaderPassword}
}

var errFolderBusy = errors.New("in use")

// holdsData says what to do where a folder has no data of the embedded ClickHouse
// or NATS yet: who only reads makes none, and an empty report would look like an
// answer.
func holdsData(path, of string) error {
	_, err := os.Stat(filepath.Join(path, of))
	if errors.Is(err, os.ErrNotExist) {
		return fmt.Errorf("no data here: %s holds none; name the folder with --data, or make one with fivekeys serve, import git or demo", path)
	}
	return err
}

// openFolder makes the folder and takes it for this process.
func openFolder(path string) (*folder, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, fmt.Errorf("make data folder: %w; choose another with --data", err)
	}
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("open data folder: %w; choose another with --data", err)
	}
	if err := takeLock(lock); err != nil {
		_ = lock.Close()
		if errors.Is(err, syscall.EWOULDBLOCK) {
			return nil, fmt.Errorf("data folder %s is %w by another fivekeys; stop it or choose another folder with --data", path, errFolderBusy)
		}
		return nil, fmt.Errorf("lock data folder: %w", err)
	}
	f := &folder{path: path, lock: lock}
	if err := f.checkFormat(); err != nil {
		_ = lock.Close()
		return nil, err
	}
	return f, nil
}

// folderFormat is raised when an older version could not work with what a newer
// one writes. The folder carries it, and an older version refuses the folder.
const (
	folderFormat = 1
	formatFile   = "format.json"
)

// format is what the folder says of who wrote it.
type format struct {
	Format  int    `json:"format"`
	Release string `json:"release"` // the last that wrote it, for people
}

var errFolderNewer = errors.New("was written by a newer fivekeys")

// checkFormat refuses a folder of a newer version before anything in it is
// changed, and says whose it is from now on.
func (f *folder) checkFormat() error {
	path := filepath.Join(f.path, formatFile)
	var have format
	data, err := os.ReadFile(path)
	switch {
	case errors.Is(err, os.ErrNotExist): // new, or older than this file
	case err != nil:
		return fmt.Errorf("read %s: %w", path, err)
	default:
		if err := json.Unmarshal(data, &have); err != nil {
			return fmt.Errorf("read %s: %w; remove the file if no newer fivekeys has used the folder", path, err)
		}
	}
	if have.Format > folderFormat {
		return fmt.Errorf("data folder %s %w (release %s, format %d; this is release %s, format %d): "+
			"run that version, or use another folder with --data; nothing was changed",
			f.path, errFolderNewer, have.Release, have.Format, release, folderFormat)
	}
	now := format{Format: folderFormat, Release: release}
	if have == now {
		return nil
	}
	if data, err = json.Marshal(now); err != nil {
		return err
	}
	if err := renameio.WriteFile(path, data, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", formatFile, err)
	}
	return nil
}

// takeLock tries for a moment: a command that asks who runs here (findRunning)
// holds the lock for as long as that takes.
func takeLock(lock *os.File) (err error) {
	for range 10 {
		if err = syscall.Flock(int(lock.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); !errors.Is(err, syscall.EWOULDBLOCK) {
			return err
		}
		time.Sleep(10 * time.Millisecond)
	}
	return err
}

func (f *folder) close() error {
	_ = os.Remove(filepath.Join(f.path, runningFile)) // another command finds the lock free anyway
	return f.lock.Close()
}

func (f *folder) announce(r running) error {
	data, err := json.Marshal(r)
	if err != nil {
		return err
	}
	if err := renameio.WriteFile(filepath.Join(f.path, runningFile), data, 0o600); err != nil {
		return fmt.Errorf("write %s: %w", runningFile, err)
	}
	return nil
}

// findRunning gives the serve that runs on a data folder, if one does.
func findRunning(path string) (*running, bool) {
	lock, err := os.OpenFile(filepath.Join(path, "lock"), os.O_RDWR, 0)
	if err != nil {
		return nil, false
	}
	defer func() { _ = lock.Close() }()
	if syscall.Flock(int(lock.Fd()), syscall.LOCK_SH|syscall.LOCK_NB) == nil {
		return nil, false // nobody holds it: what the file says is of a process that died
	}
	data, err := os.ReadFile(filepath.Join(path, runningFile))
	if err != nil {
		return nil, false
	}
	var r running
	if err := json.Unmarshal(data, &r); err != nil {
		return nil, false
	}
	return &r, true
}

// credentials reads the engine's passwords, or makes them.
func (f *folder) credentials(getenv func(string) string) (credentials, error) {
	path := filepath.Join(f.path, credentialsFile)
	var c credentials
	data, err := os.ReadFile(path)
	switch {
	case err == nil:
		if err := json.Unmarshal(data, &c); err != nil {
			return c, fmt.Errorf("read %s: %w; delete the file to have it made again", path, err)
		}
	case errors.Is(err, os.ErrNotExist):
		c = credentials{WriterPassword: rand.Text(), ReaderPassword: rand.Text()}
		data, err := json.Marshal(c)
		if err != nil {
			return c, err
		}
		if err := renameio.WriteFile(path, data, 0o600); err != nil {
			return c, fmt.Errorf("write %s: %w", path, err)
		}
	default:
		return c, fmt.Errorf("read %s: %w", path, err)
	}
	if p := getenv("FIVEKEYS_CLICKHOUSE_READER_PASSWORD"); p != "" {
		c.ReaderPassword = p
	}
	return c, nil
}
