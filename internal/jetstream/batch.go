package jetstream

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
	"github.com/nats-io/nuid"
)

// The protocol of atomic batches (nats-server 2.12 and later): every message
// carries the batch's ID and its number within it, the last one the commit. The
// server stages them in a file of their own, checks them all at the commit,
// stores them in a row and syncs once.
const (
	headerBatchID       = "Nats-Batch-Id"
	headerBatchSequence = "Nats-Batch-Sequence"
	headerBatchCommit   = "Nats-Batch-Commit"
)

const (
	// A leader election or a restarting server answers "no responders" for a
	// moment. Nothing was stored then, so trying again is safe.
	noRespondersRetries = 3
	noRespondersWait    = 200 * time.Millisecond
)

var errNoResponders = errors.New("no server answers for the stream")

// pubAck is the server's answer to a publish.
type pubAck struct {
	Stream    string              `json:"stream"`
	Sequence  uint64              `json:"seq"`
	Duplicate bool                `json:"duplicate"`
	Count     int                 `json:"count"`
	Error     *jetstream.APIError `json:"error"`
}

func parseAck(op string, m *nats.Msg) (pubAck, error) {
	if len(m.Data) == 0 && m.Header.Get("Status") == "503" {
		return pubAck{}, errNoResponders
	}
	var ack pubAck
	if err := json.Unmarshal(m.Data, &ack); err != nil {
		return pubAck{}, &Error{Op: op, Reason: ErrUnavailable, Cause: err, Hint: "the answer isn't JetStream's"}
	}
	if ack.Error != nil {
		return pubAck{}, apiError(op, ack.Error)
	}
	if ack.Stream == "" {
		return pubAck{}, &Error{Op: op, Reason: ErrUnavailable, Hint: "the answer isn't JetStream's"}
	}
	return ack, nil
}

// together sends the entries as one atomic batch. It returns the server's
// refusal of what is in the batch, of which nothing is stored then and no entry
// finished; every other outcome finishes the entries.
func (l *lane) together(entries []*entry) (refusal error) {
	var msgs []Message
	for _, e := range entries {
		msgs = append(msgs, e.msgs...)
	}
	last, err := l.commit(msgs)
	if err != nil {
		if l.refused(err) {
			return err
		}
		for _, e := range entries {
			e.finish(nil, err)
		}
		return nil
	}
	// The answer has the sequence of the last message; the batch lies in a row.
	seq := last.Sequence - uint64(len(msgs)) + 1
	for _, e := range entries {
		receipts := make([]Receipt, len(e.msgs))
		for i := range receipts {
			receipts[i] = Receipt{Stream: last.Stream, Sequence: seq}
			seq++
		}
		e.finish(receipts, nil)
	}
	return nil
}

// splittable tells the refusals after which a unit goes message by message: one
// of them is stored already, or the stream takes no batches.
func splittable(err error) bool {
	var api *jetstream.APIError
	return errors.As(err, &api) && (api.ErrorCode == codeBatchDuplicate || api.ErrorCode == codeBatchDisabled)
}

// refused tells the errors after which the messages may be tried in another
// way. A full stream is one: a smaller message may still fit.
func (l *lane) refused(err error) bool {
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return false
	}
	switch api.ErrorCode {
	case codeBatchDisabled:
		l.atomic.Store(false)
		return true
	case codeBatchDuplicate, codeBatchIncomplete, codeBatchInFlightMax, codeBatchTooLarge, codeBatchNoSequence,
		codeStoreFailed, jetstream.JSErrCodeStreamMessageExceedsMaximum:
		return true
	}
	return false
}

// commit sends the messages without waiting in between: only the answer to the
// last one counts, and a gap on the way makes the server refuse the whole.
func (l *lane) commit(msgs []Message) (pubAck, error) {
	op := fmt.Sprintf("store a batch of %d messages in %s", len(msgs), l.stream)
	for attempt := 0; ; attempt++ {
		ack, err := l.commitOnce(op, msgs)
		if errors.Is(err, errNoResponders) {
			if attempt < noRespondersRetries && l.pause(noRespondersWait) {
				continue
			}
			return ack, &Error{Op: op, Reason: ErrUnavailable, Cause: err, Hint: hintUnavailable}
		}
		return ack, err
	}
}

