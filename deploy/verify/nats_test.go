package verify

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// The configuration of the compose stack in the real server, with the secret
// that the script makes.
func TestNATSConfigurationServesFivekeysOnly(t *testing.T) {
	dir := t.TempDir()
	run(t, filepath.Join(root, "deploy/docker/secrets.sh"), dir)
	conf, err := os.ReadFile(filepath.Join(root, "deploy/nats/nats.conf"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "nats_auth.conf"), filepath.Join(dir, "auth.conf")); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "nats.conf")
	if err := os.WriteFile(path, conf, 0o600); err != nil {
		t.Fatal(err)
	}
	options, err := server.ProcessConfigFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !options.SyncAlways {
		t.Error("the server acknowledges before it syncs")
	}
	options.Host, options.Port, options.HTTPPort = "127.0.0.1", -1, -1
	options.StoreDir = t.TempDir()
	options.NoSigs = true
	s, err := server.NewServer(options)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })

	if nc, err := nats.Connect(s.ClientURL()); err == nil {
		nc.Close()
		t.Error("the server lets anybody in")
	}
	password, err := os.ReadFile(filepath.Join(dir, "nats_password"))
	if err != nil {
		t.Fatal(err)
	}
	nc, err := nats.Connect(s.ClientURL(), nats.UserInfo("fivekeys", strings.TrimSpace(string(password))))
	if err != nil {
		t.Fatal(err)
	}
	defer nc.Close()
	js, err := nc.JetStream()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := js.AccountInfo(); err != nil {
		t.Fatalf("JetStream: %v", err)
	}
	if nc.MaxPayload() < 25<<20 {
		t.Errorf("a delivery of 25 MB does not fit: max_payload is %d", nc.MaxPayload())
	}
}
