package jetstream

import (
	"errors"
	"fmt"
	"testing"
)

func TestReadingAStream(t *testing.T) {
	c := ready(t, Config{})
	p := publisher(t, c, PublisherConfig{})
	for i := range 10 {
		stage := []string{"decode", "dora"}[i%2]
		mustPublish(t, p, Message{Subject: "deadletters." + stage, ID: fmt.Sprint(i), Header: map[string][]string{"Reason": {"why"}}, Data: fmt.Append(nil, i)})
	}
	ctx := t.Context()
	var got []string
	for after := uint64(0); ; {
		page, err := c.ListMessages(ctx, StreamDeadLetters, "deadletters.dora", after, 2)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		for _, m := range page {
			if m.Subject != "deadletters.dora" || m.Header["Reason"][0] != "why" || m.Time.IsZero() || m.Stream != StreamDeadLetters {
				t.Errorf("%+v", m)
			}
			got = append(got, string(m.Data))
			after = m.Sequence
		}
	}
	if fmt.Sprint(got) != "[1 3 5 7 9]" {
		t.Errorf("got %v", got)
	}
	m, err := c.GetMessage(ctx, StreamDeadLetters, 4)
	if err != nil || string(m.Data) != "3" || m.ID != "3" || m.Sequence != 4 {
		t.Errorf("%+v, %v", m, err)
	}
	if err := c.DeleteMessage(ctx, StreamDeadLetters, 4); err != nil {
		t.Fatal(err)
	}
	if _, err := c.GetMessage(ctx, StreamDeadLetters, 4); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
	for _, seq := range []uint64{0, 4, 1000} {
		if err := c.DeleteMessage(ctx, StreamDeadLetters, seq); !errors.Is(err, ErrNotFound) {
			t.Errorf("delete %d: %v", seq, err)
		}
	}
	if rest, err := c.ListMessages(ctx, StreamDeadLetters, "", 0, 100); err != nil || len(rest) != 9 {
		t.Errorf("%d left, %v", len(rest), err)
	}
	if _, err := c.ListMessages(ctx, "NOWHERE", "", 0, 1); !errors.Is(err, ErrNotFound) {
		t.Errorf("got %v", err)
	}
}

func TestTrimToKeepsWhatComesAfterASequence(t *testing.T) {
	c := ready(t, Config{})
	p := publisher(t, c, PublisherConfig{})
	for i := range 5 {
		mustPublish(t, p, Message{Subject: "spans.0", ID: fmt.Sprint(i), Data: []byte("x")})
	}
	state := func() StreamState {
		t.Helper()
		states, err := c.StreamStates(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range states {
			if s.Stream == StreamSpans {
				return s
			}
		}
		t.Fatal("no stream of spans")
		return StreamState{}
	}
	for _, step := range []struct{ to, first, messages uint64 }{{0, 1, 5}, {3, 4, 2}, {2, 4, 2}, {9, 6, 0}} {
		if err := c.TrimTo(t.Context(), StreamSpans, step.to); err != nil {
			t.Fatal(err)
		}
		if s := state(); s.FirstSequence != step.first || s.Messages != step.messages {
			t.Errorf("trimmed to %d it begins at %d and holds %d messages, want %d and %d", step.to, s.FirstSequence, s.Messages, step.first, step.messages)
		}
	}
	// The end has not moved: a reader waits for number 6.
	if r := mustPublish(t, p, Message{Subject: "spans.0", ID: "6", Data: []byte("x")}); r.Sequence != 6 {
		t.Errorf("the next is number %d", r.Sequence)
	}
}
