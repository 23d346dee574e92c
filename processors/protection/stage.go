package protection

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

// Stage is its name in dead-letter subjects, logs and metrics.
const Stage = "protection"

const (
	// BucketName is where the decisions are.
	BucketName = "fivekeys_protection"
	// decisionTTL outlives GitHub's own patience of thirty days.
	decisionTTL = 35 * 24 * time.Hour

	// DefaultFirstDelay is when a request that could not be answered comes again,
	// doubled with each attempt.
	DefaultFirstDelay = 5 * time.Second
	maxDelay          = 5 * time.Minute
	// maxWait bounds what GitHub may ask us to wait.
	maxWait = time.Hour
	// patience, and so many attempts, are when a request becomes a dead letter: it
	// must not keep all later deliveries in the stream for ever.
	patience    = time.Hour
	minAttempts = 8
	// Where no recent budget is known, as after an outage of ours, the deployment
	// waits at GitHub anyway: the evaluator gets two minutes to tell before the
	// policy's fail mode answers.
	guessDelays   = 3 // of the first delay
	guessAttempts = 8
)

// Reviewer gives GitHub an answer; *App does. Its errors are *AnswerError.
type Reviewer interface {
	Review(ctx context.Context, q *Request, d *Decision) error
}

// Answers keeps the decisions; *jetstream.Bucket does.
type Answers interface {
	Get(ctx context.Context, key string) ([]byte, error)
	Create(ctx context.Context, key string, value []byte) (first bool, err error)
	Put(ctx context.Context, key string, value []byte) error
}

// OpenBucket opens the bucket of decisions.
func OpenBucket(ctx context.Context, client *jetstream.Client) (*jetstream.Bucket, error) {
	return client.Bucket(ctx, jetstream.BucketConfig{
		Name: BucketName, Description: "What GitHub's deployment protection was answered", TTL: decisionTTL,
	})
}

// Publisher takes dead letters; *jetstream.Publisher does.
type Publisher interface {
	Publish(ctx context.Context, m jetstream.Message) (jetstream.Receipt, error)
}

// Config is what a Protection needs.
type Config struct {
	// Messages are those of the consumer jetstream.ConsumerProtection.
	Messages  <-chan *jetstream.Received
	Reviewer  Reviewer
	Answers   Answers
	Publisher Publisher
	Budgets   Budgets
	// Loaded is closed once the budgets are known; nothing is answered before.
	Loaded <-chan struct{}
	// Policy and Catalog give those in force; nil means the default one and an
	// empty one.
	Policy  func() schemas.Policy
	Catalog func() *schemas.Catalog
	// FirstDelay is DefaultFirstDelay where it is 0.
	FirstDelay time.Duration
	Registerer prometheus.Registerer
	Logger     *slog.Logger
	Now        func() time.Time
}

func (c *Config) defaults() error {
	if c.Messages == nil || c.Reviewer == nil || c.Answers == nil || c.Publisher == nil || c.Budgets == nil || c.Loaded == nil {
		return errors.New("configure deployment protection: messages, reviewer, answers, publisher, budgets and loaded are required")
	}
	if c.Policy == nil {
		c.Policy = schemas.DefaultPolicy
	}
	if c.Catalog == nil {
		empty := &schemas.Catalog{}
		c.Catalog = func() *schemas.Catalog { return empty }
	}
	if c.FirstDelay <= 0 {
		c.FirstDelay = DefaultFirstDelay
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	c.Logger = c.Logger.With("stage", Stage)
	if c.Now == nil {
		c.Now = time.Now
	}
	return nil
}

// Protection is the stage.
type Protection struct {
	cfg      Config
	requests *prometheus.CounterVec
}

// New wires the stage; Run runs it.
func New(cfg Config) (*Protection, error) {
	if err := cfg.defaults(); err != nil {
		return nil, err
	}
	p := &Protection{cfg: cfg, requests: prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "fivekeys_protection_requests_total", Help: "Requests of GitHub's deployment protection, by what became of each attempt.",
	}, []string{"outcome"})}
	if cfg.Registerer != nil {
		if err := cfg.Registerer.Register(p.requests); err != nil {
			return nil, fmt.Errorf("register the metrics of stage %s: %w", Stage, err)
		}
	}
	return p, nil
}

