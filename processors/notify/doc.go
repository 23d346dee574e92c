// Package notify tells receivers of signals: that an alert fires or is over, that
// a budget is spent or restored.
//
//	SIGNALS → worker per receiver → queue: in order per objective → POST → record → ack
//
// A signal stays unacknowledged until its receiver has taken it, so a receiver
// that is down for days is told of everything afterwards, in order, and no
// receiver waits for another. What was taken is recorded before it is
// acknowledged: after a restart nothing is sent twice, but for a crash in the
// moment between the answer and the record. A webhook's id is the same then.
//
// An Alertmanager forgets what it isn't told again (resolve_timeout), so what
// fires is sent to it every minute. Of several processes one at a time works for
// a receiver (a lease); the others stand by.
package notify
