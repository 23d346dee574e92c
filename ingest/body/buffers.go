package body

import (
	"math/bits"
	"sync"
)

// smallest is where a body's buffer starts; it doubles as bytes arrive.
const smallest = 4 << 10

// buffers keeps buffers for later bodies, by size: a body takes one that its own
// bytes will fill, never a large one for the few it has so far.
type buffers [11]sync.Pool // of *[]byte: 4 KiB, 8 KiB, … 4 MiB

// class is the index of the buffers that hold n bytes.
func class(n int64) int { return bits.Len64(uint64(max(n-1, 0)) / smallest) }

// size is what a buffer for n bytes really takes.
func (b *buffers) size(n int64) int64 {
	if c := class(n); c < len(b) {
		return smallest << c
	}
	return n
}

// get gives an empty buffer of a size that size has given.
func (b *buffers) get(n int64) []byte {
	if c := class(n); c < len(b) {
		if used, ok := b[c].Get().(*[]byte); ok {
			return *used
		}
	}
	return make([]byte, 0, n)
}

func (b *buffers) put(data []byte) {
	n := int64(cap(data))
	if c := class(n); n > 0 && c < len(b) && n == smallest<<c {
		data = data[:0]
		b[c].Put(&data)
	}
}
