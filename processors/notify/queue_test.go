package notify

import (
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

func queued(sequence uint64, objective string) *item {
	a := firing(objective)
	return &item{
		signal: signal{kind: schemas.SignalAlert, alert: &a},
		stored: jetstream.Stored{Sequence: sequence, Time: noon.Add(time.Duration(sequence) * time.Second)},
	}
}

func sequences(items []*item) []uint64 {
	var out []uint64
	for _, it := range items {
		out = append(out, it.stored.Sequence)
	}
	return out
}

func TestQueue(t *testing.T) {
	full := func() (*queue, map[uint64]*item) {
		q, items := newQueue(), map[uint64]*item{}
		for _, it := range []*item{queued(4, "b"), queued(2, "a"), queued(1, "b"), queued(3, "a")} {
			q.add(it)
			items[it.stored.Sequence] = it
		}
		return q, items
	}
	for name, c := range map[string]struct {
		do   func(q *queue, items map[uint64]*item)
		at   time.Time
		want []uint64
	}{
		"the first of each objective is due, oldest first": {func(*queue, map[uint64]*item) {}, noon, []uint64{1, 2}},
		"what is being sent holds its objective up":        {func(_ *queue, items map[uint64]*item) { items[1].sending = true }, noon, []uint64{2}},
		"the next one follows when the first is done":      {func(q *queue, items map[uint64]*item) { q.done(items[1]) }, noon, []uint64{2, 4}},
		"nothing overtakes what is tried again":            {func(q *queue, items map[uint64]*item) { q.retry(items[1], noon.Add(1)) }, noon, []uint64{2}},
		"which is due when its time has come":              {func(q *queue, items map[uint64]*item) { q.retry(items[1], noon.Add(1)) }, noon.Add(1), []uint64{1, 2}},
		"or when the receiver is back":                     {func(q *queue, items map[uint64]*item) { q.retry(items[1], noon.Add(time.Hour)); q.hurry(noon) }, noon, []uint64{1, 2}},
		"a receiver that asked for peace has it":           {func(q *queue, _ map[uint64]*item) { q.paused = noon.Add(1) }, noon, nil},
		"until then":                                       {func(q *queue, _ map[uint64]*item) { q.paused = noon.Add(1) }, noon.Add(1), []uint64{1, 2}},
		"the same message again is no other":               {func(q *queue, _ map[uint64]*item) { q.add(queued(1, "b")); q.add(queued(4, "b")) }, noon, []uint64{1, 2}},
		"an older one goes first":                          {func(q *queue, _ map[uint64]*item) { q.add(queued(0, "b")) }, noon, []uint64{0, 2}},
		"but not before what is being sent":                {func(q *queue, items map[uint64]*item) { items[1].sending = true; q.add(queued(0, "b")) }, noon, []uint64{2}},
	} {
		t.Run(name, func(t *testing.T) {
			q, items := full()
			c.do(q, items)
			if got := sequences(q.due(c.at)); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
			if len(q.all()) != q.size {
				t.Errorf("its size is %d, not %d", q.size, len(q.all()))
			}
		})
	}
	// An older signal comes while one is being sent: each is sent once, and none is
	// taken for the other when the answer comes.
	q, items := full()
	items[1].sending = true
	older := queued(0, "b")
	q.add(older)
	if q.done(items[1]); !slices.Equal(sequences(q.all()), []uint64{0, 2, 3, 4}) || q.size != 4 {
		t.Errorf("after the one that was sent %v are left, its size is %d", sequences(q.all()), q.size)
	}
	if got := q.due(noon); len(got) != 2 || got[0] != older {
		t.Errorf("then %v are due", sequences(got))
	}
	q, items = full()
	if got := q.oldest(); !got.Equal(noon.Add(time.Second)) {
		t.Errorf("the oldest is of %s", got)
	}
	q.retry(items[1], noon.Add(time.Hour))
	q.retry(items[2], noon.Add(time.Minute))
	if at, ok := q.next(); !ok || !at.Equal(noon.Add(time.Minute)) {
		t.Errorf("the next is due at %s, %v", at, ok)
	}
	q.paused = noon.Add(2 * time.Minute)
	if at, _ := q.next(); !at.Equal(q.paused) {
		t.Errorf("the next is due at %s although it is paused", at)
	}
	for _, it := range q.all() {
		q.done(it)
	}
	if _, ok := q.next(); ok || q.size != 0 || !q.oldest().IsZero() {
		t.Error("an empty queue has something")
	}
}

func TestTheWaitsDoubleUpToTheMost(t *testing.T) {
	b := Backoff{Least: time.Second, Most: time.Minute}
	for attempts, most := range map[int]time.Duration{0: time.Second, 1: 2 * time.Second, 5: 32 * time.Second, 6: time.Minute, 400: time.Minute} {
		for range 100 {
			if got := b.after(attempts); got > most || got < most/2 {
				t.Errorf("after %d attempts it waits %s", attempts, got)
			}
		}
	}
}

func TestMessagesThatAreNoSignals(t *testing.T) {
	for name, c := range map[string]struct{ subject, data string }{
		"no JSON":               {"signals.alert.a", "{"},
		"of another kind":       {"signals.toil.a", "{}"},
		"an alert of no state":  {"signals.alert.a", `{"id":"1","objective":"o"}`},
		"an alert without id":   {"signals.alert.a", `{"state":"firing","objective":"o"}`},
		"a budget of no state":  {"signals.budget.a", `{"id":"1","objective":"o","state":"firing"}`},
		"a budget of no object": {"signals.budget.a", `{"id":"1","state":"restored"}`},
		"null":                  {"signals.budget.a", `null`},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parseSignal(c.subject, []byte(c.data)); !errors.Is(err, errMalformed) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzParseSignal(f *testing.F) {
	f.Add("signals.alert.a", []byte(`{"id":"1","objective":"o","state":"resolved","resolved_at":"2026-01-01T00:00:00Z"}`))
	f.Add("signals.budget.a", []byte(`{"id":"1","objective":"o","state":"restored"}`))
	f.Fuzz(func(t *testing.T, subject string, data []byte) {
		s, err := parseSignal(subject, data)
		if err != nil {
			return
		}
		if s.id() == "" || s.thing() == "" || s.objective() == "" {
			t.Error("a signal of nothing")
		}
		if r, err := webhookRequest(&s, [][]byte{{1}}, noon); err == nil && len(r.body) == 0 {
			t.Error("an empty request")
		}
		if p := s.postable(nil, ""); p.EndsAt != nil && p.EndsAt.Before(p.StartsAt) {
			t.Errorf("%s is over before it began", data)
		}
	})
}
