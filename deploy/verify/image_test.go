package verify

import (
	"encoding/xml"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
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
	mountKernel(t, image)
	run(t, "chroot", "--userspec=10001:10001", image, "/usr/bin/fivekeys", "migrate", "--data", "/data")
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
