package engine

import (
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// libchdb is the part of libchdb's C interface that the child uses. It is the
// only package-level state here: a process can load the engine once.
//
// Every call blocks one OS thread for as long as the engine works, so the
// number of them at a time is bounded by the server's semaphore.
var libchdb struct {
	setSignalHandlers func(enabled int32)
	connect           func(argc int32, argv unsafe.Pointer) unsafe.Pointer
	closeConn         func(conn unsafe.Pointer)
	shutdown          func() int32
	classify          func(conn, sql unsafe.Pointer, n uintptr, database unsafe.Pointer, databaseLen uintptr, out unsafe.Pointer) int32

	query       func(conn, sql unsafe.Pointer, n uintptr, format unsafe.Pointer, formatLen uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer
	streamQuery func(conn, sql unsafe.Pointer, n uintptr, format unsafe.Pointer, formatLen uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer
	fetch       func(conn, result unsafe.Pointer) unsafe.Pointer
	cancelQuery func(conn, result unsafe.Pointer)
	destroy     func(result unsafe.Pointer)

	streamInsert  func(conn, sql unsafe.Pointer, n uintptr, format unsafe.Pointer, formatLen uintptr, names, nameLens, values, valueLens unsafe.Pointer, count uintptr) unsafe.Pointer
	appendInsert  func(stream, data unsafe.Pointer, n uintptr) int32
	doneInsert    func(stream unsafe.Pointer) unsafe.Pointer
	cancelInsert  func(stream unsafe.Pointer)
	insertError   func(stream unsafe.Pointer) unsafe.Pointer
	destroyInsert func(stream unsafe.Pointer)

	resultBuffer       func(result unsafe.Pointer) unsafe.Pointer
	resultLength       func(result unsafe.Pointer) uintptr
	resultError        func(result unsafe.Pointer) unsafe.Pointer
	resultElapsed      func(result unsafe.Pointer) float64
	resultRows         func(result unsafe.Pointer) uint64
	resultBytes        func(result unsafe.Pointer) uint64
	resultStorageRows  func(result unsafe.Pointer) uint64
	resultStorageBytes func(result unsafe.Pointer) uint64
	resultRowsWritten  func(result unsafe.Pointer) uint64
	resultBytesWritten func(result unsafe.Pointer) uint64

	pages [][2]uintptr // of its code and constants, see trimLibrary
}

// loadLibrary opens libchdb and resolves the table. It also takes the engine's
// signal handlers out of the way: with them a nil dereference in Go hangs the
// process instead of panicking.
func loadLibrary(path string) (err error) {
	defer func() {
		// purego panics on a symbol that is not there.
		if r := recover(); r != nil {
			err = fmt.Errorf("load engine %s: %v (another release of libchdb? install the pinned one with `make engine`)", path, r)
		}
	}()
	handle, err := purego.Dlopen(path, purego.RTLD_LAZY|purego.RTLD_LOCAL)
	if err != nil {
		return fmt.Errorf("load engine %s: %w", path, err)
	}
	l := &libchdb
	for name, fn := range map[string]any{
		"chdb_set_signal_handlers_enabled": &l.setSignalHandlers,
		"chdb_connect":                     &l.connect,
		"chdb_close_conn":                  &l.closeConn,
		"chdb_shutdown":                    &l.shutdown,
		"chdb_classify_query_n":            &l.classify,
		"chdb_query_with_params_n":         &l.query,
		"chdb_stream_query_with_params_n":  &l.streamQuery,
		"chdb_stream_fetch_result":         &l.fetch,
		"chdb_stream_cancel_query":         &l.cancelQuery,
		"chdb_destroy_query_result":        &l.destroy,
		"chdb_stream_insert_with_params_n": &l.streamInsert,
		"chdb_stream_append":               &l.appendInsert,
		"chdb_stream_done":                 &l.doneInsert,
		"chdb_stream_cancel_insert":        &l.cancelInsert,
		"chdb_stream_insert_error":         &l.insertError,
		"chdb_destroy_insert_stream":       &l.destroyInsert,
		"chdb_result_buffer":               &l.resultBuffer,
		"chdb_result_length":               &l.resultLength,
		"chdb_result_error":                &l.resultError,
		"chdb_result_elapsed":              &l.resultElapsed,
		"chdb_result_rows_read":            &l.resultRows,
		"chdb_result_bytes_read":           &l.resultBytes,
		"chdb_result_storage_rows_read":    &l.resultStorageRows,
		"chdb_result_storage_bytes_read":   &l.resultStorageBytes,
		"chdb_result_rows_written":         &l.resultRowsWritten,
		"chdb_result_bytes_written":        &l.resultBytesWritten,
	} {
		purego.RegisterLibFunc(fn, handle, name)
	}
	l.setSignalHandlers(0)
	const known = "chdb_connect"
	if at, err := purego.Dlsym(handle, known); err == nil {
		l.pages = libraryPages(path, known, at)
	}
	return nil
}

// connection is one engine session: its settings, current database and
// temporary tables. It runs one statement at a time; a second one would kill
// an open stream.
type connection struct {
	ref unsafe.Pointer // chdb_connection *: what close wants
	ptr unsafe.Pointer // chdb_connection: what every other call wants
}

// openConnection connects with the engine's command-line arguments. The first
// connection of the process boots the engine; the reason of a failure is only
// on stderr.
func openConnection(args []string) (*connection, error) {
	var pin runtime.Pinner
	defer pin.Unpin()
	argv := make([]unsafe.Pointer, 0, len(args)+1)
	for _, a := range args {
		b := append([]byte(a), 0)
		pin.Pin(&b[0])
		argv = append(argv, unsafe.Pointer(&b[0]))
	}
	argv = append(argv, nil)
	pin.Pin(&argv[0])
	ref := libchdb.connect(int32(len(args)), unsafe.Pointer(&argv[0]))
	if ref == nil {
		return nil, fmt.Errorf("open engine connection: the engine refused it")
	}
	return &connection{ref: ref, ptr: *(*unsafe.Pointer)(ref)}, nil
}

func (c *connection) close() {
	libchdb.closeConn(c.ref)
	c.ref, c.ptr = nil, nil
}

// statementCall is the part of the C signature shared by queries, streams and
// inserts; it keeps Go memory in place while C reads it.
type statementCall struct {
	pin                                runtime.Pinner
	sql, format                        unsafe.Pointer
	sqlLen, formatLen                  uintptr
	names, nameLens, values, valueLens unsafe.Pointer
	count                              uintptr
}

func newStatementCall(sql, format string, params []parameter) *statementCall {
	call := &statementCall{sqlLen: uintptr(len(sql)), formatLen: uintptr(len(format)), count: uintptr(len(params))}
	call.sql, call.format = call.text(sql), call.text(format)
	if len(params) == 0 {
		return call
	}
	names, values := make([]unsafe.Pointer, len(params)), make([]unsafe.Pointer, len(params))
	nameLens, valueLens := make([]uintptr, len(params)), make([]uintptr, len(params))
	for i, p := range params {
		names[i], nameLens[i] = call.text(p.name), uintptr(len(p.name))
		values[i], valueLens[i] = call.text(p.value), uintptr(len(p.value))
	}
	call.pin.Pin(&names[0])
	call.pin.Pin(&values[0])
	call.pin.Pin(&nameLens[0])
	call.pin.Pin(&valueLens[0])
	call.names, call.nameLens = unsafe.Pointer(&names[0]), unsafe.Pointer(&nameLens[0])
	call.values, call.valueLens = unsafe.Pointer(&values[0]), unsafe.Pointer(&valueLens[0])
	return call
}

// text pins a copy of s with a closing NUL, which C may look at although the
// length is given.
func (c *statementCall) text(s string) unsafe.Pointer {
	b := make([]byte, len(s)+1)
	copy(b, s)
	c.pin.Pin(&b[0])
	return unsafe.Pointer(&b[0])
}

// parameter is one value for a {name:Type} placeholder, in the escaped text
// form in which ClickHouse's HTTP interface takes it too.
type parameter struct{ name, value string }

// query runs one statement and keeps its whole result in memory.
func (c *connection) query(sql, format string, params ...parameter) *result {
	call := newStatementCall(sql, format, params)
	defer call.pin.Unpin()
	return &result{libchdb.query(c.ptr, call.sql, call.sqlLen, call.format, call.formatLen,
		call.names, call.nameLens, call.values, call.valueLens, call.count)}
}

// exec runs a statement of which only the error matters.
func (c *connection) exec(sql string) error {
	r := c.query(sql, "Null")
	defer r.free()
	return r.err()
}

// text runs a statement that answers with text.
func (c *connection) text(sql string) (string, error) {
	r := c.query(sql, "TSVRaw")
	defer r.free()
	return trimmed(r.bytes()), r.err()
}

// stream starts a query whose blocks are fetched one by one with next.
func (c *connection) stream(sql, format string, params ...parameter) *stream {
	call := newStatementCall(sql, format, params)
	defer call.pin.Unpin()
	return &stream{conn: c, head: result{libchdb.streamQuery(c.ptr, call.sql, call.sqlLen, call.format, call.formatLen,
		call.names, call.nameLens, call.values, call.valueLens, call.count)}}
}

// classification is what the engine's own parser says about a text.
type classification struct {
	size       uint32
	Statements uint32
	flags      uint32
	Class      uint32
}

const (
	classReadOnly = 0
	classControl  = 3
	classUnknown  = 4
)

// classify parses without running. Text that does not parse has no statements
// and the class unknown.
func (c *connection) classify(sql string) classification {
	call := newStatementCall(sql, "", nil)
	defer call.pin.Unpin()
	out := &classification{Class: classUnknown}
	out.size = uint32(unsafe.Sizeof(*out))
	call.pin.Pin(out)
	libchdb.classify(c.ptr, call.sql, call.sqlLen, nil, 0, unsafe.Pointer(out))
	return *out
}
