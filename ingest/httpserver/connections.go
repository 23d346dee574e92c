package httpserver

import (
	"container/list"
	"net"
	"net/http"
	"net/netip"
	"sync"

	"github.com/fivekeys/fivekeys/ingest/body"
)

// maxConnections bounds the connections of one server. One address has at most
// half of them.
const maxConnections = 2 * body.Crowd

// connections bounds how many there are. A new one is always let in: the one that
// has been idle for longest makes way, of the same address if that has too many.
// Only where none is idle, all of them in the middle of a request, is the new one
// closed; requests end by themselves within seconds.
type connections struct {
	limit int

	mu    sync.Mutex
	open  map[net.Conn]*connection
	addrs map[netip.Addr]*address
	idle  list.List // of *connection, the longest idle first
}

// address is what is open from one.
type address struct {
	open int
	idle list.List // of *connection, the longest idle first
}

type connection struct {
	conn net.Conn
	from netip.Addr
	// Where it stands among the idle ones; nil: it is not idle.
	among, amongOwn *list.Element
}

func newConnections(limit int) *connections {
	return &connections{limit: limit, open: make(map[net.Conn]*connection), addrs: make(map[netip.Addr]*address)}
}

// note is told of every change by the server.
func (c *connections) note(conn net.Conn, state http.ConnState) {
	if out := c.change(conn, state); out != nil {
		_ = out.Close() // the server sees it end
	}
}

// change gives the connection that has to go, if any.
func (c *connections) change(conn net.Conn, state http.ConnState) (out net.Conn) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch state {
	case http.StateNew:
		return c.enter(conn)
	case http.StateActive:
		c.rouse(c.open[conn])
	case http.StateIdle:
		c.rest(c.open[conn])
	case http.StateClosed, http.StateHijacked:
		c.leave(conn)
	}
	return nil
}

func (c *connections) enter(conn net.Conn) (out net.Conn) {
	one := &connection{conn: conn, from: from(conn)}
	own := c.addrs[one.from]
	if own == nil {
		own = &address{}
		c.addrs[one.from] = own
	}
	var queue *list.List
	switch {
	case own.open >= c.limit/2:
		queue = &own.idle
	case len(c.open) >= c.limit:
		queue = &c.idle
	}
	c.open[conn] = one
	own.open++
	if queue != nil {
		out = conn
		if longest := queue.Front(); longest != nil {
			out = longest.Value.(*connection).conn //nolint:forcetypeassert // the lists hold nothing else
		}
		defer c.leave(out) // its place is free now, not when the server has noticed
	}
	c.rest(one)
	return out
}

func (c *connections) leave(conn net.Conn) {
	one := c.open[conn]
	if one == nil {
		return
	}
	c.rouse(one)
	delete(c.open, conn)
	own := c.addrs[one.from]
	if own.open--; own.open == 0 {
		delete(c.addrs, one.from)
	}
}

func (c *connections) rest(one *connection) {
	if one == nil || one.among != nil {
		return
	}
	one.among = c.idle.PushBack(one)
	one.amongOwn = c.addrs[one.from].idle.PushBack(one)
}

func (c *connections) rouse(one *connection) {
	if one == nil || one.among == nil {
		return
	}
	c.idle.Remove(one.among)
	c.addrs[one.from].idle.Remove(one.amongOwn)
	one.among, one.amongOwn = nil, nil
}

func from(conn net.Conn) netip.Addr {
	tcp, ok := conn.RemoteAddr().(*net.TCPAddr)
	if !ok {
		return netip.Addr{}
	}
	return body.Subscriber(tcp.AddrPort().Addr())
}