func (l *lane) commitOnce(op string, msgs []Message) (pubAck, error) {
	down := l.p.client.disconnected()
	id := nuid.Next()
	reply, answer := l.p.replies.expect()
	defer l.p.replies.forget(reply)
	for i, m := range msgs {
		to, extra := "", []string{headerBatchID, id, headerBatchSequence, strconv.Itoa(i + 1)}
		if i == len(msgs)-1 {
			to, extra = reply, append(extra, headerBatchCommit, "1")
		}
		if err := l.transmit(op, m.toNATS(to, extra...), down); err != nil {
			return pubAck{}, err
		}
	}
	timeout, cancel := context.WithTimeout(context.Background(), l.p.cfg.Timeout)
	defer cancel()
	m, err := l.await(op, answer, timeout.Done(), down)
	if err != nil {
		return pubAck{}, err
	}
	return parseAck(op, m)
}

// singly sends the entries' messages one after another without waiting in
// between, and collects the answers.
func (l *lane) singly(entries []*entry) {
	down := l.p.client.disconnected()
	op := "store a message in " + l.stream
	type sent struct {
		reply  string
		answer chan *nats.Msg
		err    error
	}
	var all []sent
	for _, e := range entries {
		for _, m := range e.msgs {
			var s sent
			s.reply, s.answer = l.p.replies.expect()
			s.err = l.transmit(op, m.toNATS(s.reply), down)
			all = append(all, s)
		}
	}
	timeout, cancel := context.WithTimeout(context.Background(), l.p.cfg.Timeout)
	defer cancel()
	for _, e := range entries {
		receipts := make([]Receipt, len(e.msgs))
		var failed error
		for i, m := range e.msgs {
			s := all[0]
			all = all[1:]
			receipt, err := l.receipt(op, m, s.answer, s.err, timeout.Done(), down)
			l.p.replies.forget(s.reply)
			receipts[i] = receipt
			if err != nil && failed == nil {
				failed = err
			}
		}
		if failed != nil {
			receipts = nil
		}
		e.finish(receipts, failed)
	}
}

// receipt waits for one message's answer and tries again where none was there
// to take it.
func (l *lane) receipt(op string, m Message, answer chan *nats.Msg, err error, timeout, down <-chan struct{}) (Receipt, error) {
	for attempt := 0; ; attempt++ {
		if err != nil {
			return Receipt{}, err
		}
		msg, err := l.await(op, answer, timeout, down)
		if err != nil {
			return Receipt{}, err
		}
		ack, err := parseAck(op, msg)
		if !errors.Is(err, errNoResponders) {
			return Receipt{Stream: ack.Stream, Sequence: ack.Sequence, Duplicate: ack.Duplicate}, err
		}
		if attempt == noRespondersRetries || !l.pause(noRespondersWait) {
			return Receipt{}, &Error{Op: op, Reason: ErrUnavailable, Cause: err, Hint: hintUnavailable}
		}
		var reply string
		reply, answer = l.p.replies.expect()
		defer l.p.replies.forget(reply)
		if err := l.transmit(op, m.toNATS(reply), down); err != nil {
			return Receipt{}, err
		}
	}
}

// transmit hands a message to the connection, unless it is lost: nats.go would
// keep the message and send it after the caller was told that it failed.
func (l *lane) transmit(op string, m *nats.Msg, down <-chan struct{}) error {
	select {
	case <-down:
		return &Error{Op: op, Reason: ErrUnavailable, Cause: nats.ErrDisconnected, Hint: hintUnavailable}
	default:
	}
	if err := l.p.client.nc.PublishMsg(m); err != nil {
		return wrap(op, err)
	}
	return nil
}

func (l *lane) await(op string, answer <-chan *nats.Msg, timeout, down <-chan struct{}) (*nats.Msg, error) {
	select {
	case m := <-answer:
		return m, nil
	case <-timeout:
		return nil, &Error{Op: op, Reason: ErrUnavailable, Cause: fmt.Errorf("no answer within %v", l.p.cfg.Timeout), Hint: "see the server's log; its disk may be slow, and once it was full the server has to be restarted"}
	case <-down:
		return nil, &Error{Op: op, Reason: ErrUnavailable, Cause: nats.ErrDisconnected, Hint: hintUnavailable}
	case <-l.p.stop:
		return nil, ErrClosed
	}
}

// pause waits, unless the publisher is closing.
func (l *lane) pause(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-l.p.stop:
		return false
	}
}
