package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// ErrDataInUse says that another process has the data folder.
var ErrDataInUse = errors.New("engine data folder is in use")

// lockPatience is how long to wait for a process that is just ending, as when
// fivekeys is killed and started again at once.
const lockPatience = 3 * time.Second

// lockData takes the exclusive lock on the data folder. The open file carries
// the lock, and the child inherits it: the folder is free only when parent and
// child are both gone, so a new engine never meets an old one.
func lockData(ctx context.Context, dir string) (*os.File, error) {
	path := filepath.Join(dir, "fivekeys.lock")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, fmt.Errorf("lock engine data: %w", err)
	}
	ctx, cancel := context.WithTimeout(ctx, lockPatience)
	defer cancel()
	retry := time.NewTicker(25 * time.Millisecond)
	defer retry.Stop()
	for {
		err := unix.Flock(int(f.Fd()), unix.LOCK_EX|unix.LOCK_NB)
		if err == nil {
			break
		}
		if !errors.Is(err, unix.EWOULDBLOCK) && !errors.Is(err, unix.EINTR) {
			_ = f.Close()
			return nil, fmt.Errorf("lock engine data %s: %w", path, err)
		}
		select {
		case <-ctx.Done():
			holder, _ := os.ReadFile(path)
			_ = f.Close()
			return nil, fmt.Errorf("%w: %s is held by process %s; stop it, or give this one another --data folder", ErrDataInUse, dir, strings.TrimSpace(string(holder)))
		case <-retry.C:
		}
	}
	// For the message above only; the lock does not depend on the content.
	if err := f.Truncate(0); err == nil {
		_, _ = f.WriteAt([]byte(fmt.Sprintf("%d\n", os.Getpid())), 0)
	}
	return f, nil
}
