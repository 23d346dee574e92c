package slo

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"maps"
	"slices"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

// Store is what the evaluation needs of the store.
type Store interface {
	SetObjectives(ctx context.Context, definitions []clickhouse.SLODefinition) error
	SLOHours(ctx context.Context, objectives []string, from, to time.Time, each func(clickhouse.SLOHour)) error
	SaveHours(ctx context.Context, hours []clickhouse.SLOHour) error
	SLOMinutes(ctx context.Context, q clickhouse.SLOQuery, each func(clickhouse.SLOMinute)) error
	SLOChanges(ctx context.Context, since, before time.Time, each func(clickhouse.SLOMinute)) error
	Now(ctx context.Context) (time.Time, error)
	SLOCorrections(ctx context.Context) ([]schemas.CorrectionEvent, error)
	LastDeployment(ctx context.Context, service string, before time.Time) (schemas.Deployment, error)
	SLOBegins(ctx context.Context, q clickhouse.SLOQuery, each func(objective string, minute int64)) error
	LoadStates(ctx context.Context, but string) ([]clickhouse.SavedState, error)
	SaveStatuses(ctx context.Context, writer string, states []clickhouse.SLOState) error
	AppendHistory(ctx context.Context, statuses []schemas.BudgetStatus) error
	SaveAlerts(ctx context.Context, alerts []schemas.AlertSignal) error
	FiringAlerts(ctx context.Context) ([]schemas.AlertSignal, error)
	SaveBudgetEvents(ctx context.Context, events []schemas.BudgetSignal) error
}

var _ Store = (*clickhouse.Store)(nil)

// Publisher publishes durably; *jetstream.Publisher does.
type Publisher interface {
	Publish(ctx context.Context, m jetstream.Message) (jetstream.Receipt, error)
}

const (
	// DefaultInterval is how often the store is asked for changes.
	DefaultInterval = 15 * time.Second
	// DefaultGrace is how long after its end a minute is evaluated: spans are
	// exported in batches, every five seconds by default.
	DefaultGrace = 15 * time.Second
	// DefaultCatchUp bounds the missed minutes that are stepped through after a
	// downtime. Alerts of before are not raised any more.
	DefaultCatchUp = 24 * time.Hour
	// overlap is how much of what was read is read again: a row is stamped when
	// its insert begins and seen when it ends.
	overlap = time.Minute
	// historyMinutes is how often a status is kept.
	historyMinutes = 5
)

// Config configures an Evaluator.
type Config struct {
	Objectives []schemas.Objective
	Store      Store
	Publisher  Publisher
	Catalog    *schemas.Catalog
	// Partitions of the events, for burn events.
	Partitions int
	// Publish is handed the statuses of every evaluation, all of them; optional.
	Publish func(ctx context.Context, statuses []schemas.BudgetStatus) error

	Interval, Grace, CatchUp time.Duration // 0 is the default
	// Since is where the first evaluation ever of an objective begins; the zero
	// time is the present: nobody is woken for what is long over.
	Since time.Time

	Registerer prometheus.Registerer
	Logger     *slog.Logger
	Now        func() time.Time
}

// Evaluator evaluates budgets. One process should at a time; two are harmless:
// each adopts what the other has stored, and all identities are the same.
type Evaluator struct {
	cfg      Config
	writer   string // this evaluator's name beside what it stores
	metrics  metrics
	accounts []*account
	byKey    map[string]*account
	ledgers  map[string]*Ledger
	readers  []reader

	corrections []Correction
	correctedBy string                 // fingerprint of the events they are made of
	later       []clickhouse.SLOMinute // counts of minutes to come
	seen        time.Time              // changes up to then are read, by the store's clock
	at          int64                  // the minute evaluated last
	hour        int64                  // the hour of the last trim
	repack      hours                  // packed hours that have changed since
	history     int64                  // the last kept status' minute
	unsaved     bool                   // statuses changed since they were stored
	unhanded    bool                   // statuses changed since they were handed to Publish
	statuses    []schemas.BudgetStatus
}

