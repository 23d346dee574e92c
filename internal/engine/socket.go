package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
)

// maxSocketPath is what fits into sockaddr_un with its closing NUL: 107 bytes
// on Linux, 103 on darwin.
const maxSocketPath = 103

// listenUnix opens the engine's own socket. A path that does not fit gets a
// short one in the temporary folder, derived from the data folder.
func listenUnix(path, dataDir string, log *slog.Logger) (*net.UnixListener, error) {
	if len(path) > maxSocketPath {
		sum := sha256.Sum256([]byte(dataDir))
		short := filepath.Join(os.TempDir(), fmt.Sprintf("fivekeys-%d-%s", os.Getuid(), hex.EncodeToString(sum[:6])))
		if err := os.MkdirAll(short, 0o700); err != nil {
			return nil, fmt.Errorf("make folder of engine socket: %w", err)
		}
		// Somebody else may have made it first, to sit in between.
		if info, err := os.Lstat(short); err != nil || !info.IsDir() || info.Mode().Perm() != 0o700 || !ownedByUs(info) {
			return nil, fmt.Errorf("make folder of engine socket: %s exists and is not ours alone; remove it or set a shorter socket path", short)
		}
		log.Info("engine socket path is too long for a unix socket, using a short one", "wanted", path, "socket", filepath.Join(short, "engine.sock"))
		path = filepath.Join(short, "engine.sock")
	}
	// What is there belongs to a process that is gone: we hold the data lock.
	if info, err := os.Lstat(path); err == nil && info.Mode().Type() == os.ModeSocket {
		_ = os.Remove(path)
	}
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: path, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("listen on engine socket: %w", err)
	}
	if err := os.Chmod(path, 0o600); err != nil {
		_ = l.Close()
		return nil, fmt.Errorf("protect engine socket: %w", err)
	}
	return l, nil
}

// listenTCP opens the address for Grafana and analysts.
func listenTCP(address string, log *slog.Logger) (*net.TCPListener, error) {
	l, err := net.Listen("tcp", address)
	if err != nil {
		return nil, fmt.Errorf("listen for ClickHouse HTTP clients: %w (choose another address, or none)", err)
	}
	t, ok := l.(*net.TCPListener)
	if !ok {
		return nil, fmt.Errorf("listen for ClickHouse HTTP clients: %s is no TCP address", address)
	}
	if a, ok := t.Addr().(*net.TCPAddr); !ok || !a.IP.IsLoopback() {
		log.Warn("engine listens beyond this machine, without TLS: passwords and data can be read on the way", "address", t.Addr().String())
	}
	return t, nil
}
