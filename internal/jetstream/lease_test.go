package jetstream

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

func partitionNames(n int) []string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf("spans.%d", i)
	}
	return names
}

func lease(t *testing.T, c *Client, names []string) *Leases {
	t.Helper()
	l, err := c.Lease(t.Context(), LeaseConfig{Group: "test", Names: names, TTL: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	return l
}

// shared says whether the names are all held, each once, and evenly.
func shared(names []string, all ...*Leases) func(context.Context) (bool, error) {
	return func(context.Context) (bool, error) {
		var held []string
		least, share := len(names)/len(all), (len(names)+len(all)-1)/len(all)
		for _, l := range all {
			h := l.Held()
			if len(h) < least || len(h) > share {
				return false, fmt.Errorf("one holds %q", h)
			}
			held = append(held, h...)
		}
		slices.Sort(held)
		return slices.Equal(held, slices.Sorted(slices.Values(names))), fmt.Errorf("held are %q", held)
	}
}

func TestLeasesAreSharedAmongTheLiving(t *testing.T) {
	s := runServer(t, &server.Options{JetStream: true})
	names := partitionNames(7)
	clients := []*Client{ready(t, Config{URL: s.ClientURL()}), ready(t, Config{URL: s.ClientURL()}), ready(t, Config{URL: s.ClientURL()})}
	first := lease(t, clients[0], names)
	<-first.Changes()
	if got := first.Held(); len(got) != len(names) {
		t.Fatalf("alone it holds %q", got)
	}
	second := lease(t, clients[1], names)
	until(t, "two share", shared(names, first, second))
	third := lease(t, clients[2], names)
	until(t, "three share", shared(names, first, second, third))
	// One says goodbye, one dies without a word.
	if err := second.Close(); err != nil {
		t.Fatal(err)
	}
	until(t, "the two left share", shared(names, first, third))
	clients[0].nc.Close()
	until(t, "one is left", shared(names, third))
	until(t, "the dead one knows", func(context.Context) (bool, error) { return len(first.Held()) == 0, nil })
}

// Seven names among five: rounding up would leave nothing for the fifth, and
// nothing much for the fourth.
func TestNobodyIsLeftWithoutALease(t *testing.T) {
	s := runServer(t, &server.Options{JetStream: true})
	names := partitionNames(7)
	var all []*Leases
	for range 5 {
		all = append(all, lease(t, ready(t, Config{URL: s.ClientURL()}), names))
		until(t, "shared", shared(names, all...))
	}
}

// A job that one does stays where it is when others come.
func TestASingleLeaseStays(t *testing.T) {
	s := runServer(t, &server.Options{JetStream: true})
	first := lease(t, ready(t, Config{URL: s.ClientURL()}), []string{"job"})
	for range 4 {
		lease(t, ready(t, Config{URL: s.ClientURL()}), []string{"job"})
	}
	joined := time.Now()
	until(t, "it has seen them", func(context.Context) (bool, error) {
		first.mu.Lock()
		defer first.mu.Unlock()
		return first.renewed.After(joined), nil
	})
	if got := first.Held(); len(got) != 1 {
		t.Errorf("it holds %q", got)
	}
}

func TestTheEmbeddedServersOwnerHoldsAll(t *testing.T) {
	l := lease(t, ready(t, Config{}), partitionNames(3))
	<-l.Changes()
	if got := l.Held(); len(got) != 3 {
		t.Errorf("%q", got)
	}
}

// A process that reaches nobody must not go on with what others took over, and
// must not stop at the first answer that is late.
func TestLeasesLapseWhenTheyCouldNotBeRenewedForTheirTime(t *testing.T) {
	for name, test := range map[string]struct {
		silent time.Duration
		held   int
	}{
		"a late answer": {time.Second / 2, 1},
		"too long":      {2 * time.Second, 0},
	} {
		t.Run(name, func(t *testing.T) {
			l := &Leases{
				cfg: LeaseConfig{TTL: time.Second}, held: map[string]uint64{"job": 1}, renewed: time.Now().Add(-test.silent),
				changes: make(chan struct{}, 1),
			}
			if l.lapse(); len(l.Held()) != test.held || len(l.Changes()) != 1-test.held {
				t.Errorf("it holds %q, and tells of %d changes", l.Held(), len(l.Changes()))
			}
		})
	}
}
