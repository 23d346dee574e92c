package testkit

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// The variables that make a test binary a NATS server, the last three one of a
// cluster.
const (
	natsFolder = "FIVEKEYS_TEST_NATS_FOLDER"
	natsPort   = "FIVEKEYS_TEST_NATS_PORT"
	natsName   = "FIVEKEYS_TEST_NATS_NAME"
	natsRoute  = "FIVEKEYS_TEST_NATS_ROUTE" // the port for the other servers
	natsRoutes = "FIVEKEYS_TEST_NATS_ROUTES"
)

// natsPatience only turns a server that never starts into a failure.
const natsPatience = time.Minute

// RunNATSIfAsked makes this process a NATS server where StartNATS has started
// it as one. TestMain of a package that uses StartNATS calls it first.
func RunNATSIfAsked() {
	folder := os.Getenv(natsFolder)
	if folder == "" {
		return
	}
	if err := runNATS(folder); err != nil {
		_, _ = fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	os.Exit(0)
}

func runNATS(folder string) error {
	number, err := strconv.Atoi(os.Getenv(natsPort))
	if err != nil {
		return err
	}
	options := &server.Options{
		Host: "127.0.0.1", Port: number, JetStream: true, StoreDir: folder, SyncAlways: true, MaxPayload: 32 << 20,
		NoLog: true, NoSigs: true,
	}
	if err := joinCluster(options); err != nil {
		return err
	}
	s, err := server.NewServer(options)
	if err != nil {
		return err
	}
	s.Start()
	if !s.ReadyForConnections(natsPatience) {
		return fmt.Errorf("the NATS server on port %d does not get ready", number)
	}
	fmt.Println("ready")
	_, _ = io.Copy(io.Discard, os.Stdin) // ends with whoever started us
	s.Shutdown()
	s.WaitForShutdown()
	return nil
}

// NATS is a NATS server with JetStream in a process of its own, so that it can
// be killed. All of its lives have one port and one folder.
type NATS struct {
	tb      testing.TB
	folder  string
	port    int
	environ []string // of a server of a cluster
	command *exec.Cmd
}

// StartNATS starts a server that ends with the test.
func StartNATS(tb testing.TB) *NATS {
	tb.Helper()
	n := &NATS{tb: tb, folder: tb.TempDir(), port: FreePort(tb)}
	n.Start()
	tb.Cleanup(n.Kill)
	return n
}

// URL is where it listens, also while it is killed.
func (n *NATS) URL() string { return fmt.Sprintf("nats://127.0.0.1:%d", n.port) }

// Start returns when the server takes connections.
func (n *NATS) Start() {
	n.tb.Helper()
	n.command = exec.Command(os.Args[0], "-test.run=^$")
	n.command.Env = append(os.Environ(), natsFolder+"="+n.folder, natsPort+"="+strconv.Itoa(n.port))
	n.command.Env = append(n.command.Env, n.environ...)
	n.command.Stderr = os.Stderr
	if _, err := n.command.StdinPipe(); err != nil {
		n.tb.Fatal(err)
	}
	out, err := n.command.StdoutPipe()
	if err != nil {
		n.tb.Fatal(err)
	}
	if err := n.command.Start(); err != nil {
		n.tb.Fatal(err)
	}
	if line, err := bufio.NewReader(out).ReadString('\n'); err != nil {
		n.tb.Fatalf("start NATS server: it said %q and ended: %v", line, err)
	}
}

// Kill ends the server without warning. Killing a dead one is harmless.
func (n *NATS) Kill() {
	if n.command == nil {
		return
	}
	_ = n.command.Process.Kill()
	_ = n.command.Wait() // "signal: killed"
	n.command = nil
}
