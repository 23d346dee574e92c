package engine

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/google/uuid"
)

// handle runs one authenticated request.
func (s *server) handle(w http.ResponseWriter, r *http.Request, as role) {
	refuse := func(err error) {
		e := asException(err)
		s.writeError(w, e, e.httpStatus())
	}
	leave, err := s.places.enter(as)
	if err != nil {
		refuse(err)
		return
	}
	defer leave()
	req, err := s.readRequest(w, r, as)
	if err != nil {
		refuse(err)
		return
	}
	defer req.close()
	if req.queryID == "" {
		req.queryID = uuid.NewString()
	}
	w.Header().Set("X-ClickHouse-Query-Id", req.queryID)
	out := newResponse(s, w, req)
	if isHello(req) {
		err = s.hello(out, req)
	} else {
		err = s.run(r.Context(), out, req, r.Method != http.MethodPost)
	}
	if as == roleReader {
		err = s.withoutPaths(err)
	}
	out.finish(err)
}

// run executes a statement. A reader's that ran out of its share of memory,
// and of which nothing was answered yet, runs once more with all of it.
func (s *server) run(ctx context.Context, out *response, req *request, readMethod bool) (err error) {
	for _, memory := range s.places.shares(req) {
		if err = s.attempt(ctx, out, req, readMethod, memory); out.started || !outOfMemory(err) {
			return err
		}
	}
	return err
}

// attempt runs a statement on an engine connection of its own.
func (s *server) attempt(ctx context.Context, out *response, req *request, readMethod bool, memory uint64) error {
	give, err := s.places.take(ctx, req.role, memory)
	if err != nil {
		return err
	}
	s.statements.Add(1)
	ses, err := s.openSession(req, memory)
	if err != nil {
		give()
		return err
	}
	defer ses.end(give)
	if err := ses.check(req, readMethod); err != nil {
		return err
	}
	if req.role == roleReader {
		// The engine looks at its own time limit between blocks only.
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, readerSeconds*time.Second+killPatience)
		defer cancel()
	}
	unwatch := ses.killOn(ctx)
	defer unwatch()
	if err := ses.loadExternal(ctx, req); err != nil {
		return err
	}
	if err := ses.protect(req); err != nil {
		return err
	}
	switch {
	case req.statement.insert:
		return ses.insert(ctx, out, req)
	case streamable(req):
		return ses.stream(ctx, out, req)
	}
	return ses.materialise(out, req)
}

// perBlock are words after which even a header-less format is no longer a plain
// row of blocks.
var perBlock = regexp.MustCompile(`(?i)\btotals\b|\bextremes\b|array_of_rows`)

// streamable says whether the result may be sent block by block.
func streamable(req *request) bool {
	if req.wait || !req.selects() {
		return false
	}
	for _, p := range req.settings {
		if perBlock.MatchString(p.name) {
			return false
		}
	}
	return streams(req.outputFormat()) && !perBlock.MatchString(req.text)
}

func (r *request) selects() bool {
	return r.statement.keyword == "SELECT" || r.statement.keyword == "WITH"
}

func (r *request) outputFormat() string {
	return first(r.statement.format, r.format, "TabSeparated")
}

// streams says whether a result in this format may be sent block by block:
// each block the engine hands out is a complete document, so the format must
// have neither header nor footer.
func streams(format string) bool {
	switch strings.ToLower(format) {
	case "native", "tsv", "tabseparated", "tsvraw", "tabseparatedraw", "csv", "jsoneachrow", "jsonlines", "ndjson",
		"jsonstringseachrow", "jsoncompacteachrow", "jsoncompactstringseachrow", "rowbinary", "tskv", "lineasstring", "rawblob":
		return true
	}
	return false
}

// stream sends a result in bounded memory, however long it is.
func (s *session) stream(ctx context.Context, out *response, req *request) error {
	var st *stream
	defer s.finally(func() { st.close() })
	if err := s.call(func() { st = s.connection.stream(req.text, req.outputFormat(), req.params...) }); err != nil {
		return err
	}
	if err := st.err(); err != nil {
		if notStreamable(err) { // nothing has run: an INSERT behind WITH, for one
			st.close()
			return s.materialise(out, req)
		}
		return err
	}
	out.describe(req.outputFormat())
	var total progress
	for {
		var block *result
		var failed error
		if err := s.call(func() { block, failed = st.next() }); err != nil {
			return err
		}
		if failed != nil {
			return failed
		}
		if block == nil {
			out.summary(total)
			return nil
		}
		total.add(block.progress())
		out.summary(total)
		err := out.write(block.bytes())
		block.free()
		if err != nil {
			return err
		}
		if ctx.Err() != nil {
			return codeCancelled.errorf("Query was cancelled: the client went away")
		}
	}
}

var notStreamableText = regexp.MustCompile(`^Streaming query is not supported`)

func notStreamable(err error) bool {
	e := asException(err)
	return e.code == codeBadArguments.code && notStreamableText.MatchString(e.message)
}

// materialise runs everything that is not a stream. What a SELECT may hold in
// memory is bounded (see settings); beyond it is an error, never a cut-off result.
func (s *session) materialise(out *response, req *request) error {
	var r *result
	if err := s.call(func() { r = s.query(req.text, req.outputFormat(), req.params...) }); err != nil {
		s.finally(func() { r.free() })
		return err
	}
	defer r.free()
	if err := r.err(); err != nil {
		return err
	}
	out.describe(req.outputFormat())
	out.summary(r.progress())
	return out.write(r.bytes())
}

func (p *progress) add(q progress) {
	p.readRows += q.readRows
	p.readBytes += q.readBytes
	p.writtenRows += q.writtenRows
	p.writtenBytes += q.writtenBytes
	p.resultRows += q.resultRows
	p.resultBytes += q.resultBytes
	p.elapsed += q.elapsed
}

// header is X-ClickHouse-Summary: a JSON object whose numbers are strings.
func (p progress) header() string {
	return fmt.Sprintf(`{"read_rows":"%d","read_bytes":"%d","written_rows":"%d","written_bytes":"%d","total_rows_to_read":"0","result_rows":"%d","result_bytes":"%d","elapsed_ns":"%d"}`,
		p.readRows, p.readBytes, p.writtenRows, p.writtenBytes, p.resultRows, p.resultBytes, p.elapsed.Nanoseconds())
}
