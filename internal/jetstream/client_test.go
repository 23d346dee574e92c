package jetstream

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestMessageFromPublishToAck(t *testing.T) {
	c := ready(t, Config{})
	p := publisher(t, c, PublisherConfig{})
	sub := subscribe(t, c, StreamEvents, c.Topology().Consumers(StageDora)...)

	sent := Message{Subject: "events.deployment.1", ID: "api/1", Header: map[string][]string{"Ce-Type": {"x"}}, Data: []byte(`{"a":1}`)}
	before := time.Now()
	r := mustPublish(t, p, sent)
	if r.Stream != StreamEvents || r.Sequence != 1 || r.Duplicate {
		t.Errorf("receipt %+v", r)
	}
	m := receive(t, sub)
	if m.Subject != sent.Subject || m.ID != sent.ID || !bytes.Equal(m.Data, sent.Data) || m.Header["Ce-Type"][0] != "x" || len(m.Header) != 1 {
		t.Errorf("received %+v", m.Message)
	}
	if m.Sequence != 1 || m.NumDelivered != 1 || m.Consumer != "dora-1" || m.Stream != StreamEvents || m.Pin != "" {
		t.Errorf("received %+v", m.Stored)
	}
	if m.Time.Before(before.Add(-time.Minute)) || m.Time.Location() != time.UTC {
		t.Errorf("time %v", m.Time)
	}
	if err := m.AckSync(t.Context()); err != nil {
		t.Fatal(err)
	}
	until(t, "drained", drained(c, StreamEvents))
	until(t, "removed", func(ctx context.Context) (bool, error) {
		states, err := c.StreamStates(ctx)
		for _, s := range states {
			if s.Messages != 0 {
				return false, fmt.Errorf("an acknowledged message is still there: %+v", s)
			}
		}
		return err == nil, err
	})
}

func TestStatusAndClose(t *testing.T) {
	c := ready(t, Config{})
	if s := c.Status(); !s.Connected || !s.Embedded || s.Server != "embedded" || s.Version == "" {
		t.Errorf("status %+v", s)
	}
	p := publisher(t, c, PublisherConfig{})
	sub := subscribe(t, c, StreamEvents, "dora-0")
	for range 2 {
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
	}
	if c.Status().Connected {
		t.Error("connected after Close")
	}
	if _, err := p.Publish(t.Context(), Message{Subject: "events.x.0"}); !errors.Is(err, ErrClosed) {
		t.Errorf("Publish after Close: %v", err)
	}
	if _, ok := <-sub.Messages(); ok {
		t.Error("a message after Close")
	}
	if err := c.Healthy(t.Context()); err == nil {
		t.Error("healthy after Close")
	}
	if _, err := c.Subscribe(t.Context(), SubscribeConfig{Stream: StreamEvents, Consumers: []string{"dora-0"}}); err == nil {
		t.Error("subscribed after Close")
	}
}

func TestEmbeddedSurvivesReopening(t *testing.T) {
	dir := t.TempDir()
	c := ready(t, Config{StoreDir: dir})
	p := publisher(t, c, PublisherConfig{})
	mustPublish(t, p, Message{Subject: "deliveries.github", ID: "1", Data: []byte("body")})
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	c = ready(t, Config{StoreDir: dir})
	m := receive(t, subscribe(t, c, StreamDeliveries, ConsumerDecode))
	if string(m.Data) != "body" {
		t.Errorf("data %q", m.Data)
	}
	// The duplicate window outlives the process: IDs are read back from the stream.
	if r := mustPublish(t, publisher(t, c, PublisherConfig{}), Message{Subject: "deliveries.github", ID: "1"}); !r.Duplicate || r.Sequence != 1 {
		t.Errorf("receipt %+v", r)
	}
}

func TestEmbeddedFolderTrouble(t *testing.T) {
	t.Run("a second process on the same folder", func(t *testing.T) {
		c := open(t, Config{})
		_, err := Open(t.Context(), Config{StoreDir: c.cfg.StoreDir})
		wantError(t, err, ErrStoreLocked, "data folder")
		if err := c.Close(); err != nil {
			t.Fatal(err)
		}
		open(t, Config{StoreDir: c.cfg.StoreDir})
	})
	t.Run("a file where the folder should be", func(t *testing.T) {
		file := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), Config{StoreDir: filepath.Join(file, "store")})
		wantError(t, err, ErrStoreUnusable, "folder")
	})
	t.Run("a folder that can't be written", func(t *testing.T) {
		if os.Geteuid() == 0 {
			t.Skip("root may write anywhere")
		}
		dir := t.TempDir()
		if err := os.Chmod(dir, 0o500); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), Config{StoreDir: dir})
		wantError(t, err, ErrStoreUnusable, "write access")
	})
	t.Run("the store's own folder is a file", func(t *testing.T) {
		dir := t.TempDir()
		if err := os.WriteFile(filepath.Join(dir, subDir), nil, 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Open(t.Context(), Config{StoreDir: dir})
		wantError(t, err, ErrStoreUnusable, "folder")
	})
}

func TestConfigMistakes(t *testing.T) {
	for name, cfg := range map[string]Config{
		"nowhere to go":                 {},
		"two kinds of credentials":      {URL: "nats://x", User: "u", Token: "t"},
		"a certificate without key":     {URL: "nats://x", TLS: TLS{CertFile: "c"}},
		"too many partitions":           {StoreDir: "x", Topology: Topology{Partitions: 5000}},
		"replicas of an embedded":       {StoreDir: "x", Topology: Topology{Replicas: 3}},
		"an ack wait that is too short": {StoreDir: "x", Topology: Topology{AckWait: time.Millisecond}},
		"a pin shorter than a pull":     {URL: "nats://x", Topology: Topology{PinnedTTL: time.Millisecond}},
		"a negative size":               {StoreDir: "x", Topology: Topology{MaxBytes: -1}},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Open(t.Context(), cfg); err == nil {
				t.Error("accepted")
			}
		})
	}
}

func wantError(t *testing.T, err, reason error, hint string) {
	t.Helper()
	var e *Error
	if !errors.As(err, &e) || !errors.Is(err, reason) {
		t.Fatalf("got %v, want %v", err, reason)
	}
	if !strings.Contains(e.Hint, hint) {
		t.Errorf("hint of %q doesn't say %q", err, hint)
	}
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("more than one line: %q", err)
	}
}