// New checks the configuration. It reads nothing yet.
func New(cfg Config) (*Evaluator, error) {
	if cfg.Store == nil || cfg.Publisher == nil || cfg.Catalog == nil || cfg.Partitions <= 0 {
		return nil, errors.New("new budget evaluation: store, publisher, catalogue and the number of partitions are required")
	}
	if cfg.Interval <= 0 {
		cfg.Interval = DefaultInterval
	}
	if cfg.Grace <= 0 {
		cfg.Grace = DefaultGrace
	}
	if cfg.CatchUp <= 0 {
		cfg.CatchUp = DefaultCatchUp
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Logger == nil {
		cfg.Logger = slog.New(slog.DiscardHandler)
	}
	e := &Evaluator{cfg: cfg, writer: rand.Text()}
	if err := e.reset(); err != nil {
		return nil, err
	}
	var err error
	if e.metrics, err = newMetrics(cfg.Registerer); err != nil {
		return nil, err
	}
	e.metrics.objectives.Set(float64(len(e.accounts)))
	return e, nil
}

// reset forgets everything that was read.
func (e *Evaluator) reset() error {
	team := func(service string) string { return e.cfg.Catalog.Service(service).Team }
	var err error
	if e.accounts, e.ledgers, err = newAccounts(e.cfg.Objectives, team); err != nil {
		return err
	}
	e.byKey = make(map[string]*account, len(e.accounts))
	for _, a := range e.accounts {
		e.byKey[a.Key] = a
	}
	e.readers = newReaders(e.accounts)
	e.corrections, e.correctedBy, e.later, e.statuses, e.repack = nil, "", nil, nil, hours{}
	e.at, e.hour, e.history, e.unsaved, e.unhanded = 0, 0, 0, false, false
	return nil
}

// Run evaluates until the context ends. It begins with what the store holds, so
// it may be called again, by whoever has the lease then.
func (e *Evaluator) Run(ctx context.Context) error {
	tick := time.NewTicker(e.cfg.Interval)
	defer tick.Stop()
	loaded := false
	for {
		err := error(nil)
		if !loaded {
			err = e.Load(ctx)
			loaded = err == nil
		}
		if loaded {
			err = e.Evaluate(ctx)
		}
		if err != nil && ctx.Err() == nil {
			e.metrics.failures.Inc()
			e.cfg.Logger.Warn("budgets not evaluated, trying again", "in", e.cfg.Interval, "error", err)
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return nil
		}
	}
}

// Evaluate reads what has changed, moves everything on to the last complete
// minute, stores it and tells of it. After an error it may be called again.
func (e *Evaluator) Evaluate(ctx context.Context) error {
	began := time.Now()
	at := max(e.present(), e.at)
	changed, err := e.read(ctx, at)
	if errors.Is(err, clickhouse.ErrManyChanges) {
		e.cfg.Logger.Info("a great many counts have changed, reading all again")
		err = e.load(ctx, false)
	}
	if err != nil {
		return err
	}
	if at > e.at || changed {
		if err := e.move(ctx, at); err != nil {
			return err
		}
	}
	err = e.tell(ctx)
	if err == nil {
		e.metrics.duration.Observe(time.Since(began).Seconds())
		e.metrics.evaluated.Set(float64(e.at * 60))
	}
	return err
}

// present is the end of the last complete minute.
func (e *Evaluator) present() int64 { return minuteOf(e.cfg.Now().Add(-e.cfg.Grace)) }

// Statuses are those of the last evaluation.
func (e *Evaluator) Statuses() []schemas.BudgetStatus { return e.statuses }

// move steps every account on to a minute and makes its status.
func (e *Evaluator) move(ctx context.Context, at int64) error {
	if err := e.prepare(ctx, at); err != nil {
		return err
	}
	statuses := make([]schemas.BudgetStatus, len(e.accounts))
	last := e.deployments(ctx)
	for i, a := range e.accounts {
		rows := len(a.state.Rows)
		for minute := e.nextStep(a, at); minute <= at; minute++ {
			a.step(minute)
		}
		e.nameDeployments(a, rows, last)
		statuses[i] = a.status(at)
	}
	e.statuses, e.at, e.unsaved, e.unhanded = statuses, at, true, true
	if hourOf(at) == e.hour {
		return nil
	}
	if err := e.pack(ctx, slices.Sorted(maps.Keys(e.ledgers)), at, e.seen); err != nil {
		return err
	}
	e.trim(at)
	e.hour = hourOf(at)
	return nil
}

// nextStep is the first minute an account has to be stepped to.
func (e *Evaluator) nextStep(a *account, at int64) int64 {
	earliest := at - minutes(e.cfg.CatchUp) + 1
	if a.state.Stepped.IsZero() {
		if e.cfg.Since.IsZero() {
			return at
		}
		return min(minuteOf(e.cfg.Since)+1, at)
	}
	return max(minuteOf(a.state.Stepped)+1, earliest)
}

// lookup finds the last production deployment of a service before a time.
type lookup func(service string, before time.Time) (schemas.Deployment, error)

// deployments asks the store once for all alerts of a service that begin in one
// minute: an outage has several.
func (e *Evaluator) deployments(ctx context.Context) lookup {
	type key struct {
		service string
		minute  int64
	}
	known := map[key]schemas.Deployment{}
	return func(service string, before time.Time) (schemas.Deployment, error) {
		k := key{service, minuteOf(before)}
		if d, found := known[k]; found {
			return d, nil
		}
		d, err := e.cfg.Store.LastDeployment(ctx, service, before)
		if err == nil {
			known[k] = d
		}
		return d, err
	}
}

// nameDeployments adds to alerts that began what was deployed before. An alert
// that can't be told what was deployed is told without.
func (e *Evaluator) nameDeployments(a *account, from int, last lookup) {
	for i := from; i < len(a.state.Rows); i++ {
		s := a.state.Rows[i]
		if s.State != schemas.AlertFiring {
			continue
		}
		d, err := last(a.Service, s.StartedAt)
		if err != nil {
			e.cfg.Logger.Warn("the deployment before an alert is not known", "alert", s.ID, "error", err)
			continue
		}
		if d.DeploymentID == "" {
			continue
		}
		s.DeploymentID, s.Version, s.DeployedAt, s.DeploymentURL = d.DeploymentID, d.Version, &d.FinishedAt, d.URL
		s.Summary += deploymentClause(&s)
		// It names the deployment wherever it is told, and when it is over.
		for _, all := range [][]schemas.AlertSignal{a.state.Rows, a.state.Alerts, a.state.Firing, a.state.Told} {
			for j := range all {
				if all[j].ID == s.ID && all[j].State == schemas.AlertFiring {
					all[j] = s
				}
			}
		}
	}
}
