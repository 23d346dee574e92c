package engine

import (
	"context"
	"crypto/rand"
	"strconv"
	"strings"
	"sync"
	"time"
)

// killEvery is how often a statement that shall end is killed again: the first
// KILL may come before the engine has listed it.
const killEvery = 20 * time.Millisecond

// killPatience is how long a statement may go on although it was killed. Then
// whoever waits for it is told so, and it keeps its place alone.
const killPatience = 5 * time.Second

// session is a fresh engine connection for one request, so that no setting, no
// readonly and no temporary table outlives it.
type session struct {
	*connection
	server   *server
	id       string
	database string

	lost      chan struct{} // closed when a statement goes on although it was killed
	pending   chan struct{} // the call that was given up, until it ends
	leftovers []func()      // what remains to be done then
}

// openSession prepares a connection: identity, database, the client's settings
// and, last, readonly.
func (s *server) openSession(req *request, memory uint64) (*session, error) {
	c, err := openConnection(s.arguments)
	if err != nil {
		return nil, err
	}
	ses := &session{connection: c, server: s, id: rand.Text(), lost: make(chan struct{})}
	if err := ses.prepare(req, memory); err != nil {
		c.close()
		return nil, err
	}
	return ses, nil
}

func (s *session) prepare(req *request, memory uint64) error {
	// Grafana and clickhouse-go say "default" when they mean the user's default.
	s.database = req.database
	if s.database == "" || s.database == "default" {
		s.database = s.server.orders.Database
	}
	if req.role == roleReader && s.database != s.server.orders.Database && !strings.EqualFold(s.database, "information_schema") {
		return refused("The database " + s.database)
	}
	if err := s.exec("USE " + quoteName(s.database)); err != nil {
		return err
	}
	document := req.selects() && !streamable(req)
	settings, err := s.settings(req, memory, document)
	if err != nil {
		return err
	}
	set, err := setStatement(settings)
	if err != nil {
		return err
	}
	return s.exec(set)
}

// settings are ours, then the client's as far as its role may give them, then
// those that no client changes.
func (s *session) settings(req *request, memory uint64, document bool) (settings []parameter, err error) {
	if req.role == roleReader {
		settings = append(settings,
			parameter{"max_execution_time", strconv.Itoa(readerSeconds)},
			parameter{"max_result_rows", strconv.Itoa(readerResultRows)},
			parameter{"max_threads", strconv.Itoa(readerThreads)},
			parameter{"max_memory_usage", strconv.FormatUint(memory, 10)})
	}
	if document {
		settings = append(settings,
			parameter{"max_result_bytes", strconv.FormatUint(s.server.limits.resultBytes, 10)},
			parameter{"output_format_parallel_formatting", "0"}) // it would hold many pieces at a time
	}
	for _, p := range req.settings {
		if req.role == roleReader {
			switch p.name {
			case "readonly", "profile", "log_comment", "max_memory_usage":
				continue // ours to set: the memory by its share, and a profile would bring other bounds
			}
			bound, may := readerSettings[p.name]
			if !may {
				return nil, codeReadOnly.errorf("Cannot modify %s setting in readonly mode: it is not among those that the reader may change (docs/connect.md lists them)", quoteString(p.name))
			}
			if bound > 0 {
				p.value = clamp(p.value, bound)
			}
		}
		switch {
		case p.name == "log_comment":
			continue
		case p.name == "dialect":
			return nil, codeBadArguments.errorf("Setting dialect is not supported by the embedded engine")
		case p.name == "max_result_bytes" && document:
			p.value = clamp(p.value, float64(s.server.limits.resultBytes))
		}
		settings = append(settings, p)
	}
	// What KILL QUERY finds the statement by; after the client's settings.
	return append(settings, parameter{"log_comment", s.id}), nil
}

// clamp holds a number to a bound; 0 is ClickHouse's "without limit". What is
// no number gets the engine's own error.
func clamp(value string, bound float64) string {
	if v, err := strconv.ParseFloat(value, 64); err == nil && (v <= 0 || v > bound) {
		return strconv.FormatFloat(bound, 'f', -1, 64)
	}
	return value
}

// protect makes the rest of the session read-only for the reader, and looks at
// what the statement names.
func (s *session) protect(req *request) error {
	if req.role != roleReader {
		return nil
	}
	if err := s.exec("SET readonly = 1"); err != nil {
		return err
	}
	return s.permit(req)
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
		giveUp := time.AfterFunc(killPatience, func() { close(s.lost) })
		defer giveUp.Stop()
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
			case <-s.lost:
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
