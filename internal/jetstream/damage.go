package jetstream

import (
	"fmt"

	"github.com/fivekeys/fivekeys/internal/jetstream/streamfiles"
)

// Damage is a file of the embedded server that could not be read.
type Damage struct {
	Stream   string
	Messages uint64 // that are gone
	Text     string // for people
}

// Damages are those whose files were set aside, today or before. They are told
// of until somebody removes the files.
func (c *Client) Damages() []Damage {
	if c.embedded == nil {
		return nil
	}
	all := make([]Damage, 0, len(c.embedded.lost))
	for _, l := range c.embedded.lost {
		all = append(all, Damage{Stream: l.Stream, Messages: l.Messages, Text: lossText(l)})
	}
	return all
}

// contents is what the messages of a stream are, for people.
var contents = map[string]string{
	StreamDeliveries:  "accepted deliveries",
	StreamEvents:      "accepted events",
	StreamDeadLetters: "dead letters",
	StreamSignals:     "signals",
	StreamSpans:       "chunks of spans",
}

func lossText(l streamfiles.Loss) string {
	what, ok := contents[l.Stream]
	if !ok {
		what = "messages"
	}
	switch {
	case l.Messages == 0:
		return fmt.Sprintf("a file of stream %s was damaged and could be mended, nothing is lost", l.Stream)
	case l.To == 0:
		return fmt.Sprintf("a file of stream %s is damaged: %d %s after number %d are lost", l.Stream, l.Messages, what, l.From)
	}
	return fmt.Sprintf("a file of stream %s is damaged: %d %s between numbers %d and %d are lost", l.Stream, l.Messages, what, l.From, l.To)
}
