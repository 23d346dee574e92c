package main

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"

	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/internal/traffic"
)

// releases holds a small data folder of each release, and what it answered.
const releases = "testdata/releases"

// releaseTables are asked for by column: later releases may add some.
var releaseTables = []string{
	"SELECT service, source, id, type, time, data FROM events ORDER BY service, source, id",
	"SELECT service, deployment_id, environment, production, sha, status, started_at, finished_at, changes, failed, recovered_at FROM deployments ORDER BY service, deployment_id",
	"SELECT service, sha, pull_request, first_commit_at, merged_at, deployed_at, lead_time_seconds FROM changes ORDER BY service, sha",
	"SELECT service, incident_id, opened_at, resolved_at, deployment_id, method FROM incidents ORDER BY service, incident_id",
	"SELECT service, deployment_id, incident_id, fix_id, method, recovery_seconds FROM failures ORDER BY service, deployment_id, method, incident_id, fix_id",
	"SELECT service, day, deployments, failed, rework, changes, incidents, lead_time_seconds FROM dora_daily ORDER BY service, day",
	minutesSQL,
	"SELECT service, operation, kind, toUnixTimestamp(minute) AS minute, requests, errors FROM service_minutes ORDER BY service, operation, kind, minute",
	"SELECT caller, callee, toUnixTimestamp(minute) AS minute, calls, errors FROM service_dependencies ORDER BY caller, callee, minute",
}

// TestADataFolderOfEveryReleaseOpens opens what older releases left behind: the
// figures are as they were, and more is taken.
func TestADataFolderOfEveryReleaseOpens(t *testing.T) {
	archives, err := filepath.Glob(filepath.Join(releases, "*.tar.zst"))
	if err != nil || len(archives) == 0 {
		t.Fatalf("no releases are kept: %v", err)
	}
	for _, archive := range archives {
		name := strings.TrimSuffix(filepath.Base(archive), ".tar.zst")
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newServing(t, &simulation.Generate(releaseScenario).Catalog)
			unpack(t, archive, s.folder)
			s.start(t)
			for i, sql := range releaseTables {
				want, err := os.ReadFile(expectedFile(s.folder, i))
				if err != nil {
					t.Fatal(err)
				}
				if got := s.query(t, sql); got != string(want) {
					t.Errorf("%s differs (-%s +now):\n%.3000s", sql, name, cmp.Diff(strings.Split(string(want), "\n"), strings.Split(got, "\n")))
				}
			}
			more := releaseTraffic(time.Now())
			before := s.query(t, "SELECT sum(total) AS total FROM sli_minutes")
			for _, body := range requests(t, withCalls(more, traffic.Disorder{}, 1), 500) {
				s.export(t, body)
			}
			s.drain(t)
			if after := s.query(t, "SELECT sum(total) AS total FROM sli_minutes"); after == before {
				t.Errorf("no more spans are counted than %s\n%s", before, s.log())
			}
			if status, text := s.get(t, "/readyz"); status != http.StatusOK || strings.Contains(text, "damaged") {
				t.Errorf("it is ready with %d: %s", status, text)
			}
			s.stop(t)
			if log := s.log(); strings.Contains(log, "level=ERROR") || strings.Contains(log, "level=WARN") {
				t.Errorf("it complains:\n%s", log)
			}
		})
	}
}

var releaseScenario = simulation.Config{Seed: 11, Days: 2}

func releaseTraffic(end time.Time) traffic.Model {
	return traffic.Model{
		Start: end.UTC().Truncate(time.Minute).Add(-30 * time.Minute), Target: 0.9,
		Services: []traffic.Service{{Name: "shop", Phases: []traffic.Phase{{Minutes: 20, PerMinute: 20, Bad: 1, Slow: 2}}}},
	}
}

// TestMakeTheFolderOfARelease is what make release-data runs.
func TestMakeTheFolderOfARelease(t *testing.T) {
	name, program := os.Getenv("FIVEKEYS_RELEASE"), os.Getenv("FIVEKEYS_RELEASE_BINARY")
	if name == "" || program == "" {
		t.Skip("FIVEKEYS_RELEASE and FIVEKEYS_RELEASE_BINARY name nothing to keep")
	}
	scenario, m := simulation.Generate(releaseScenario), releaseTraffic(time.Now())
	s := newServing(t, &scenario.Catalog)
	configure(t, s.folder, sloFiles, objectiveFiles(m))
	s.program = program
	s.start(t)
	var senders errgroup.Group
	senders.SetLimit(8)
	for _, d := range scenario.Deliveries {
		senders.Go(func() error { s.deliver(t, d); return nil })
	}
	_ = senders.Wait()
	deliveries := withCalls(m, traffic.Disorder{}, 1)
	for _, body := range requests(t, deliveries, 500) {
		s.export(t, body)
	}
	s.drain(t)
	until(t, func() (bool, string) {
		got := s.query(t, "SELECT sum(calls) AS calls FROM service_dependencies")
		return got == fmt.Sprintf("calls\n%d\n", len(deliveries)), got + " are counted"
	})
	s.stop(t)
	for i, sql := range releaseTables {
		path := expectedFile(s.folder, i)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(s.query(t, sql)), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	pack(t, s.folder, filepath.Join(releases, name+".tar.zst"))
}

func expectedFile(folder string, i int) string {
	return filepath.Join(folder, "expected", fmt.Sprintf("%02d.csv", i))
}

// pack writes a folder's files as they are, but for what belongs to a process.
func pack(t *testing.T, folder, archive string) {
	t.Helper()
	var out bytes.Buffer
	compressed, err := zstd.NewWriter(&out, zstd.WithEncoderLevel(zstd.SpeedBestCompression))
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(compressed)
	err = filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err != nil || !d.Type().IsRegular() || d.Name() == "lock" || d.Name() == "log" {
			return err
		}
		name, err := filepath.Rel(folder, path)
		if err != nil {
			return err
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		if err := w.WriteHeader(&tar.Header{Name: filepath.ToSlash(name), Mode: 0o600, Size: int64(len(data)), Typeflag: tar.TypeReg}); err != nil {
			return err
		}
		_, err = w.Write(data)
		return err
	})
	if err := errors.Join(err, w.Close(), compressed.Close()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(archive, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
}

func unpack(t *testing.T, archive, folder string) {
	t.Helper()
	f, err := os.Open(archive)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	decompressed, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer decompressed.Close()
	for r := tar.NewReader(decompressed); ; {
		header, err := r.Next()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(folder, filepath.FromSlash(header.Name))
		if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o700), os.WriteFile(path, data, 0o600)); err != nil {
			t.Fatal(err)
		}
	}
}
