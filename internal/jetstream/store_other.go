//go:build !unix

package jetstream

import (
	"errors"
	"os"
)

var errLocked = errors.New("locked")

// fileLock holds the file open; where the system has no advisory locks, the
// operator sees to it that one process uses the folder.
type fileLock struct{ f *os.File }

func lockFile(path string) (*fileLock, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, err
	}
	return &fileLock{f: f}, nil
}

func (l *fileLock) release() error {
	if l == nil || l.f == nil {
		return nil
	}
	err := l.f.Close()
	l.f = nil
	return err
}

func freeDisk(string) (int64, bool) { return 0, false }

func folderSize(string) int64 { return 0 }

func isDiskFull(error) bool { return false }