// Run answers until the subscription is closed or ctx ends. One request after
// another: there are few, and one that comes twice finds what the first became.
func (p *Protection) Run(ctx context.Context) error {
	select {
	case <-p.cfg.Loaded:
	case <-ctx.Done():
		return nil
	}
	for {
		select {
		case m, open := <-p.cfg.Messages:
			if !open {
				return nil
			}
			p.process(context.WithoutCancel(ctx), m) // what is begun is finished
		case <-ctx.Done():
			return nil
		}
	}
}

// process brings one delivery to its end.
func (p *Protection) process(ctx context.Context, m *jetstream.Received) {
	raw, err := envelope.ParseDelivery(m.Message)
	if err != nil || !concerns(&raw) {
		p.done(m) // the decode stage sets aside what is malformed
		return
	}
	q, asked, err := parseRequest(&raw)
	switch {
	case err != nil:
		p.setAside(ctx, m, outcome{reason: payloadReason, err: fmt.Errorf("read delivery %s: %w", raw.ID, err)})
		return
	case !asked:
		p.done(m)
		return
	}
	o := p.answer(ctx, &q, m)
	switch {
	case o.reason != "":
		p.setAside(ctx, m, o)
	case o.err != nil:
		p.later(m, o)
	default:
		p.requests.WithLabelValues(o.label).Inc()
		p.done(m)
	}
}

// outcome is what became of a request. With a reason it is a dead letter, with
// an error alone it comes again.
type outcome struct {
	label  string
	reason string
	err    error
	after  time.Duration
}

// The labels and reasons.
const (
	duplicateLabel   = "duplicate"
	retriedLabel     = "retried"
	payloadReason    = "payload"    // GitHub documents another one
	refusedReason    = "refused"    // GitHub does not take the answer
	unansweredReason = "unanswered" // it could not be given for too long
)

var errNoBudgetYet = errors.New("no recent budget is known yet")

// answer decides, keeps the decision, and gives it.
func (p *Protection) answer(ctx context.Context, q *Request, m *jetstream.Received) outcome {
	d, kept, err := p.kept(ctx, q)
	if err != nil {
		return outcome{err: err}
	}
	if kept && d.AnsweredAt != nil {
		return outcome{label: duplicateLabel}
	}
	if !kept || p.cfg.Now().Sub(d.At) > patience { // an old one may be wrong by now
		var guess bool
		d, guess = decide(q, p.cfg.Catalog(), p.cfg.Budgets, p.cfg.Policy(), p.cfg.Now())
		if guess && m.NumDelivered <= guessAttempts {
			return outcome{err: errNoBudgetYet, after: guessDelays * p.cfg.FirstDelay}
		}
		if d, err = p.keep(ctx, q, d, kept); err != nil {
			return outcome{err: err}
		}
	}
	err = p.cfg.Reviewer.Review(ctx, q, &d)
	if err != nil {
		o := p.failed(err, kept, m)
		if o.reason != "" || o.err != nil {
			return o
		}
	}
	now := p.cfg.Now().UTC()
	d.AnsweredAt = &now
	value, err := json.Marshal(d)
	if err == nil {
		err = p.cfg.Answers.Put(ctx, q.Key(), value)
	}
	if err != nil {
		// It comes again, is answered the same, and GitHub says that it knows.
		return outcome{err: fmt.Errorf("keep the answer to %s: %w", q.Repository, err)}
	}
	p.cfg.Logger.Info("deployment "+string(d.State), "repository", q.Repository, "environment", q.Environment,
		"deployment", q.Deployment, "comment", d.Comment)
	return outcome{label: string(d.State)}
}

