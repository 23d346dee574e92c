package notify

import (
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/testkit"
)

// Of two processes one tells the receiver; the other takes over when it stops,
// and both outlive a NATS server that is killed.
func TestTwoProcessesTellAReceiverOnce(t *testing.T) {
	nats := testkit.StartNATS(t)
	connect := func() *pipeline {
		client, err := jetstream.Open(t.Context(), jetstream.Config{URL: nats.URL(), Topology: jetstream.Topology{
			SignalConsumers: []string{"notify-a"}, AckWait: time.Second, Partitions: 1, MaxBytes: 1 << 30,
		}})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = client.Close() })
		if err := client.Ensure(t.Context()); err != nil {
			t.Fatal(err)
		}
		publisher, err := client.NewPublisher(t.Context(), jetstream.PublisherConfig{})
		if err != nil {
			t.Fatal(err)
		}
		return &pipeline{t: t, client: client, publisher: publisher}
	}
	r := serve(t, nil)
	first, second := connect(), connect()
	_, stopFirst := first.run(r.hook())
	_, stopSecond := second.run(r.hook())
	first.publish(firing("one"), firing("two"))
	first.until(func() bool { return len(r.all()) == 2 })
	stopFirst()
	second.publish(resolved("one"), firing("three"))
	second.until(func() bool { return len(r.all()) == 4 })
	nats.Kill()
	nats.Start()
	second.until(func() bool { return second.client.Status().Connected })
	second.until(func() bool { return second.client.Healthy(t.Context()) == nil })
	second.publish(resolved("three"))
	second.until(func() bool { return len(r.all()) == 5 })
	stopSecond()
	got := r.ids(t)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"one.fast.1/firing", "one.fast.1/resolved", "three.fast.1/firing", "three.fast.1/resolved", "two.fast.1/firing"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}
