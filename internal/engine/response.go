package engine

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"
)

// response sends a result, or the error that comes instead of it or in the
// middle of it.
type response struct {
	server  *server
	w       http.ResponseWriter
	control *http.ResponseController
	req     *request
	out     io.Writer      // what results are written to
	closers []io.Closer    // innermost first
	native  *nativeEncoder // compress=1, else nil
	tag     string
	started bool
}

func newResponse(s *server, w http.ResponseWriter, req *request) *response {
	return &response{server: s, w: w, control: http.NewResponseController(w), req: req}
}

// describe and summary set headers, as long as they can still be sent.
func (r *response) describe(format string) {
	h := r.w.Header()
	h.Set("X-ClickHouse-Format", format)
	h.Set("Content-Type", contentType(format))
}

func (r *response) summary(p progress) {
	r.w.Header().Set("X-ClickHouse-Summary", p.header())
}

func (r *response) write(b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if err := r.start(); err != nil {
		return err
	}
	if _, err := r.out.Write(b); err != nil {
		return codeCancelled.errorf("Query was cancelled: cannot write to the client: %v", err)
	}
	return nil
}

// start sends the status. From here on an error can only come in the body.
func (r *response) start() error {
	if r.started {
		return nil
	}
	r.started = true
	r.tag = exceptionTag()
	r.w.Header().Set("X-ClickHouse-Exception-Tag", r.tag)
	r.out = writerFunc(func(p []byte) (int, error) {
		_ = r.control.SetWriteDeadline(time.Now().Add(stallLimit))
		return r.w.Write(p)
	})
	if r.req.encoding.http != "" {
		encoder, err := httpEncoder(r.out, r.req.encoding)
		if err != nil {
			return err
		}
		r.w.Header().Set("Content-Encoding", r.req.encoding.http)
		r.out, r.closers = encoder, append(r.closers, encoder)
	}
	if r.req.encoding.native {
		r.native = newNativeEncoder(r.out, r.req.encoding)
		r.out = r.native
	}
	return nil
}

func (r *response) finish(err error) {
	if err != nil && !r.started {
		e := asException(err)
		r.server.writeError(r.w, e, e.httpStatus())
		return
	}
	if err != nil {
		r.abort(asException(err))
	}
	for _, c := range r.closers {
		_ = c.Close() // fails only with the connection, which is then gone anyway
	}
	_ = r.control.SetWriteDeadline(time.Time{})
}

// abort writes ClickHouse's exception block behind what was sent and breaks the
// connection off, so that a client that does not know the block (curl) does not
// take half a result for the whole.
func (r *response) abort(e *exception) {
	text := r.server.errorText(e)
	block := fmt.Sprintf("\r\n%s\r\n%s\r\n%s\n%d %s\r\n%s\r\n", exceptionMark, r.tag, text, len(text)+1, r.tag, exceptionMark)
	if r.native != nil {
		r.native.writePlain([]byte(block))
	} else {
		_, _ = io.WriteString(r.out, block)
	}
	for _, c := range r.closers {
		_ = c.Close()
	}
	_ = r.control.Flush()
	panic(http.ErrAbortHandler)
}

const exceptionMark = "__exception__"

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func contentType(format string) string {
	switch f := strings.ToLower(format); {
	case f == "json" || f == "jsoncompact" || f == "jsonstrings" || f == "jsoncolumns":
		return "application/json; charset=UTF-8"
	case strings.HasPrefix(f, "json") || f == "ndjson":
		return "application/x-ndjson; charset=UTF-8"
	case strings.HasPrefix(f, "csv"):
		return "text/csv; charset=UTF-8; header=" + map[bool]string{true: "present", false: "absent"}[strings.Contains(f, "withnames")]
	case strings.HasPrefix(f, "tsv"), strings.HasPrefix(f, "tabseparated"):
		return "text/tab-separated-values; charset=UTF-8"
	case strings.HasPrefix(f, "pretty"), f == "vertical", f == "markdown", f == "values":
		return "text/plain; charset=UTF-8"
	}
	return "application/octet-stream"
}
