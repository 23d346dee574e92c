package engine

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"unsafe"
)

// insertChunk is what goes to the engine at a time. It copies each chunk and
// keeps up to sixteen of them.
const insertChunk = 256 << 10

// insert feeds an insert's data to the engine and answers when it is committed.
func (s *session) insert(ctx context.Context, out *response, req *request) error {
	if len(req.params) > 0 && strings.EqualFold(req.statement.format, "Values") {
		// The engine forgets the parameters of a streaming insert before it reads
		// the data, and only VALUES can have placeholders in it.
		return s.insertValues(out, req)
	}
	p, err := s.load(ctx, req.statement.head, req.statement.format, req.data, req.params)
	if err != nil {
		return err
	}
	out.summary(p)
	return nil
}

func (s *session) insertValues(out *response, req *request) error {
	values, err := io.ReadAll(io.LimitReader(req.data, maxStatementText+1))
	if err != nil {
		return bodyError(err)
	}
	if len(values) > maxStatementText {
		return codeTooLarge.errorf("INSERT … VALUES with parameters is larger than %d bytes; send the rows without parameters", maxStatementText)
	}
	text := fmt.Sprintf("%s VALUES %s", req.statement.head, values)
	if s.classify(text).Statements > 1 {
		return codeSyntax.errorf("Syntax error (Multi-statements are not allowed): send one statement per request")
	}
	var r *result
	if err := s.call(func() { r = s.query(text, "Null", req.params...) }); err != nil {
		return err
	}
	defer r.free()
	if err := r.err(); err != nil {
		return err
	}
	out.summary(r.progress())
	return nil
}

// load streams data into a table. Whatever goes wrong on the way cancels the
// insert; only the clean end of the data commits it.
func (s *session) load(ctx context.Context, head, format string, data io.Reader, params []parameter) (progress, error) {
	var stream unsafe.Pointer
	call := newStatementCall(head, format, params)
	defer s.finally(func() {
		libchdb.destroyInsert(stream)
		call.pin.Unpin()
	})
	if err := s.call(func() {
		stream = libchdb.streamInsert(s.ptr, call.sql, call.sqlLen, call.format, call.formatLen,
			call.names, call.nameLens, call.values, call.valueLens, call.count)
	}); err != nil {
		return progress{}, err
	}
	if err := exceptionFrom(cString(libchdb.insertError(stream))); err != nil {
		return progress{}, err
	}
	buffer := make([]byte, insertChunk)
	for {
		n, err := fill(data, buffer)
		var appended int32
		if n > 0 {
			if err := s.call(func() { appended = libchdb.appendInsert(stream, unsafe.Pointer(&buffer[0]), uintptr(n)) }); err != nil {
				return progress{}, err
			}
		}
		if appended != 0 {
			break // the reason comes with done
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err == nil && ctx.Err() != nil {
			err = codeCancelled.errorf("Query was cancelled: the client went away")
		}
		if err != nil {
			s.finally(func() { libchdb.cancelInsert(stream) })
			return progress{}, bodyError(err)
		}
	}
	r := &result{}
	if err := s.call(func() { r.ptr = libchdb.doneInsert(stream) }); err != nil {
		return progress{}, err
	}
	defer r.free()
	if err := r.err(); err != nil {
		return progress{}, err
	}
	return r.progress(), nil
}

// fill reads until the buffer is full or the data ends. io.ReadFull would give
// the same error for a short last chunk and for data that was cut off.
func fill(r io.Reader, buffer []byte) (n int, err error) {
	for n < len(buffer) && err == nil {
		var m int
		m, err = r.Read(buffer[n:])
		n += m
	}
	return n, err
}
