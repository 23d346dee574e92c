package engine

import (
	"time"
	"unsafe"
)

// result is one chdb_result; free it exactly once.
type result struct{ ptr unsafe.Pointer }

func (r *result) free() {
	if r.ptr != nil {
		libchdb.destroy(r.ptr)
		r.ptr = nil
	}
}

// bytes is the engine's own memory, valid until free.
func (r *result) bytes() []byte {
	n := libchdb.resultLength(r.ptr)
	if n == 0 {
		return nil
	}
	return unsafe.Slice((*byte)(libchdb.resultBuffer(r.ptr)), n)
}

func (r *result) err() error {
	return exceptionFrom(cString(libchdb.resultError(r.ptr)))
}

// progress is what ClickHouse reports of a statement in X-ClickHouse-Summary.
type progress struct {
	readRows, readBytes, writtenRows, writtenBytes, resultRows, resultBytes uint64
	elapsed                                                                 time.Duration
}

func (r *result) progress() progress {
	return progress{
		readRows:     libchdb.resultStorageRows(r.ptr),
		readBytes:    libchdb.resultStorageBytes(r.ptr),
		writtenRows:  libchdb.resultRowsWritten(r.ptr),
		writtenBytes: libchdb.resultBytesWritten(r.ptr),
		resultRows:   libchdb.resultRows(r.ptr),
		resultBytes:  libchdb.resultBytes(r.ptr),
		elapsed:      time.Duration(libchdb.resultElapsed(r.ptr) * float64(time.Second)),
	}
}

// stream is an open streaming query. It occupies its connection until closed.
type stream struct {
	conn *connection
	head result
	done bool
}

func (s *stream) err() error { return s.head.err() }

// next returns the next block, or nil at the end. The caller frees it.
func (s *stream) next() (*result, error) {
	if s.done {
		return nil, nil
	}
	r := &result{libchdb.fetch(s.conn.ptr, s.head.ptr)}
	if err := r.err(); err != nil {
		s.done = true
		r.free()
		return nil, err
	}
	if libchdb.resultLength(r.ptr) == 0 {
		s.done = true
		r.free()
		return nil, nil
	}
	return r, nil
}

func (s *stream) close() {
	if s.head.ptr == nil {
		return
	}
	if !s.done && s.head.err() == nil {
		libchdb.cancelQuery(s.conn.ptr, s.head.ptr)
	}
	s.head.free()
}

func cString(p unsafe.Pointer) string {
	if p == nil {
		return ""
	}
	n := 0
	for *(*byte)(unsafe.Add(p, n)) != 0 {
		n++
	}
	return string(unsafe.Slice((*byte)(p), n))
}
