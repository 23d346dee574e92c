package notify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

const (
	bucketName = "fivekeys_notified"
	// recordsTTL outlives every signal of the stream, so that one that is found
	// there is either recorded or wasn't taken.
	recordsTTL = jetstream.SignalsAge + 24*time.Hour
	// refreshAfter keeps the record of what goes on firing.
	refreshAfter  = 24 * time.Hour
	recordTimeout = 10 * time.Second
)

// record is the last signal of a thing that a receiver has taken.
type record struct {
	Kind schemas.SignalKind `json:"kind"`
	Data json.RawMessage    `json:"signal"`
	At   time.Time          `json:"at"` // written

	signal signal
}

// records are those of one receiver.
type records struct {
	bucket   *jetstream.Bucket
	receiver string
}

func openRecords(ctx context.Context, client *jetstream.Client) (*jetstream.Bucket, error) {
	return client.Bucket(ctx, jetstream.BucketConfig{
		Name: bucketName, Description: "Signals that receivers have taken", TTL: recordsTTL,
	})
}

func (r *records) key(thing string) string { return r.receiver + "/" + thing }

// of gives the record of a thing, nil where there is none.
func (r *records) of(ctx context.Context, thing string) (*record, error) {
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	value, err := r.bucket.Get(ctx, r.key(thing))
	if errors.Is(err, jetstream.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look what %s was told: %w", r.receiver, err)
	}
	return parseRecord(value), nil
}

// parseRecord gives nil for what is no record: the signal is sent once more then.
func parseRecord(value []byte) *record {
	rec := new(record)
	if err := json.Unmarshal(value, rec); err != nil {
		return nil
	}
	var err error
	if rec.signal, err = parseSignal("signals."+string(rec.Kind), rec.Data); err != nil {
		return nil
	}
	return rec
}

// put writes that the receiver has taken a signal.
func (r *records) put(ctx context.Context, s *signal, now time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, recordTimeout)
	defer cancel()
	value, err := json.Marshal(record{Kind: s.kind, Data: s.data, At: now})
	if err == nil {
		err = r.bucket.Put(ctx, r.key(s.thing()), value)
	}
	if err != nil {
		return fmt.Errorf("record what %s was told: %w", r.receiver, err)
	}
	return nil
}

// going lists what the receiver was told of and is not over: the things that an
// Alertmanager wants to be told of again.
func (r *records) going(ctx context.Context) ([]string, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var things []string
	loaded := false
	err := r.bucket.Watch(ctx, func(c jetstream.Change) {
		thing, mine := strings.CutPrefix(c.Key, r.receiver+"/")
		switch {
		case loaded:
		case c.Kind == jetstream.Loaded:
			loaded = true
			cancel()
		case c.Kind == jetstream.Put && mine:
			if rec := parseRecord(c.Value); rec != nil && rec.signal.begun() {
				things = append(things, thing)
			}
		}
	})
	if err == nil && !loaded {
		err = context.Cause(ctx)
	}
	if err != nil {
		return nil, fmt.Errorf("list what %s was told: %w", r.receiver, err)
	}
	return things, nil
}

// first says whether the receiver was never at work, or told of other signals.
func (r *records) first(ctx context.Context, filters string) (bool, error) {
	_, err := r.bucket.Get(ctx, r.bornKey(filters))
	if errors.Is(err, jetstream.ErrNotFound) {
		return true, nil
	}
	if err != nil {
		return false, fmt.Errorf("look whether %s is new: %w", r.receiver, err)
	}
	return false, nil
}

func (r *records) begin(ctx context.Context, filters string, now time.Time) error {
	if err := r.bucket.Put(ctx, r.bornKey(filters), []byte(now.Format(time.RFC3339))); err != nil {
		return fmt.Errorf("record that %s is at work: %w", r.receiver, err)
	}
	return nil
}

func (r *records) bornKey(filters string) string { return "begun/" + r.receiver + "/" + filters }
