package jetstream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// trimEvery is how often acknowledged messages are removed. In between they take
// up room in the stream: two seconds' worth of intake.
const trimEvery = 2 * time.Second

// trimPatience is how many rounds in a row must fail before it is worth a
// warning: ten seconds, longer than a cluster takes to elect a leader.
const trimPatience = 5

// trimmer removes what every consumer has acknowledged, for the streams that
// have consumers. Each process does so for all; doing it twice is harmless.
type trimmer struct {
	client *Client
	once   sync.Once
	stop   context.CancelFunc
	done   sync.WaitGroup
	failed int // rounds in a row
}

func (t *trimmer) start() {
	t.once.Do(func() {
		ctx, cancel := context.WithCancel(context.Background())
		t.stop = cancel
		if t.client.adopt(t) != nil {
			cancel()
			return
		}
		t.done.Go(func() { t.run(ctx) })
	})
}

func (t *trimmer) Close() error {
	t.stop()
	t.done.Wait()
	return nil
}

func (t *trimmer) run(ctx context.Context) {
	tick := time.NewTicker(trimEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return
		}
		if !t.client.nc.IsConnected() {
			continue
		}
		bounded, cancel := context.WithTimeout(ctx, closeTimeout)
		err := t.client.Trim(bounded)
		cancel()
		if ctx.Err() == nil {
			t.note(err)
		}
	}
}

// note warns once per outage, and not of one that an election explains.
func (t *trimmer) note(err error) {
	if err == nil {
		if t.failed >= trimPatience {
			t.client.log.Info("acknowledged messages are removed from the streams again")
		}
		t.failed = 0
		return
	}
	t.failed++
	level := slog.LevelDebug
	if t.failed == trimPatience {
		level = slog.LevelWarn
	}
	t.client.log.Log(context.Background(), level, "acknowledged messages stay in the streams for now", "error", err)
}

// Trim removes from each stream that has consumers what all of them have
// acknowledged. After Ensure it happens by itself every two seconds. What has an
// age stays that long.
func (c *Client) Trim(ctx context.Context) error {
	var errs []error
	for _, spec := range c.cfg.Topology.streams() {
		if len(spec.consumers) > 0 && spec.MaxAge == 0 {
			errs = append(errs, c.trim(ctx, spec))
		}
	}
	return errors.Join(errs...)
}

func (c *Client) trim(ctx context.Context, spec streamSpec) error {
	op := "trim " + spec.Name
	stream, err := c.js.Stream(ctx, spec.Name)
	if err != nil {
		return wrap(op, err)
	}
	state := stream.CachedInfo().State
	if state.Msgs == 0 {
		return nil
	}
	// Read after the stream's last sequence: whatever comes meanwhile is above.
	floor, err := c.floor(ctx, stream, spec, state.LastSeq)
	if err != nil {
		return wrap(op, err)
	}
	if floor < state.FirstSeq {
		return nil
	}
	return wrap(op, stream.Purge(ctx, jetstream.WithPurgeSequence(floor+1)))
}

// floor is the sequence up to which every consumer has acknowledged everything
// it wants, also those another process has declared; 0 while one is missing.
func (c *Client) floor(ctx context.Context, stream jetstream.Stream, spec streamSpec, last uint64) (uint64, error) {
	missing := make(map[string]bool, len(spec.consumers))
	for _, want := range spec.consumers {
		missing[want.Durable] = true
	}
	floor := last
	list := stream.ListConsumers(ctx)
	for info := range list.Info() {
		delete(missing, info.Name)
		if info.Config.Durable == "" || info.Config.AckPolicy == jetstream.AckNonePolicy || floor == 0 {
			continue // somebody looks on
		}
		acked, err := ackedUpTo(ctx, stream, spec, info, floor)
		if err != nil {
			return 0, err
		}
		floor = min(floor, acked)
	}
	if err := list.Err(); err != nil {
		return 0, err
	}
	if len(missing) > 0 {
		return 0, fmt.Errorf("%d of its consumers are missing", len(missing))
	}
	return floor, nil
}

// ackedUpTo is the consumer's ack floor, or more: the floor of a partition that
// is idle stays where its last message was. Whether there is a newer one is
// asked of the stream. The consumer's own count of pending messages won't do: in
// a cluster it comes from a replica that may lag behind.
func ackedUpTo(ctx context.Context, stream jetstream.Stream, spec streamSpec, info *jetstream.ConsumerInfo, limit uint64) (uint64, error) {
	acked, filter := info.AckFloor.Stream, info.Config.FilterSubject
	if acked >= limit {
		return limit, nil
	}
	if filter == "" || len(info.Config.FilterSubjects) > 0 || filter == spec.Subjects[0] {
		return acked, nil
	}
	next, err := stream.GetMsg(ctx, acked+1, jetstream.WithGetMsgSubject(filter))
	switch {
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return limit, nil
	case err != nil:
		return 0, err
	}
	return min(limit, next.Sequence-1), nil
}
