package testkit

import (
	"net"
	"sync"
	"testing"
)

// Proxy stands between a client and a server on 127.0.0.1 and can take the
// server away, in the two ways in which servers go: silently or with a refusal.
type Proxy struct {
	listener net.Listener
	target   string
	pipes    sync.WaitGroup

	mu    sync.Mutex
	away  bool
	gate  chan struct{} // closed while bytes may pass
	conns map[net.Conn]struct{}
}

// NewProxy passes on to target (host:port) until the test ends.
func NewProxy(tb testing.TB, target string) *Proxy {
	tb.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	p := &Proxy{listener: listener, target: target, gate: make(chan struct{}), conns: map[net.Conn]struct{}{}}
	close(p.gate)
	p.pipes.Go(p.accept)
	tb.Cleanup(func() {
		_ = listener.Close()
		p.Cut()
		p.pipes.Wait()
	})
	return p
}

// Addr is where clients connect.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Silence keeps connections open, also new ones, and lets nothing pass.
func (p *Proxy) Silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.passing() {
		p.gate = make(chan struct{})
	}
}

// Cut breaks every connection, and each new one at once. What was held back is
// lost.
func (p *Proxy) Cut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = true
	for c := range p.conns {
		_ = c.Close()
	}
	p.open()
}

// Mend lets everything pass again.
func (p *Proxy) Mend() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = false
	p.open()
}

func (p *Proxy) passing() bool {
	select {
	case <-p.gate:
		return true
	default:
		return false
	}
}

func (p *Proxy) open() {
	if !p.passing() {
		close(p.gate)
	}
}

func (p *Proxy) accept() {
	for {
		in, err := p.listener.Accept()
		if err != nil {
			return
		}
		out, err := net.Dial("tcp", p.target)
		if err != nil {
			_ = in.Close()
			continue
		}
		p.mu.Lock()
		if p.away {
			_, _ = in.Close(), out.Close()
		} else {
			p.conns[in], p.conns[out] = struct{}{}, struct{}{}
			p.pipes.Go(func() { p.pass(out, in) })
			p.pipes.Go(func() { p.pass(in, out) })
		}
		p.mu.Unlock()
	}
}

func (p *Proxy) pass(to, from net.Conn) {
	defer p.forget(to, from)
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.mu.Lock()
		gate := p.gate
		p.mu.Unlock()
		<-gate
		if n > 0 {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}

func (p *Proxy) forget(conns ...net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, c := range conns {
		_ = c.Close()
		delete(p.conns, c)
	}
}
