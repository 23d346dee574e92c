package dora

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/schemas"
)

// Store is what the stage needs of the store.
type Store interface {
	AppendEvents(ctx context.Context, events []schemas.Event) error
	Events(ctx context.Context, services []string) iter.Seq2[schemas.Event, error]
	AllEvents(ctx context.Context) iter.Seq2[schemas.Event, error]
	CountEvents(ctx context.Context, services []string) (map[string]clickhouse.Tally, error)
	LoadWritten(ctx context.Context, services []string) (map[string]*clickhouse.Written, error)
	Apply(ctx context.Context, c *clickhouse.Changeset) error
	RemoveLeftovers(ctx context.Context) (services int, err error)
	FoldedRules(ctx context.Context) (map[string]string, error)
	SetFoldedRules(ctx context.Context, rules map[string]string, at time.Time) error
}

var _ Store = (*clickhouse.Store)(nil)

// DefaultCacheEvents bounds the events held in memory, about 300 bytes each.
const DefaultCacheEvents = 500_000

// foldAtOnce bounds how many services are asked for in one statement.
const foldAtOnce = 128

// StageConfig configures a Stage.
type StageConfig struct {
	Store   Store
	Catalog *schemas.Catalog
	// CacheEvents bounds the events held in memory; 0 is DefaultCacheEvents.
	CacheEvents int
	// Shared: other processes may fold the same services, now or after taking
	// over, so what is in memory is checked against the store before each fold.
	Shared bool
	Now    func() time.Time
	Logger *slog.Logger
}

// Stage keeps the facts of the services it is given events of.
type Stage struct {
	store Store
	// mu lets one batch, or one chunk of a refold, at the cache and the catalogue.
	mu      sync.Mutex
	catalog *schemas.Catalog
	cache   *cache
	shared  bool
	now     func() time.Time
	logger  *slog.Logger
}

// NewStage checks the configuration.
func NewStage(cfg StageConfig) (*Stage, error) {
	if cfg.Store == nil || cfg.Catalog == nil {
		return nil, errors.New("new dora stage: store and catalogue are required")
	}
	if cfg.CacheEvents <= 0 {
		cfg.CacheEvents = DefaultCacheEvents
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	return &Stage{
		store: cfg.Store, catalog: cfg.Catalog, cache: newCache(cfg.CacheEvents), shared: cfg.Shared, now: cfg.Now, logger: cfg.Logger,
	}, nil
}

// Process stores a batch of events, folds the services they touch and writes
// the facts that differ. After an error nothing is lost: given the same batch
// again it does the same again.
func (s *Stage) Process(ctx context.Context, events []schemas.Event) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.store.AppendEvents(ctx, events); err != nil {
		return err
	}
	touched := map[string][]*schemas.Event{}
	for i := range events {
		if e := &events[i]; e.Subject != "" && Folds(e.Type) {
			touched[e.Subject] = append(touched[e.Subject], e)
		}
	}
	services := make([]string, 0, len(touched))
	for service := range touched {
		services = append(services, service)
	}
	slices.Sort(services)
	f := newFolding()
	for chunk := range slices.Chunk(services, foldAtOnce) {
		for _, service := range chunk {
			if a := s.cache.get(service); a != nil {
				s.add(a, touched[service])
			}
		}
		if err := s.refresh(ctx, chunk); err != nil {
			return err
		}
		if err := s.load(ctx, chunk); err != nil {
			return err
		}
		if f.add(s.dirty(chunk), s.catalog); f.changes.Rows() >= writeAtOnce {
			if err := s.write(ctx, f); err != nil {
				return err
			}
			f = newFolding()
		}
	}
	if err := s.write(ctx, f); err != nil {
		return err
	}
	s.cache.shrink()
	return nil
}

// Forget drops all services from memory: another process may have written facts
// since, of which what is remembered as written knows nothing.
func (s *Stage) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cache = newCache(s.cache.limit)
}

// Use takes another catalogue from the next batch on, folds the services again
// whose rules it changes, and says how many those are.
func (s *Stage) Use(ctx context.Context, catalog *schemas.Catalog) (services int, err error) {
	s.mu.Lock()
	s.catalog = catalog
	s.mu.Unlock()
	stale, err := s.Stale(ctx)
	if err != nil {
		return 0, err
	}
	return len(stale), s.Refold(ctx, stale)
}

