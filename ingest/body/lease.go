package body

import "sync/atomic"

// room is the memory that all requests may hold together.
type room struct {
	limit int64
	held  atomic.Int64
}

// Lease is a share of the memory that requests may hold.
type Lease struct {
	room *room
	held int64
}

// Full says whether there is no memory left.
func (r *Reader) Full() bool { return r.room.held.Load() >= r.room.limit }

// Lease takes n bytes out of what requests may hold, or says ErrFull.
func (r *Reader) Lease(n int) (*Lease, error) {
	l := &Lease{room: &r.room}
	return l, l.reserve(int64(n))
}

func (l *Lease) reserve(n int64) error {
	if l.room.held.Add(n) > l.room.limit {
		l.room.held.Add(-n)
		return ErrFull
	}
	l.held += n
	return nil
}

// Release gives it back.
func (l *Lease) Release() {
	l.room.held.Add(-l.held)
	l.held = 0
}
