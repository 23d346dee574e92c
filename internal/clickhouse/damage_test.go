package clickhouse_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/engine"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/schemas"
)

// restartable is a store whose engine may be stopped and started on one folder.
type restartable struct {
	*clickhouse.Store
	folder string
	engine *engine.Engine
}

func (r *restartable) start(t *testing.T) {
	t.Helper()
	var err error
	if r.engine, err = engine.Start(t.Context(), engine.Config{DataDir: r.folder, Writer: testkit.Writer, Reader: testkit.Reader}); err != nil {
		t.Fatal(err)
	}
	r.Store = testkit.StoreOn(t, r.engine)
}

func (r *restartable) stop(t *testing.T) {
	t.Helper()
	_ = r.Close()
	if err := r.engine.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
}

// flip changes a byte in the middle of the largest file of a table's parts.
func (r *restartable) flip(t *testing.T, table string) {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(r.folder, "data", clickhouse.Database, table, "all_*", "*.bin"))
	if err != nil {
		t.Fatal(err)
	}
	var largest string
	var data []byte
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if len(text) > len(data) {
			largest, data = file, text
		}
	}
	if largest == "" {
		t.Fatalf("%s has no parts", table)
	}
	data[len(data)/2] ^= 0xff
	if err := os.WriteFile(largest, data, 0o600); err != nil {
		t.Fatal(err)
	}
}

func TestADamagedPartCostsItsUnreadableRowsAndStopsNothing(t *testing.T) {
	const n, services = 50_000, 50
	events := make([]schemas.Event, n)
	for i := range events {
		events[i] = schemas.Event{
			Subject: fmt.Sprintf("shop%d", i%services), Source: "api", ID: fmt.Sprint(i), Type: schemas.TypeDeployment,
			Time: noon, KnownAt: noon, Data: fmt.Appendf(nil, `{"number": %d}`, i*i),
		}
	}
	s := &restartable{folder: t.TempDir()}
	s.start(t)
	if err := s.AppendEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	s.stop(t)
	s.flip(t, "event_log")
	s.start(t)
	defer s.stop(t)
	count := func() (found int, err error) {
		for _, err := range s.AllEvents(t.Context()) {
			if err != nil {
				return found, err
			}
			found++
		}
		return found, nil
	}
	if _, err := count(); err == nil {
		t.Fatal("the damage is not noticed: this test tests nothing")
	}
	if seen, err := s.DamageSeen(t.Context()); err != nil || seen == 0 {
		t.Errorf("%d errors are seen, %v", seen, err)
	}
	lost, err := s.SetDamagedAside(t.Context())
	if err != nil || len(lost) != 1 || lost[0].Table != "event_log" || lost[0].Rows != n {
		t.Fatalf("lost is %+v, %v", lost, err)
	}
	if lost[0].Lost == 0 || lost[0].Lost > n/2 {
		t.Errorf("%d rows are lost to one byte", lost[0].Lost)
	}
	if found, err := count(); err != nil || uint64(found) != n-lost[0].Lost {
		t.Errorf("%d of %d events are there, and %d are said to be lost: %v", found, n, lost[0].Lost, err)
	}
	if aside, err := s.PartsAside(t.Context()); err != nil || aside["event_log"] != 1 {
		t.Errorf("set aside are %v, %v", aside, err)
	}
	if kept, err := filepath.Glob(filepath.Join(s.folder, "data", clickhouse.Database, "event_log", "detached", lost[0].Part)); err != nil || len(kept) != 1 {
		t.Errorf("the damaged part is not kept: %v %v", kept, err)
	}
	if lost, err := s.SetDamagedAside(t.Context()); err != nil || len(lost) != 0 {
		t.Errorf("found again: %+v, %v", lost, err)
	}
	if err := s.AppendEvents(t.Context(), events[:10]); err != nil {
		t.Error(err)
	}
}

func TestAPartIsNotSetAsideForAnErrorOfTheServer(t *testing.T) {
	s := testkit.Store(t)
	if err := s.AppendEvents(t.Context(), []schemas.Event{{Subject: "shop", Source: "api", ID: "1", Type: schemas.TypeDeployment, Time: noon, KnownAt: noon}}); err != nil {
		t.Fatal(err)
	}
	gone, cancel := context.WithCancel(t.Context())
	cancel()
	if lost, err := s.SetDamagedAside(gone); err == nil || len(lost) > 0 {
		t.Errorf("lost is %+v, %v", lost, err)
	}
	if aside, err := s.PartsAside(t.Context()); err != nil || len(aside) > 0 {
		t.Errorf("set aside are %v, %v", aside, err)
	}
	if lost, err := s.SetDamagedAside(t.Context(), "event_log"); err != nil || len(lost) > 0 {
		t.Errorf("lost is %+v, %v", lost, err)
	}
}
