package envelope

import (
	"fmt"
	"maps"
	"strconv"
	"time"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	headerReason          = "Fivekeys-Dead-Reason"
	headerError           = "Fivekeys-Dead-Error"
	headerDeadAt          = "Fivekeys-Dead-At"
	headerOriginalID      = "Fivekeys-Original-Id"
	headerOriginalSubject = "Fivekeys-Original-Subject"
	headerOriginalStream  = "Fivekeys-Original-Stream"
	headerOriginalSeq     = "Fivekeys-Original-Sequence"
	// maxErrorText keeps a dead letter's headers below the server's limit.
	maxErrorText = 2048
)

// DeadLetter is a message that a stage couldn't process, with what is needed to
// understand it and to drive it again.
type DeadLetter struct {
	// Stage is which one gave up: "decode", "dora" …
	Stage string
	// Reason is one of the stage's closed set, Error the whole text.
	Reason string
	Error  string
	At     time.Time
	// Stream and Sequence are where the original lay.
	Stream   string
	Sequence uint64
	// Original is the message as it was. To drive it again, publish it without its
	// ID: within two minutes the stream would take it for a duplicate.
	Original jetstream.Message
}

// Message renders it for the dead-letter subject of its stage. The id is the
// original's place in its stream, so a stage that crashes between publishing
// and acknowledging leaves one dead letter, not two.
func (l *DeadLetter) Message() jetstream.Message {
	h := newHeaders(7)
	h.add(headerReason, l.Reason)
	h.add(headerError, l.Error[:min(len(l.Error), maxErrorText)])
	h.addTime(headerDeadAt, l.At)
	h.add(headerOriginalID, l.Original.ID)
	h.add(headerOriginalSubject, l.Original.Subject)
	h.add(headerOriginalStream, l.Stream)
	h.add(headerOriginalSeq, strconv.FormatUint(l.Sequence, 10))
	for name, values := range l.Original.Header {
		if _, ours := h.set[name]; !ours {
			h.set[name] = values
		}
	}
	return jetstream.Message{
		Subject: schemas.DeadLetterSubject(l.Stage),
		ID:      fmt.Sprintf("%s %s %d", l.Stage, l.Stream, l.Sequence),
		Header:  h.set,
		Data:    l.Original.Data,
	}
}

// ParseDeadLetter is the reverse. Its errors are ErrMalformed.
func ParseDeadLetter(stage string, m jetstream.Message) (DeadLetter, error) {
	l := DeadLetter{
		Stage:  stage,
		Reason: get(m.Header, headerReason),
		Error:  get(m.Header, headerError),
		Stream: get(m.Header, headerOriginalStream),
		Original: jetstream.Message{
			Subject: get(m.Header, headerOriginalSubject),
			ID:      get(m.Header, headerOriginalID),
			Data:    m.Data,
		},
	}
	if l.Original.Subject == "" {
		return l, malformed("dead letter", headerOriginalSubject, nil)
	}
	var err error
	if l.At, err = getTime(m.Header, "dead letter", headerDeadAt); err != nil {
		return l, err
	}
	if l.Sequence, err = strconv.ParseUint(get(m.Header, headerOriginalSeq), 10, 64); err != nil {
		return l, malformed("dead letter", headerOriginalSeq, err)
	}
	l.Original.Header = maps.Clone(m.Header)
	for _, name := range []string{
		headerReason, headerError, headerDeadAt,
		headerOriginalID, headerOriginalSubject, headerOriginalStream, headerOriginalSeq,
	} {
		delete(l.Original.Header, name)
	}
	return l, nil
}
