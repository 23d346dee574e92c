package jetstream

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/nats-io/nats.go/jetstream"
)

// Ensure creates the declared streams and consumers, or brings existing ones up
// to date. It is idempotent, and safe while other processes do the same. A
// stream that exists in a form that can't be used is ErrIncompatible, and the
// error names the difference.
//
// From then on the client also removes what all consumers have acknowledged,
// see Trim.
func (c *Client) Ensure(ctx context.Context) error {
	if err := c.Check(ctx); err != nil {
		return err
	}
	top := c.cfg.Topology
	if top.MaxBytes == 0 {
		budget, err := c.defaultBudget(ctx)
		if err != nil {
			return err
		}
		top.MaxBytes = budget
	}
	for _, spec := range top.streams() {
		err := c.patiently(ctx, "stream "+spec.Name, func(ctx context.Context) error {
			if err := c.ensureStream(ctx, spec); err != nil {
				return err
			}
			return c.checkPartitions(ctx, spec)
		})
		if err != nil {
			return err
		}
		for _, want := range spec.consumers {
			err := c.patiently(ctx, "consumer "+want.Durable, func(ctx context.Context) error {
				return c.ensureConsumer(ctx, spec.Name, want)
			})
			if err != nil {
				return err
			}
		}
	}
	c.trimmer.start()
	return nil
}

