package dora

import (
	"context"
)

// RebuildStats says what a rebuild did.
type RebuildStats struct {
	Services int
	Events   int
}

// rebuildEvents is how many events are folded together, at least: a chunk ends
// with the service that reaches it.
const rebuildEvents = 50_000

// Rebuild folds every service again from the log of events and writes all of
// its facts, whatever the store claims to hold of them; facts that no event
// tells of any more are removed. It streams the log service by service, so its memory follows the
// largest services and not the history. progress may be nil.
func (s *Stage) Rebuild(ctx context.Context, progress func(RebuildStats)) (RebuildStats, error) {
	var stats RebuildStats
	if _, err := s.store.RemoveLeftovers(ctx); err != nil {
		return stats, err
	}
	chunks := make(chan []*active, 1)
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	// Reading and decoding run beside folding and writing.
	go func() {
		defer close(chunks)
		if err := s.readChunks(ctx, chunks); err != nil {
			cancel(err)
		}
	}()
	for chunk := range chunks {
		if err := s.rewrite(ctx, chunk); err != nil {
			cancel(err)
			for range chunks { //nolint:revive // lets the reader end
			}
			return stats, context.Cause(ctx)
		}
		stats.Services += len(chunk)
		for _, a := range chunk {
			stats.Events += a.timeline.Len()
		}
		if progress != nil {
			progress(stats)
		}
	}
	return stats, context.Cause(ctx)
}

func (s *Stage) readChunks(ctx context.Context, chunks chan<- []*active) error {
	var chunk []*active
	var current *active
	events := 0
	flush := func() error {
		if len(chunk) == 0 {
			return nil
		}
		select {
		case chunks <- chunk:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		chunk, events = nil, 0
		return nil
	}
	for e, err := range s.store.AllEvents(ctx) {
		if err != nil {
			return err
		}
		if current == nil || current.service != e.Subject {
			if events >= rebuildEvents || len(chunk) >= foldAtOnce {
				if err := flush(); err != nil {
					return err
				}
			}
			current = &active{service: e.Subject, timeline: NewTimeline(e.Subject), dirty: true}
			chunk = append(chunk, current)
		}
		if _, err := current.timeline.Add(e); err != nil {
			s.logger.Warn("event not understood, kept in the log only", "source", e.Source, "id", e.ID, "error", err)
		}
		events++
	}
	return flush()
}

func (s *Stage) rewrite(ctx context.Context, chunk []*active) error {
	services := make([]string, len(chunk))
	for i, a := range chunk {
		services[i] = a.service
		s.cache.drop(a.service)
	}
	written, err := s.store.LoadWritten(ctx, services)
	if err != nil {
		return err
	}
	for _, a := range chunk {
		a.written = written[a.service]
		a.written.Distrust()
	}
	return s.write(ctx, chunk)
}

// Load reads one service's events as a timeline, for explain and for figures
// as known at an earlier time.
func Load(ctx context.Context, store Store, services []string) (map[string]*Timeline, error) {
	timelines := make(map[string]*Timeline, len(services))
	for e, err := range store.Events(ctx, services) {
		if err != nil {
			return nil, err
		}
		t := timelines[e.Subject]
		if t == nil {
			t = NewTimeline(e.Subject)
			timelines[e.Subject] = t
		}
		if _, err := t.Add(e); err != nil {
			continue // the stage has said so when it met it
		}
	}
	return timelines, nil
}
