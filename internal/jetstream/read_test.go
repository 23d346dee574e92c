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
