package verify

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// binary is what make build leaves, found from this package's folder.
var binary = absolute(filepath.Join(root, "bin/fivekeys"))

func absolute(path string) string {
	abs, err := filepath.Abs(path)
	if err != nil {
		panic(err) // no working directory
	}
	return abs
}

func TestComposeStacksConfigurationIsOneOfOurs(t *testing.T) {
	// The SLO files lie beside it in the container.
	dir := t.TempDir()
	text, err := os.ReadFile(filepath.Join(root, "deploy/docker/fivekeys.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "fivekeys.yaml"), text, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(filepath.Join(dir, "slos"), os.DirFS(filepath.Join(root, "deploy/slos"))); err != nil {
		t.Fatal(err)
	}
	run(t, binary, "check", filepath.Join(dir, "fivekeys.yaml"))
}

// The image's file system, assembled as the Dockerfile does and run as its user:
// nothing is missing that the binary and the engine load.
func TestImageRunsTheEngineAsItsUser(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("chroot and device files need root")
	}
	libraries, err := filepath.Glob(filepath.Join(root, "deploy/engine/node_modules/@chdb/lib-*/libchdb.so"))
	if err != nil || len(libraries) == 0 {
		t.Fatalf("no engine; run make engine (%v)", err)
	}
	image := t.TempDir()
	run(t, filepath.Join(root, "deploy/docker/rootfs.sh"), image, binary, libraries[0])
	// A container runtime brings these.
	for name, minor := range map[string]int{"null": 3, "random": 8, "urandom": 9} {
		if err := os.MkdirAll(filepath.Join(image, "dev"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mknod(filepath.Join(image, "dev", name), syscall.S_IFCHR|0o666, 1<<8|minor); err != nil {
			t.Skipf("make device files: %v", err)
		}
		if err := os.Chmod(filepath.Join(image, "dev", name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	proc := filepath.Join(image, "proc")
	if err := os.Mkdir(proc, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("proc", proc, "proc", 0, ""); err != nil {
		t.Skipf("mount proc: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(proc, 0); err != nil {
			t.Errorf("unmount proc: %v", err)
		}
	})
	out := run(t, "chroot", "--userspec=10001:10001", image, "/usr/bin/fivekeys", "query", "--data", "/data",
		"SELECT 6 * 7 AS answer, toString(toDateTime('2026-07-01 12:00:00', 'UTC'), 'Europe/Berlin') AS summer", "--format", "csv")
	if !strings.Contains(out, "42,2026-07-01 14:00:00") {
		t.Errorf("the engine answers %q", out)
	}
}

// ClickHouse's own files are XML that merges; a broken one stops the server.
func TestClickHouseFilesAreXML(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(root, "deploy/clickhouse/*/*.xml"))
	if err != nil || len(files) < 3 {
		t.Fatalf("found %d files (%v)", len(files), err)
	}
	for _, path := range files {
		f, err := os.Open(path)
		if err != nil {
			t.Fatal(err)
		}
		decoder := xml.NewDecoder(f)
		for {
			if _, err = decoder.Token(); err != nil {
				break
			}
		}
		if !errors.Is(err, io.EOF) {
			t.Errorf("%s: %v", path, err)
		}
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	}
}
