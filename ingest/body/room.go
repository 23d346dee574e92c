package body

import (
	"net/http"
	"net/netip"
	"runtime"
	"runtime/debug"
	"sync"
	"time"
)

// Crowd is how many connections an address may have.
const Crowd = 2048

// calmDown is how long after the last large body memory goes back to the system.
const calmDown = 2 * time.Second

// room is the memory that all requests may hold together.
//
// Bodies that are still arriving are nobody's yet: their senders may be idle, and
// may have made up their signatures. They get room by two rules. All that arrives
// from one address together takes at most half of the room. And a part of it, and
// of each address's half, is for small bodies alone: enough for one on every
// connection that an address may have, so that no number of large bodies shuts
// them out.
type room struct {
	limit int64
	// crowded is what large bodies leave, small what a body may have of it: 48 MiB and
	// 24 KiB of a room of 256 MiB. Most webhooks are smaller.
	crowded, small int64
	calm           func() // gives memory back to the system

	mu       sync.Mutex
	held     int64
	arriving map[netip.Addr]int64
	peak     int64 // since memory was last given back to the system
	calming  bool
}

func newRoom(limit int64) *room {
	crowded := limit * 3 / 16
	return &room{limit: limit, crowded: crowded, small: crowded / Crowd, calm: calm, arriving: make(map[netip.Addr]int64)}
}

func calm() {
	runtime.GC() // twice: the first one leaves the pools' buffers reachable
	debug.FreeOSMemory()
}

// take takes n bytes.
func (r *room) take(n int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.held+n > r.limit {
		return ErrFull
	}
	r.hold(n)
	return nil
}

// receive takes n more bytes for a body that is arriving and has own already.
func (r *room) receive(from netip.Addr, own, n int64) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	left := min(r.limit-r.held, r.limit/2-r.arriving[from]) - n
	if left < 0 || left < r.crowded && own+n > r.small {
		return ErrFull
	}
	r.arriving[from] += n
	r.hold(n)
	return nil
}

func (r *room) hold(n int64) {
	r.held += n
	r.peak = max(r.peak, r.held)
}

// arrived says that n bytes of an address are no longer on their way.
func (r *room) arrived(from netip.Addr, n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.arriving[from] -= n; r.arriving[from] <= 0 {
		delete(r.arriving, from)
	}
}

// give gives n bytes back. When hardly anything is left of a lot, the system gets
// it back soon: the garbage collector alone would keep it for minutes.
func (r *room) give(n int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.held -= n
	if r.calming || r.peak < r.limit/4 || r.held > r.limit/16 {
		return
	}
	r.calming = true
	time.AfterFunc(calmDown, func() {
		r.calm()
		r.mu.Lock()
		defer r.mu.Unlock()
		r.calming, r.peak = false, r.held
	})
}

func (r *room) full() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held >= r.limit
}

// Lease is a share of the memory that requests may hold.
type Lease struct {
	room *room
	held int64
}

// Full says whether there is no memory left.
func (r *Reader) Full() bool { return r.room.full() }

// Lease is an empty share for what is needed besides bodies.
func (r *Reader) Lease() *Lease { return &Lease{room: r.room} }

// More takes n bytes out of what requests may hold, or says ErrFull.
func (l *Lease) More(n int) error { return l.more(int64(n)) }

func (l *Lease) more(n int64) error {
	if err := l.room.take(n); err != nil {
		return err
	}
	l.held += n
	return nil
}

// Release gives it back.
func (l *Lease) Release() {
	if l.held != 0 {
		l.room.give(l.held)
	}
	l.held = 0
}

// take takes n bytes more for a body.
func (b *Body) take(n int64) error {
	if !b.arriving {
		return b.more(n)
	}
	if err := b.room.receive(b.sender, b.held, n); err != nil {
		return err
	}
	b.held += n
	return nil
}

func (b *Body) arrived() {
	if b.arriving {
		b.arriving = false
		b.room.arrived(b.sender, b.held)
	}
}

// sender is the address that a request comes from; of IPv6, the network that one
// subscriber has.
func sender(r *http.Request) netip.Addr {
	from, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return Subscriber(from.Addr())
}

// Subscriber is the address by which a sender counts: an IPv4 address, or the
// network of /64 that one subscriber of IPv6 has.
func Subscriber(a netip.Addr) netip.Addr {
	if a = a.Unmap(); a.Is6() {
		if network, err := a.WithZone("").Prefix(64); err == nil {
			return network.Addr()
		}
	}
	return a
}
