package notify

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/fivekeys/fivekeys/internal/jetstream"
)

const (
	// restartAfter is how long a worker waits for NATS before it starts again.
	restartAfter = time.Second
	// holdFor: whoever holds a message that long is told of it by nobody else. It
	// ends with the stream's age.
	holdFor = jetstream.SignalsAge + 24*time.Hour
	// owedGrace is added to AckWait, in which a former worker's messages come back.
	owedGrace = 5 * time.Second
)

// worker tells one receiver. Everything in it belongs to run; deliver works
// beside it on one item each.
type worker struct {
	cfg      *Config
	http     *http.Client
	receiver Receiver
	address  string
	keys     [][]byte
	token    string
	metrics  *metrics
	log      *slog.Logger

	records *records
	queue   *queue
	going   map[string]bool // things to tell an Alertmanager again
	active  int
	results chan result
	// owed is how many messages a former worker held when this one began. Until
	// they are here again nothing is sent: one of them may have to come first.
	owed      int
	owedUntil time.Time
}

// result is what came of one item.
type result struct {
	item *item
	answer
}

func newWorker(cfg *Config, client *http.Client, r Receiver) (*worker, error) {
	w := &worker{
		cfg: cfg, http: client, receiver: r, address: r.Webhook,
		log: cfg.Logger.With("receiver", r.Name),
	}
	var err error
	switch {
	case (r.Webhook == "") == (r.Alertmanager == ""):
		return nil, errors.New("it has two addresses or none; give alertmanager or webhook")
	case r.Alertmanager != "":
		if w.address, err = alertsAddress(r.Alertmanager); err != nil {
			return nil, err
		}
		if len(r.Secrets) > 0 {
			w.token = r.Secrets[0]
		}
	default:
		if w.keys, err = signingKeys(r.Secrets); err != nil {
			return nil, err
		}
		if len(w.keys) == 0 {
			w.log.Warn("signals aren't signed: the receiver can't know that they are ours; give it a secret")
		}
	}
	w.metrics, err = newMetrics(r.Name, time.Now, cfg.Registerer)
	return w, err
}

// run works until the context ends, across whatever NATS does.
func (w *worker) run(ctx context.Context, bucket *jetstream.Bucket) {
	w.records = &records{bucket: bucket, receiver: w.receiver.Name}
	for {
		if err := w.work(ctx); err != nil && ctx.Err() == nil {
			w.log.Warn("can't tell the receiver for now", "again_after", restartAfter, "error", err)
		}
		select {
		case <-time.After(restartAfter):
		case <-ctx.Done():
			return
		}
	}
}

// begin prepares for work: what others held, what fires, what was missed.
func (w *worker) begin(ctx context.Context) (*jetstream.Subscription, error) {
	w.queue, w.going, w.results = newQueue(), map[string]bool{}, make(chan result, w.cfg.Concurrency)
	client, consumer := w.cfg.Client, ConsumerName(w.receiver.Name)
	state, err := client.ConsumerState(ctx, jetstream.StreamSignals, consumer)
	if err != nil {
		return nil, err
	}
	w.owed, w.owedUntil = int(state.Unacked), time.Now().Add(client.Topology().AckWait+owedGrace)
	if err := w.catchUp(ctx, state.Settled); err != nil {
		return nil, err
	}
	if w.receiver.Alertmanager != "" {
		things, err := w.records.going(ctx)
		if err != nil {
			return nil, err
		}
		for _, thing := range things {
			w.going[thing] = true
		}
	}
	return client.Subscribe(ctx, jetstream.SubscribeConfig{
		Stream: jetstream.StreamSignals, Consumers: []string{consumer}, MaxHold: holdFor,
	})
}

func (w *worker) work(ctx context.Context) error {
	sub, err := w.begin(ctx)
	if err != nil {
		return err
	}
	defer func() {
		w.leave()
		_ = sub.Close()
	}()
	resend := time.NewTicker(w.cfg.Resend)
	defer resend.Stop()
	if len(w.going) > 0 {
		w.resend(ctx) // who knows how long nobody did
	}
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case m, ok := <-sub.Messages():
			if !ok {
				return fmt.Errorf("read signals: %w", jetstream.ErrClosed)
			}
			w.take(m)
		case r := <-w.results:
			w.settle(ctx, r)
		case <-resend.C:
			w.resend(ctx)
		case <-timer.C:
		case <-ctx.Done():
			return nil
		}
		w.dispatch(ctx)
		w.metrics.show(w.queue)
		timer.Reset(w.sleep())
	}
}

// take puts a message into the queue. What can't be read is for deliver to bury.
func (w *worker) take(m *jetstream.Received) {
	if m.NumDelivered > 1 && w.owed > 0 {
		w.owed--
	}
	s, err := parseSignal(m.Subject, m.Data)
	if err != nil {
		w.bury(m, malformed, err)
		return
	}
	if !w.receiver.Wants(s.kind, s.severity(), s.service()) {
		w.metrics.count(unwanted)
		w.acknowledge(m)
		return
	}
	w.queue.add(&item{signal: s, stored: m.Stored, message: m})
}

// dispatch sends what is due.
func (w *worker) dispatch(ctx context.Context) {
	now := time.Now()
	if w.owed > 0 && now.Before(w.owedUntil) {
		return
	}
	for _, it := range w.queue.due(now) {
		if w.active == w.cfg.Concurrency {
			return
		}
		if now.Sub(it.stored.Time) > jetstream.SignalsAge {
			w.log.Error("signal given up: the receiver hasn't taken it for a week", "signal", it.id())
			w.metrics.count(expired)
			w.finish(it)
			continue
		}
		it.sending = true
		w.active++
		go func() {
			// Not cut off in the middle: the receiver may have taken it.
			w.results <- result{it, w.deliver(context.WithoutCancel(ctx), it)}
		}()
	}
}

// sleep is how long nothing is due.
func (w *worker) sleep() time.Duration {
	now := time.Now()
	if w.owed > 0 && now.Before(w.owedUntil) {
		return w.owedUntil.Sub(now)
	}
	at, ok := w.queue.next()
	if !ok || w.active == w.cfg.Concurrency {
		return w.cfg.Resend // a message or a result wakes us before
	}
	return max(at.Sub(now), 0)
}

// leave waits for what is being sent and gives the rest back, in order.
func (w *worker) leave() {
	for w.active > 0 {
		w.settle(context.Background(), <-w.results)
	}
	for _, it := range w.queue.all() {
		if it.message != nil {
			_ = it.message.NakWithDelay(0) // where this fails it comes again after AckWait
		}
	}
	w.queue = newQueue()
	w.metrics.show(w.queue)
}
