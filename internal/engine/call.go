package engine

// call runs something in the engine. It returns without it when the statement
// was killed and does not end: a system call that blocks, or one function over
// one block of rows, cannot be interrupted. The session is then good for
// nothing but its end.
func (s *session) call(do func()) error {
	done := make(chan struct{})
	go func() {
		defer close(done)
		do()
	}()
	select {
	case <-done:
		return nil
	case <-s.lost:
	}
	select {
	case <-done:
		return nil
	default:
	}
	s.pending = done
	return codeCancelled.errorf("Query was cancelled, but goes on: it could not be interrupted")
}

// finally runs what has to follow, once nothing else runs on the connection.
func (s *session) finally(do func()) {
	if s.pending == nil {
		_ = s.call(do)
		return
	}
	s.leftovers = append(s.leftovers, do)
}

// end closes the connection and gives its place back, which a statement that
// was given up keeps for as long as it runs.
func (s *session) end(give func()) {
	s.finally(s.close)
	if s.pending == nil {
		give()
		return
	}
	s.server.stuck.Add(1)
	go func() {
		<-s.pending
		for _, do := range s.leftovers {
			do()
		}
		s.server.stuck.Add(-1)
		give()
	}()
}