// failed says what becomes of a request that GitHub was not told of.
func (p *Protection) failed(err error, kept bool, m *jetstream.Received) outcome {
	var e *AnswerError
	if !errors.As(err, &e) {
		e = &AnswerError{Cause: err}
	}
	switch {
	case e.Status == http.StatusUnprocessableEntity && kept:
		// An earlier attempt reached GitHub and its end did not reach us.
		return outcome{}
	case e.Final:
		return outcome{reason: refusedReason, err: err}
	case m.NumDelivered > minAttempts && p.cfg.Now().Sub(m.Time) > patience:
		return outcome{reason: unansweredReason, err: fmt.Errorf("%w; tried %d times", err, m.NumDelivered)}
	}
	return outcome{err: err, after: e.After}
}

// kept gives the decision that was made before, if one was.
func (p *Protection) kept(ctx context.Context, q *Request) (d Decision, found bool, err error) {
	value, err := p.cfg.Answers.Get(ctx, q.Key())
	if errors.Is(err, jetstream.ErrNotFound) {
		return d, false, nil
	}
	if err == nil {
		err = json.Unmarshal(value, &d)
	}
	if err != nil {
		return d, false, fmt.Errorf("look for an earlier answer to %s: %w", q.Repository, err)
	}
	return d, true, nil
}

// keep stores a decision, over an older one or as the first. It gives another
// process's where that was faster.
func (p *Protection) keep(ctx context.Context, q *Request, d Decision, again bool) (Decision, error) {
	value, err := json.Marshal(d)
	if err != nil {
		return d, fmt.Errorf("encode the answer to %s: %w", q.Repository, err)
	}
	first := true
	if again {
		err = p.cfg.Answers.Put(ctx, q.Key(), value)
	} else {
		first, err = p.cfg.Answers.Create(ctx, q.Key(), value)
	}
	if err != nil {
		return d, fmt.Errorf("keep the answer to %s: %w", q.Repository, err)
	}
	if !first {
		d, _, err = p.kept(ctx, q)
	}
	return d, err
}

func (p *Protection) done(m *jetstream.Received) {
	if err := m.Ack(); err != nil {
		p.cfg.Logger.Debug("delivery comes again", "error", err)
	}
}

// later leaves a request to come again.
func (p *Protection) later(m *jetstream.Received, o outcome) {
	delay := min(p.cfg.FirstDelay<<min(max(m.NumDelivered-1, 0), 10), maxDelay)
	if o.after > 0 {
		delay = min(o.after, maxWait)
	}
	p.requests.WithLabelValues(retriedLabel).Inc()
	level := slog.LevelWarn
	if errors.Is(o.err, errNoBudgetYet) {
		level = slog.LevelDebug
	}
	p.cfg.Logger.Log(context.Background(), level, "deployment not answered yet, trying again", "after", delay, "attempt", m.NumDelivered, "error", o.err)
	if err := m.NakWithDelay(delay); err != nil {
		// The server takes silence for the same answer, after AckWait.
		p.cfg.Logger.Debug("delivery comes again", "error", err)
	}
}

// setAside makes a dead letter of a request. Only when that is stored is the
// request given up.
func (p *Protection) setAside(ctx context.Context, m *jetstream.Received, o outcome) {
	letter := envelope.DeadLetter{
		Stage: Stage, Reason: o.reason, Error: o.err.Error(), At: p.cfg.Now().UTC(),
		Stream: m.Stream, Sequence: m.Sequence, Original: m.Message,
	}
	if _, err := p.cfg.Publisher.Publish(ctx, letter.Message()); err != nil {
		p.later(m, outcome{err: fmt.Errorf("publish dead letter: %w", err)})
		return
	}
	p.requests.WithLabelValues(o.reason).Inc()
	p.cfg.Logger.Error("deployment not answered, it waits at GitHub; see: fivekeys dlq list", "reason", o.reason, "error", o.err)
	if err := m.Term(o.reason); err != nil {
		p.cfg.Logger.Debug("delivery comes again", "error", err)
	}
}
