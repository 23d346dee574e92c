package engine

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"sync"
	"time"
)

// reader's bounds: an analyst's query must not take the machine away from
// ingest. Shorter ones (Grafana sets its own timeout) are kept.
const (
	readerSeconds    = 120
	readerResultRows = 5_000_000
	readerThreads    = 2
)

// killEvery is how often a statement that shall end is killed again: the first
// KILL may come before the engine has listed it.
const killEvery = 20 * time.Millisecond

// session is a fresh engine connection for one request, so that no setting, no
// readonly and no temporary table outlives it.
type session struct {
	*connection
	server *server
	id     string
}

// openSession prepares a connection: identity, database, the client's settings
// and, last, readonly.
func (s *server) openSession(req *request) (*session, error) {
	c, err := openConnection(s.arguments)
	if err != nil {
		return nil, err
	}
	ses := &session{connection: c, server: s, id: rand.Text()}
	if err := ses.prepare(req); err != nil {
		c.close()
		return nil, err
	}
	return ses, nil
}

func (s *session) prepare(req *request) error {
	// Grafana and clickhouse-go say "default" when they mean the user's default.
	database := req.database
	if database == "" || database == "default" {
		database = s.server.orders.Database
	}
	if err := s.exec("USE " + quoteName(database)); err != nil {
		return err
	}
	var settings []parameter
	if req.role == roleReader {
		settings = append(settings,
			parameter{"max_execution_time", strconv.Itoa(readerSeconds)},
			parameter{"max_result_rows", strconv.Itoa(readerResultRows)},
			parameter{"max_threads", strconv.Itoa(readerThreads)})
	}
	document := req.selects() && !streamable(req)
	if document {
		settings = append(settings,
			parameter{"max_result_bytes", strconv.FormatUint(s.server.limits.resultBytes, 10)},
			parameter{"output_format_parallel_formatting", "0"}) // it would hold many pieces at a time
	}
	for _, p := range req.settings {
		bound, bounded := s.bound(p.name, req.role, document)
		switch {
		case p.name == "log_comment", req.role == roleReader && (p.name == "readonly" || p.name == "profile"):
			continue // ours to set; a profile would bring other bounds
		case p.name == "dialect":
			return codeBadArguments.errorf("Setting dialect is not supported by the embedded engine")
		case bounded:
			p.value = clamp(p.value, bound)
		}
		settings = append(settings, p)
	}
	// What KILL QUERY finds the statement by; after the client's settings.
	settings = append(settings, parameter{"log_comment", s.id})
	set, err := setStatement(settings)
	if err != nil {
		return err
	}
	return s.exec(set)
}

// bound is the highest value a client may give a setting, if there is one.
func (s *session) bound(name string, as role, document bool) (float64, bool) {
	if name == "max_result_bytes" && document {
		return float64(s.server.limits.resultBytes), true
	}
	if as != roleReader {
		return 0, false
	}
	switch name {
	case "max_execution_time":
		return readerSeconds, true
	case "max_result_rows":
		return readerResultRows, true
	case "max_threads":
		return readerThreads, true
	case "max_memory_usage":
		return float64(s.server.limits.queryMemory), true
	}
	return 0, false
}

// clamp holds a number to a bound; 0 is ClickHouse's "without limit". What is
// no number gets the engine's own error.
func clamp(value string, bound float64) string {
	if v, err := strconv.ParseFloat(value, 64); err == nil && (v <= 0 || v > bound) {
		return strconv.FormatFloat(bound, 'f', -1, 64)
	}
	return value
}

// protect makes the rest of the session read-only for the reader.
func (s *session) protect(as role) error {
	if as != roleReader {
		return nil
	}
	return s.exec("SET readonly = 1")
}

// check refuses what must not run. The engine's parser counts and classifies;
// our own scan covers what that parser cannot see.
func (s *session) check(req *request, readMethod bool) error {
	st := req.statement
	text := req.text
	if st.insert {
		text = st.head + " FORMAT " + st.format
	}
	class := s.classify(text)
	switch {
	case class.Statements > 1 || st.several:
		return codeSyntax.errorf("Syntax error (Multi-statements are not allowed): send one statement per request")
	case st.localFile != "":
		return codeIntoOutfile.errorf("%s is not allowed: it would name a file on the server", st.localFile)
	case st.outside != "":
		return codeAccessDenied.errorf("%s is not allowed: it would reach outside the engine's own data", st.outside)
	case class.Class == classUnknown && class.Statements > 0:
		return codeAccessDenied.errorf("This kind of statement is not allowed on the embedded engine")
	case class.Class == classControl && leaveTheEngine[st.keyword]:
		return codeAccessDenied.errorf("This statement would leave the engine's own data; it is not allowed")
	case class.Class == classReadOnly || class.Class == classUnknown:
		return nil // text that does not parse runs into its syntax error
	case req.role == roleReader:
		return codeReadOnly.errorf("Cannot execute query in readonly mode. The reader may only read")
	case readMethod:
		return codeReadOnly.errorf("Cannot execute query in readonly mode. For queries that change data use POST")
	}
	return nil
}

// leaveTheEngine are statements that do so exactly when the engine calls them
// control: INTO OUTFILE in all its places, COPY. Other control statements are
// for the session, or need a grant.
var leaveTheEngine = map[string]bool{
	"SELECT": true, "WITH": true, "FROM": true, "VALUES": true, "TABLE": true, "EXPLAIN": true, "SHOW": true,
	"DESCRIBE": true, "DESC": true, "EXISTS": true, "CHECK": true, "COPY": true,
}

// killOn ends the running statement when the client goes away or the engine
// stops. The returned function ends the watch and waits for it.
func (s *session) killOn(ctx context.Context) (unwatch func()) {
	over := make(chan struct{})
	var watch sync.WaitGroup
	watch.Go(func() {
		select {
		case <-over:
			return
		case <-ctx.Done():
		case <-s.server.killAll.Done():
		}
		spare, err := openConnection(s.server.arguments)
		if err != nil {
			return // the engine is ending
		}
		defer spare.close()
		again := time.NewTicker(killEvery)
		defer again.Stop()
		for {
			_ = spare.exec("KILL QUERY WHERE Settings['log_comment'] = " + quoteString(s.id) + " ASYNC")
			select {
			case <-over:
				return
			case <-again.C:
			}
		}
	})
	return sync.OnceFunc(func() {
		close(over)
		watch.Wait()
	})
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
