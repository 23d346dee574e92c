package dora

import (
	"context"
	"maps"

	"golang.org/x/sync/errgroup"
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
// tells of any more are removed. It streams the log service by service, so its
// memory follows the largest services and not the history. progress may be nil.
func (s *Stage) Rebuild(ctx context.Context, progress func(RebuildStats)) (RebuildStats, error) {
	var stats RebuildStats
	if _, err := s.store.RemoveLeftovers(ctx); err != nil {
		return stats, err
	}
	// One chunk is read and decoded while the one before is folded and the one
	// before that is written.
	group, ctx := errgroup.WithContext(ctx)
	chunks := make(chan []*active)
	foldings := make(chan *folding)
	group.Go(func() error {
		defer close(chunks)
		return s.readChunks(ctx, chunks)
	})
	group.Go(func() error {
		defer close(foldings)
		return s.foldChunks(ctx, chunks, foldings)
	})
	group.Go(func() error {
		rules := map[string]string{}
		for f := range foldings {
			if err := s.store.Apply(ctx, &f.changes); err != nil {
				return err
			}
			maps.Copy(rules, f.rules)
			stats.Services += len(f.services)
			stats.Events += f.events
			if progress != nil {
				progress(stats)
			}
		}
		// Also where the reading has failed: this much is written.
		return s.store.SetFoldedRules(ctx, rules, s.now())
	})
	err := group.Wait()
	return stats, err
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
		if err := current.timeline.addDistinct(&e); err != nil {
			s.logger.Warn("event not understood, kept in the log only", "source", e.Source, "id", e.ID, "error", err)
		}
		events++
	}
	return flush()
}

func (s *Stage) foldChunks(ctx context.Context, chunks <-chan []*active, foldings chan<- *folding) error {
	f := newFolding()
	flush := func() error {
		select {
		case foldings <- f:
			f = newFolding()
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for chunk := range chunks {
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
		f.add(chunk, s.catalog)
		for _, a := range chunk {
			a.timeline, a.written = nil, nil // the rows hold what is needed of them
		}
		if f.changes.Rows() >= writeAtOnce {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	return flush()
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
