package jetstream

import (
	"strings"
	"time"

	"github.com/nats-io/nats.go"
)

// Message is what is published.
type Message struct {
	Subject string
	// ID makes the message known to the stream for two minutes: published again
	// within them it is a duplicate. Optional.
	ID     string
	Header map[string][]string
	Data   []byte
}

// Receipt says that a message is stored.
type Receipt struct {
	Stream string
	// Sequence within the stream; for a duplicate that of the first copy.
	Sequence uint64
	// Duplicate: a message of this ID was there already, this one isn't stored.
	Duplicate bool
}

// Stored is a message as it lies in a stream.
type Stored struct {
	Message
	Stream   string
	Sequence uint64
	// Time is when the stream stored it.
	Time time.Time
}

// reserved tells headers that belong to the way between us and the server.
// They are kept with stored messages, and a copy published with them (a dead
// letter, a redrive) would be taken for a part of a long finished batch.
func reserved(header string) bool {
	return len(header) > len("Nats-") && strings.EqualFold(header[:len("Nats-")], "Nats-")
}

// toNATS renders a message for the wire; extra are header pairs.
func (m Message) toNATS(reply string, extra ...string) *nats.Msg {
	out := &nats.Msg{Subject: m.Subject, Reply: reply, Data: m.Data}
	if len(m.Header) > 0 || m.ID != "" || len(extra) > 0 {
		out.Header = make(nats.Header, len(m.Header)+len(extra)/2+1)
	}
	for k, v := range m.Header {
		if !reserved(k) {
			out.Header[k] = v
		}
	}
	if m.ID != "" {
		out.Header[nats.MsgIdHdr] = []string{m.ID}
	}
	for i := 0; i+1 < len(extra); i += 2 {
		out.Header[extra[i]] = []string{extra[i+1]}
	}
	return out
}

// fromNATS is the reverse.
func fromNATS(subject string, header nats.Header, data []byte) Message {
	m := Message{Subject: subject, ID: header.Get(nats.MsgIdHdr), Data: data}
	for k, v := range header {
		if reserved(k) {
			continue
		}
		if m.Header == nil {
			m.Header = make(map[string][]string, len(header))
		}
		m.Header[k] = v
	}
	return m
}

// batchOverhead is what the batch headers and the header block itself add.
const batchOverhead = 160

// size is what the message takes on the wire, rounded up.
func (m Message) size() int {
	n := len(m.Subject) + len(m.ID) + len(m.Data) + batchOverhead
	for k, vs := range m.Header {
		for _, v := range vs {
			n += len(k) + len(v) + 4
		}
	}
	return n
}
