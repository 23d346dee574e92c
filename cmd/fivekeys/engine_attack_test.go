package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/fivekeys/fivekeys/internal/simulation"
)

// TestReadersThatDoTheirWorstKeepNoDeliveryFromBeingStored is about a read-only
// password in the wrong hands.
func TestReadersThatDoTheirWorstKeepNoDeliveryFromBeingStored(t *testing.T) {
	scenario := simulation.Generate(simulation.Config{Seed: 3, Days: 5})
	s := startSite(t, scenario.Catalog, func(_ *settings, o *pipelineOptions) { o.engineListen = "127.0.0.1:0" })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var all sync.WaitGroup
	for i := range 20 {
		sql := fmt.Sprintf("SELECT max(sipHash64(number, %d)) FROM numbers(1000000000000)", i)
		if i%2 == 1 {
			sql = "SELECT * FROM generateRandom('a UInt8 DEFAULT toUInt8(file(''/proc/self/fd/0''))') LIMIT 1"
		}
		all.Go(func() {
			for tries := 0; ctx.Err() == nil && tries < 50; tries++ {
				request, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+s.engine.HTTPAddr()+"/", strings.NewReader(sql))
				if err != nil {
					return
				}
				request.SetBasicAuth(readerUser, s.creds.ReaderPassword)
				if response, err := http.DefaultClient.Do(request); err == nil {
					_ = response.Body.Close()
				}
			}
		})
	}
	deliveries := scenario.Deliveries[:50]
	s.deliver(t, deliveries)
	s.drain(t)
	if got, want := contents(t, s.store, []string{"SELECT count() AS n FROM deliveries"})[0], fmt.Sprintf("n\n%d\n", len(deliveries)); got != want {
		t.Errorf("stored is %q, want %q", got, want)
	}
	if n := s.engine.Restarts(); n != 0 {
		t.Errorf("the engine was started again %d times", n)
	}
	cancel()
	all.Wait()
}

func TestServeEndsBesideAnEngineThatHangs(t *testing.T) {
	t.Parallel()
	scenario := simulation.Generate(simulation.Config{Seed: 3, Days: 1})
	s := newServing(t, &scenario.Catalog)
	s.start(t)
	for _, pid := range children(s.command.Process.Pid) {
		if err := syscall.Kill(pid, syscall.SIGSTOP); err != nil {
			t.Fatal(err)
		}
	}
	deliveries := scenario.Deliveries[:10]
	for _, d := range deliveries {
		s.deliver(t, d) // accepted, and stored by nobody yet
	}
	s.stop(t)
	if strings.Contains(s.log(), "engine does not answer, ending it") {
		t.Error("serve ended only because the engine was started again")
	}
	// All of it is there at the next start.
	s.start(t)
	s.drain(t)
	if got, want := s.query(t, "SELECT count() AS n FROM deliveries"), fmt.Sprintf("n\n%d\n", len(deliveries)); got != want {
		t.Errorf("stored is %q, want %q", got, want)
	}
	s.stop(t)
}

// TestReaderReadsNoBodies is about what senders wrote, and about our own secrets.
func TestReaderReadsNoBodies(t *testing.T) {
	scenario := simulation.Generate(simulation.Config{Seed: 3, Days: 1})
	s := startSite(t, scenario.Catalog, func(_ *settings, o *pipelineOptions) { o.engineListen = "127.0.0.1:0" })
	s.deliver(t, scenario.Deliveries[:1])
	s.drain(t)
	secrets := filepath.Join(s.folder, credentialsFile)
	for _, sql := range []string{
		"SELECT body FROM deliveries", "SELECT body FROM delivery_log", "SELECT * FROM fivekeys.delivery_log",
		"SELECT * FROM merge('fivekeys', 'delivery')", "SELECT file('" + secrets + "')",
		"SELECT * FROM generateRandom('a String DEFAULT file(''" + secrets + "'')') LIMIT 1",
	} {
		request, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://"+s.engine.HTTPAddr()+"/", strings.NewReader(sql))
		if err != nil {
			t.Fatal(err)
		}
		request.SetBasicAuth(readerUser, s.creds.ReaderPassword)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			t.Fatal(err)
		}
		_ = response.Body.Close()
		if response.StatusCode == http.StatusOK {
			t.Errorf("allowed: %s", sql)
		}
	}
	if got := contents(t, s.store, []string{"SELECT body FROM delivery_log"})[0]; len(got) < len(scenario.Deliveries[0].Body) {
		t.Errorf("the writer reads %q", got)
	}
}