// Check says whether all streams that exist can be used, and changes nothing.
func (c *Client) Check(ctx context.Context) error {
	for _, spec := range c.cfg.Topology.streams() {
		err := c.patiently(ctx, "stream "+spec.Name, func(ctx context.Context) error {
			stream, err := c.js.Stream(ctx, spec.Name)
			switch {
			case errors.Is(err, jetstream.ErrStreamNotFound):
				return nil
			case err != nil:
				return streamError("look at stream "+spec.Name, spec, err)
			}
			if err := usable(stream.CachedInfo().Config, spec); err != nil {
				return err
			}
			return c.checkPartitions(ctx, spec)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// usable says why an existing stream can't be used.
func usable(have jetstream.StreamConfig, spec streamSpec) error {
	op := "check stream " + spec.Name
	if format, err := strconv.Atoi(have.Metadata[formatKey]); err == nil && format > streamFormat {
		return &Error{
			Op: op, Reason: ErrNewer, Cause: fmt.Errorf("its format is %d, this version knows formats up to %d", format, streamFormat),
			Hint: "run the newer version; nothing was changed",
		}
	}
	diff := incompatible(have, spec.StreamConfig)
	if diff == "" {
		return nil
	}
	return &Error{
		Op: op, Reason: ErrIncompatible, Cause: errors.New(diff),
		Hint: "stop what sends, wait until fivekeys_backlog_messages is 0, stop fivekeys and remove the stream (nats stream rm " + spec.Name +
			"); or use another NATS account",
	}
}

// defaultBudget is the size of all new streams together.
func (c *Client) defaultBudget(ctx context.Context) (int64, error) {
	if c.embedded != nil {
		return c.cfg.embeddedBudget(), nil
	}
	info, err := c.js.AccountInfo(ctx)
	if err != nil {
		return 0, wrap("ask for the account's limits", err)
	}
	if limit := info.Limits.MaxStore; limit > 0 {
		// The limit counts every replica, and others may use the account too.
		return min(limit/2/int64(max(c.cfg.Topology.Replicas, 1)), embeddedMaxBytes), nil
	}
	return DefaultRemoteBytes, nil
}

func (c *Client) ensureStream(ctx context.Context, spec streamSpec) error {
	op := "create stream " + spec.Name
	stream, err := c.js.Stream(ctx, spec.Name)
	if errors.Is(err, jetstream.ErrStreamNotFound) {
		if stream, err = c.js.CreateStream(ctx, spec.StreamConfig); err == nil {
			c.log.Info("stream created", "stream", spec.Name, "max_bytes", spec.MaxBytes)
		} else if errors.Is(err, jetstream.ErrStreamNameAlreadyInUse) {
			// Another process was faster.
			stream, err = c.js.Stream(ctx, spec.Name)
		}
	}
	if err != nil {
		return streamError(op, spec, err)
	}
	have := stream.CachedInfo().Config
	if err := usable(have, spec); err != nil {
		return err
	}
	want, changes := c.merge(have, spec)
	if len(changes) == 0 {
		return nil
	}
	updated, err := c.js.UpdateStream(ctx, want)
	if err != nil {
		return streamError("update stream "+spec.Name, spec, err)
	}
	// An older server ignores fields it doesn't know instead of refusing them.
	if _, left := c.merge(updated.CachedInfo().Config, spec); len(left) < len(changes) {
		c.log.Info("stream updated", "stream", spec.Name, "changed", strings.Join(changes, ", "))
	}
	return nil
}

// incompatible names the first difference that the server can't or mustn't
// change under messages that are already there.
func incompatible(have, want jetstream.StreamConfig) string {
	switch {
	case have.Mirror != nil:
		return "it is a mirror"
	case len(have.Sources) > 0:
		return "it has sources"
	case have.Sealed:
		return "it is sealed"
	case have.NoAck:
		return "it does not acknowledge (no_ack)"
	case have.Storage != want.Storage:
		return fmt.Sprintf("its storage is %s, not %s", have.Storage, want.Storage)
	case have.Retention != want.Retention:
		return fmt.Sprintf("its retention is %s, not %s", have.Retention, want.Retention)
	case have.PersistMode != want.PersistMode && want.PersistMode == jetstream.DefaultPersistMode:
		// The reverse is only slower, and what an older server makes of it.
		return "it acknowledges before anything is on disk (persist_mode async)"
	case have.SubjectTransform != nil:
		return "it transforms subjects"
	}
	return ""
}

// merge takes an existing configuration and sets what we declare; placement,
// republishing and other things an operator may have chosen stay.
func (c *Client) merge(have jetstream.StreamConfig, spec streamSpec) (jetstream.StreamConfig, []string) {
	want := have
	var changes []string
	set := func(name string, same bool, apply func()) {
		if !same {
			changes = append(changes, name)
			apply()
		}
	}
	set("subjects", slices.Equal(have.Subjects, spec.Subjects), func() { want.Subjects = spec.Subjects })
	set("discard", have.Discard == spec.Discard, func() { want.Discard = spec.Discard })
	set("max_age", have.MaxAge == spec.MaxAge, func() { want.MaxAge = spec.MaxAge })
	set("max_msgs", have.MaxMsgs <= 0, func() { want.MaxMsgs = -1 })
	set("max_msgs_per_subject", have.MaxMsgsPerSubject <= 0, func() { want.MaxMsgsPerSubject = -1 })
	set("duplicate_window", have.Duplicates == spec.Duplicates, func() { want.Duplicates = spec.Duplicates })
	set("compression", have.Compression == spec.Compression, func() { want.Compression = spec.Compression })
	set("allow_atomic", have.AllowAtomicPublish == spec.AllowAtomicPublish, func() { want.AllowAtomicPublish = spec.AllowAtomicPublish })
	set("format", have.Metadata[formatKey] == spec.Metadata[formatKey], func() {
		want.Metadata = maps.Clone(have.Metadata)
		if want.Metadata == nil {
			want.Metadata = map[string]string{}
		}
		maps.Copy(want.Metadata, spec.Metadata)
	})
	// A size derived from the free disk differs at every start; only a
	// configured one may change a stream that exists.
	if c.cfg.Topology.MaxBytes > 0 {
		set("max_bytes", have.MaxBytes == spec.MaxBytes, func() { want.MaxBytes = spec.MaxBytes })
	}
	if c.cfg.Topology.Replicas > 0 {
		set("num_replicas", have.Replicas == spec.Replicas, func() { want.Replicas = spec.Replicas })
	}
	return want, changes
}

// checkPartitions refuses to work with fewer partitions than others do: what
// they publish to the rest would wait for a reader forever.
func (c *Client) checkPartitions(ctx context.Context, spec streamSpec) error {
	stages := c.cfg.Topology.stages(spec.Name)
	if len(stages) == 0 {
		return nil
	}
	stream, err := c.js.Stream(ctx, spec.Name)
	if err != nil {
		return wrap("check stream "+spec.Name, err)
	}
	names := stream.ConsumerNames(ctx)
	highest := -1
	for name := range names.Name() {
		stage, number, ok := cutLast(name, "-")
		if p, err := strconv.Atoi(number); ok && err == nil && slices.Contains(stages, stage) {
			highest = max(highest, p)
		}
	}
	if err := names.Err(); err != nil {
		return wrap("list the consumers of "+spec.Name, err)
	}
	if n := c.cfg.Topology.Partitions; highest >= n {
		return &Error{
			Op: "check stream " + spec.Name, Reason: ErrIncompatible,
			Cause: fmt.Errorf("it has %d partitions, this process is configured for %d", highest+1, n),
			Hint:  fmt.Sprintf("configure %d partitions; to shrink, stop every process, let the events drain and remove the surplus consumers", highest+1),
		}
	}
	return nil
}

func (t Topology) stages(stream string) []string {
	if stream == StreamEvents {
		return t.EventStages
	}
	return nil
}

func cutLast(s, sep string) (before, after string, found bool) {
	if i := strings.LastIndex(s, sep); i >= 0 {
		return s[:i], s[i+len(sep):], true
	}
	return s, "", false
}

func (c *Client) ensureConsumer(ctx context.Context, stream string, want jetstream.ConsumerConfig) error {
	op := fmt.Sprintf("create consumer %s of %s", want.Durable, stream)
	existing, err := c.js.Consumer(ctx, stream, want.Durable)
	switch {
	case errors.Is(err, jetstream.ErrConsumerNotFound):
	case err != nil:
		return wrap(op, err)
	default:
		have := existing.CachedInfo().Config
		if diff := incompatibleConsumer(have, want); diff != "" {
			return &Error{
				Op: fmt.Sprintf("check consumer %s of %s", want.Durable, stream), Reason: ErrIncompatible, Cause: errors.New(diff),
				Hint: "let the stage drain the stream, then remove the consumer",
			}
		}
		merged := mergeConsumer(have, want)
		if sameConsumer(have, merged) {
			return nil
		}
		want = merged
	}
	if _, err := c.js.CreateOrUpdateConsumer(ctx, stream, want); err != nil {
		return wrap(op, err)
	}
	return nil
}

func incompatibleConsumer(have, want jetstream.ConsumerConfig) string {
	switch {
	case have.AckPolicy != want.AckPolicy:
		return fmt.Sprintf("its ack policy is %s, not %s", have.AckPolicy, want.AckPolicy)
	case have.DeliverPolicy != want.DeliverPolicy:
		return fmt.Sprintf("its deliver policy is %s, not %s", have.DeliverPolicy, want.DeliverPolicy)
	case have.DeliverSubject != "":
		return "it is a push consumer"
	case have.FilterSubject != want.FilterSubject || len(have.FilterSubjects) > 0:
		return fmt.Sprintf("its filter is %q, not %q", strings.Join(append([]string{have.FilterSubject}, have.FilterSubjects...), " "), want.FilterSubject)
	}
	return ""
}

func mergeConsumer(have, want jetstream.ConsumerConfig) jetstream.ConsumerConfig {
	m := have
	m.Description, m.AckWait, m.MaxAckPending, m.MaxDeliver = want.Description, want.AckWait, want.MaxAckPending, want.MaxDeliver
	m.BackOff = nil // it would replace AckWait
	m.PriorityPolicy, m.PriorityGroups, m.PinnedTTL = want.PriorityPolicy, want.PriorityGroups, want.PinnedTTL
	return m
}

func sameConsumer(a, b jetstream.ConsumerConfig) bool {
	return a.Description == b.Description && a.AckWait == b.AckWait && a.MaxAckPending == b.MaxAckPending &&
		a.MaxDeliver == b.MaxDeliver && len(a.BackOff) == len(b.BackOff) && a.PriorityPolicy == b.PriorityPolicy &&
		slices.Equal(a.PriorityGroups, b.PriorityGroups) && a.PinnedTTL == b.PinnedTTL
}

func streamError(op string, spec streamSpec, err error) error {
	var api *jetstream.APIError
	if !errors.As(err, &api) {
		return wrap(op, err)
	}
	switch api.ErrorCode {
	case codeSubjectOverlap:
		return &Error{
			Op: op, Reason: ErrIncompatible, Cause: api,
			Hint: fmt.Sprintf("another stream of this account takes %s; remove it or use another NATS account", strings.Join(spec.Subjects, ", ")),
		}
	case codeNoStorage, codeNoResources, codeAccountLimits:
		return &Error{
			Op: op, Reason: ErrDiskFull, Cause: api,
			Hint: fmt.Sprintf("the stream wants %d MiB: lower the streams' size or raise the server's storage limits", spec.MaxBytes>>20),
		}
	}
	return wrap(op, err)
}
