package notify

import (
	"fmt"
	"testing"

	"github.com/fivekeys/fivekeys/internal/jetstream"
)

// BenchmarkBacklog tells a receiver that was away of what has piled up: fifty
// objectives' alerts, twenty of each.
func BenchmarkBacklog(b *testing.B) {
	const objectives, each = 50, 20
	for b.Loop() {
		b.StopTimer()
		client, err := jetstream.Open(b.Context(), jetstream.Config{StoreDir: b.TempDir(), Topology: jetstream.Topology{
			SignalConsumers: []string{"notify-a"}, Partitions: 1, MaxBytes: 1 << 30,
		}})
		if err != nil {
			b.Fatal(err)
		}
		if err := client.Ensure(b.Context()); err != nil {
			b.Fatal(err)
		}
		publisher, err := client.NewPublisher(b.Context(), jetstream.PublisherConfig{})
		if err != nil {
			b.Fatal(err)
		}
		p := &pipeline{t: b, client: client, publisher: publisher}
		for i := range each {
			for o := range objectives {
				a := firing(fmt.Sprint("o", o))
				a.ID = fmt.Sprint(a.ID, i)
				p.publish(a)
			}
		}
		r := serve(b, nil)
		b.StartTimer()
		_, stop := p.run(r.hook())
		p.until(func() bool { return len(r.all()) == objectives*each })
		b.StopTimer()
		stop()
		if err := client.Close(); err != nil {
			b.Fatal(err)
		}
		b.StartTimer()
	}
	b.ReportMetric(float64(b.N*objectives*each)/b.Elapsed().Seconds(), "signals/s")
}
