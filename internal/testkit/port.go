package testkit

import (
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
)

// The system gives out ports from 32768 on to whoever asks for any. One from
// below that stays free between two lives of the server it is for.
const firstPort, lastPort = 15000, 32000

var givenPorts sync.Map

// FreePort is a port of 127.0.0.1 that nobody listens on, nor will, unless told
// its number. It is for servers that come back on the port they had; every other
// one should listen on port 0.
func FreePort(tb testing.TB) int {
	tb.Helper()
	for range 1000 {
		port := firstPort + rand.IntN(lastPort-firstPort)
		if _, taken := givenPorts.LoadOrStore(port, true); taken {
			continue
		}
		listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			continue // somebody else's
		}
		if err := listener.Close(); err != nil {
			tb.Fatal(err)
		}
		return port
	}
	tb.Fatal("no port is free")
	return 0
}