// refresh drops services from memory whose events another process has added to
// or of which it has replaced one.
// Both append before they count, so of two processes that fold a service at the
// same time at least the later one sees all events, and its facts, folded from
// more events, win.
func (s *Stage) refresh(ctx context.Context, services []string) error {
	if !s.shared {
		return nil
	}
	tallies, err := s.store.CountEvents(ctx, services)
	if err != nil {
		return err
	}
	for _, service := range services {
		if a := s.cache.services[service]; a != nil && a.tally() != tallies[service] {
			s.cache.drop(service)
		}
	}
	return nil
}

func (s *Stage) add(a *active, events []*schemas.Event) {
	for _, e := range events {
		before := a.timeline.Len()
		added, err := a.timeline.Add(*e)
		if err != nil {
			// Checked when it was accepted; a newer version's event, perhaps. It
			// stays in the log and is folded once we understand it.
			a.ignore(e)
			s.logger.Warn("event not understood, kept in the log only", "source", e.Source, "id", e.ID, "error", err)
			continue
		}
		a.dirty = a.dirty || added
		s.cache.grew(a.timeline.Len() - before)
	}
}

// load brings services that are not in memory there, from the store, which
// holds the batch at hand already.
func (s *Stage) load(ctx context.Context, services []string) error {
	var missing []string
	for _, service := range services {
		if s.cache.services[service] == nil {
			missing = append(missing, service)
		}
	}
	if len(missing) == 0 {
		return nil
	}
	written, err := s.store.LoadWritten(ctx, missing)
	if err != nil {
		return err
	}
	loaded := make(map[string]*active, len(missing))
	for _, service := range missing {
		// Dirty: a crash may have come between the events and their facts.
		loaded[service] = &active{service: service, timeline: NewTimeline(service), written: written[service], dirty: true}
	}
	for e, err := range s.store.Events(ctx, missing) {
		if err != nil {
			return err
		}
		if err := loaded[e.Subject].timeline.addDistinct(&e); err != nil {
			loaded[e.Subject].ignore(&e)
			s.logger.Warn("event not understood, kept in the log only", "source", e.Source, "id", e.ID, "error", err)
		}
	}
	for _, a := range loaded {
		s.cache.put(a)
	}
	return nil
}

// dirty gives those services in memory whose facts may have changed.
func (s *Stage) dirty(services []string) []*active {
	var dirty []*active
	for _, service := range services {
		if a := s.cache.services[service]; a != nil && a.dirty {
			dirty = append(dirty, a)
		}
	}
	return dirty
}

func (s *Stage) write(ctx context.Context, f *folding) error {
	if len(f.services) == 0 {
		return nil
	}
	if err := s.store.Apply(ctx, &f.changes); err != nil {
		return err
	}
	// After the facts: a crash in between folds again, never too seldom.
	if err := s.store.SetFoldedRules(ctx, f.rules, s.now()); err != nil {
		return err
	}
	for _, a := range f.services {
		a.dirty = false
		if fingerprint, changed := f.rules[a.service]; changed {
			a.rules = fingerprint
		}
	}
	return nil
}

// Folds says whether events of a type are part of a service's timeline.
func Folds(t schemas.EventType) bool {
	switch t {
	case schemas.TypeDeployment, schemas.TypeChange, schemas.TypePullRequest, schemas.TypeBranch, schemas.TypeIncident,
		schemas.TypeBurn:
		return true
	case schemas.TypeToil, schemas.TypeSLI, schemas.TypeCorrection:
	}
	return false
}

// Stale lists the services whose facts were folded under other rules than the
// catalogue's of today.
func (s *Stage) Stale(ctx context.Context) ([]string, error) {
	folded, err := s.store.FoldedRules(ctx)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	catalog := s.catalog
	s.mu.Unlock()
	var stale []string
	for service, fingerprint := range folded {
		rules := catalog.Service(service)
		if rules.Fingerprint(FoldVersion) != fingerprint {
			stale = append(stale, service)
		}
	}
	slices.Sort(stale)
	return stale, nil
}

// Refold folds services again from the store.
func (s *Stage) Refold(ctx context.Context, services []string) error {
	for chunk := range slices.Chunk(services, foldAtOnce) {
		if err := s.refold(ctx, chunk); err != nil {
			return fmt.Errorf("fold services again: %w", err)
		}
	}
	return nil
}

func (s *Stage) refold(ctx context.Context, services []string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, service := range services {
		s.cache.drop(service)
	}
	if err := s.load(ctx, services); err != nil {
		return err
	}
	f := newFolding()
	f.add(s.dirty(services), s.catalog)
	if err := s.write(ctx, f); err != nil {
		return err
	}
	s.cache.shrink()
	return nil
}
