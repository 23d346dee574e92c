package protection_test

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/gate"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/processors/protection"
	"github.com/fivekeys/fivekeys/schemas"
)

// known are budgets that the test sets.
type known struct {
	mu       sync.Mutex
	services map[string]gate.Known
}

func (k *known) Known(service string) gate.Known {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.services[service]
}

func (k *known) set(service string, left float64, at time.Time) {
	const minutes = 43.2
	share := left / minutes
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.services == nil {
		k.services = make(map[string]gate.Known)
	}
	k.services[service] = gate.Known{EvaluatedAt: at, Statuses: []schemas.BudgetStatus{{
		Objective: service + "-availability", SLO: service + "-availability", Service: service,
		At: at, From: at.Add(-30 * 24 * time.Hour), To: at,
		BudgetFigures: schemas.BudgetFigures{Remaining: &share, RemainingMinutes: &left, BudgetMinutes: minutes},
	}}}
}

// stack is the stage on an embedded NATS, before GitHub.
type stack struct {
	t         *testing.T
	github    *github
	client    *jetstream.Client
	publisher *jetstream.Publisher
	budgets   *known
	cfg       protection.Config
}

func newStack(t *testing.T) *stack {
	t.Helper()
	client, err := jetstream.Open(t.Context(), jetstream.Config{
		StoreDir: t.TempDir(), NoSync: true, Topology: jetstream.Topology{Protection: true, MaxBytes: 1 << 30, Partitions: 1},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = client.Close() })
	if err := client.Ensure(t.Context()); err != nil {
		t.Fatal(err)
	}
	publisher, err := client.NewPublisher(t.Context(), jetstream.PublisherConfig{})
	if err != nil {
		t.Fatal(err)
	}
	answers, err := protection.OpenBucket(t.Context(), client)
	if err != nil {
		t.Fatal(err)
	}
	loaded := make(chan struct{})
	close(loaded)
	s := &stack{t: t, github: newGitHub(t, ""), client: client, publisher: publisher, budgets: &known{}}
	s.cfg = protection.Config{
		Reviewer: s.github.app(nil), Answers: answers, Publisher: publisher, Budgets: s.budgets, Loaded: loaded,
		FirstDelay: time.Millisecond,
	}
	return s
}

// start runs the stage until stop is called or the test ends.
func (s *stack) start() (stop func()) {
	s.t.Helper()
	sub, err := s.client.Subscribe(s.t.Context(), jetstream.SubscribeConfig{
		Stream: jetstream.StreamDeliveries, Consumers: []string{jetstream.ConsumerProtection},
	})
	if err != nil {
		s.t.Fatal(err)
	}
	cfg := s.cfg
	cfg.Messages = sub.Messages()
	stage, err := protection.New(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	done.Go(func() {
		if err := stage.Run(ctx); err != nil {
			s.t.Errorf("Run: %v", err)
		}
	})
	stop = sync.OnceFunc(func() {
		cancel()
		done.Wait()
		_ = sub.Close()
	})
	s.t.Cleanup(stop)
	return stop
}

func (s *stack) deliver(d schemas.Delivery) {
	s.t.Helper()
	if _, err := s.publisher.Publish(s.t.Context(), envelope.Delivery(&d)); err != nil {
		s.t.Fatal(err)
	}
}

func (s *stack) request(id string, run int, change map[string]any) {
	s.t.Helper()
	all := map[string]any{"deployment_callback_url": s.github.callback(run)}
	for key, value := range change {
		all[key] = value
	}
	s.deliver(delivery(s.t, id, all))
}

// settled waits until the consumer has nothing left.
func (s *stack) settled() {
	s.t.Helper()
	testkit.AwaitState(s.t, "the consumer has nothing left", func() (bool, any) {
		lags, err := s.client.Pending(s.t.Context(), jetstream.StreamDeliveries)
		if err != nil {
			s.t.Fatal(err)
		}
		return slices.ContainsFunc(lags, func(l jetstream.Lag) bool { return l.Consumer == jetstream.ConsumerProtection && l.Total() == 0 }), lags
	})
}

func (s *stack) letters() []envelope.DeadLetter {
	s.t.Helper()
	stored, err := s.client.ListMessages(s.t.Context(), jetstream.StreamDeadLetters, "", 0, 100)
	if err != nil {
		s.t.Fatal(err)
	}
	var out []envelope.DeadLetter
	for _, m := range stored {
		l, err := envelope.ParseDeadLetter(strings.TrimPrefix(m.Subject, "deadletters."), m.Message)
		if err != nil {
			s.t.Fatal(err)
		}
		out = append(out, l)
	}
	return out
}

func (s *stack) states() []string {
	var out []string
	for _, r := range s.github.answered() {
		out = append(out, r.State)
	}
	return out
}

func TestASpentBudgetRejectsTheDeployment(t *testing.T) {
	s := newStack(t)
	now := time.Now()
	s.budgets.set(repository, -8.8, now)
	s.deliver(schemas.Delivery{Source: "github", ID: "push", Kind: "push", Body: []byte("{}"), ReceivedAt: now})
	s.request("spent", 1, nil)
	s.start()
	s.settled()
	got := s.github.answered()
	if len(got) != 1 || got[0].State != "rejected" || got[0].Environment != "production" ||
		!strings.Contains(got[0].Comment, repository+"-availability has spent 52 of its 43 minutes since ") {
		t.Errorf("%+v", got)
	}
	s.budgets.set(repository, 12, time.Now())
	s.request("spent again", 1, nil) // GitHub's redelivery has another id
	s.request("another run", 2, nil)
	s.request("the same run, tried again", 2, map[string]any{"deployment": map[string]any{"id": 7}})
	s.settled()
	if diff := cmp.Diff([]string{"rejected", "approved", "approved"}, s.states()); diff != "" {
		t.Errorf("a request that was answered is answered again? (-want +got):\n%s", diff)
	}
	if l := s.letters(); len(l) > 0 {
		t.Errorf("dead letters %+v", l)
	}
}

func TestWhatNobodyAskedIsNotAnswered(t *testing.T) {
	s := newStack(t)
	s.request("other action", 1, map[string]any{"action": "something_new"})
	d := delivery(t, "other source", nil)
	d.Source = "gitlab"
	s.deliver(d)
	d = delivery(t, "other kind", nil)
	d.Kind = "deployment"
	s.deliver(d)
	if _, err := s.publisher.Publish(t.Context(), jetstream.Message{Subject: "deliveries.github", Data: []byte("no headers")}); err != nil {
		t.Fatal(err)
	}
	s.start()
	s.settled()
	if got, l := s.github.answered(), s.letters(); len(got)+len(l) > 0 {
		t.Errorf("answered %+v, dead letters %+v", got, l)
	}
}

func TestAFaultOfGitHubIsTriedAgain(t *testing.T) {
	s := newStack(t)
	s.budgets.set(repository, 12, time.Now())
	s.github.next(answerWith(502, ""), answerWith(401, `{"message":"Bad credentials"}`),
		answerWith(403, `{"message":"secondary rate limit"}`, "Retry-After", "1"), answerWith(500, ""))
	s.request("a", 1, nil)
	s.start()
	s.settled()
	if diff := cmp.Diff([]string{"approved"}, s.states()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// The decision is made once: what GitHub may have taken already is not changed.
func TestTheSameAnswerIsTriedAgain(t *testing.T) {
	s := newStack(t)
	now := time.Now()
	s.budgets.set(repository, -1, now)
	s.github.next(func(w http.ResponseWriter) {
		s.budgets.set(repository, 12, now) // restored meanwhile
		w.WriteHeader(http.StatusBadGateway)
	})
	s.request("a", 1, nil)
	s.start()
	s.settled()
	if diff := cmp.Diff([]string{"rejected"}, s.states()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// GitHub took the answer, and its word was lost on the way.
func TestAnAnswerThatGitHubHasAlreadyIsDone(t *testing.T) {
	s := newStack(t)
	s.budgets.set(repository, 12, time.Now())
	s.github.next(answerWith(504, ""), answerWith(422, `{"message":"Unprocessable"}`))
	s.request("a", 1, nil)
	s.start()
	s.settled()
	s.request("a again", 1, nil)
	s.settled()
	if got, l := s.github.answered(), s.letters(); len(got)+len(l) > 0 {
		t.Errorf("answered %+v, dead letters %+v", got, l)
	}
}

func TestWhatCannotBeAnsweredIsADeadLetter(t *testing.T) {
	for name, tt := range map[string]struct {
		answers []func(http.ResponseWriter)
		change  map[string]any
		later   time.Duration // how late it is already
		reason  string
		says    string
	}{
		"a run that isn't there":                                  {answers: []func(http.ResponseWriter){answerWith(404, "")}, reason: "refused", says: "404"},
		"a deployment that no longer waits, at the first attempt": {answers: []func(http.ResponseWriter){answerWith(422, "")}, reason: "refused", says: "422"},
		"a callback to somewhere else":                            {change: map[string]any{"deployment_callback_url": "https://example.com/repos/a/b/deployment_protection_rule"}, reason: "refused", says: "is not that of a workflow run of Codertocat/Hello-World"},
		"a payload without a callback":                            {change: map[string]any{"deployment_callback_url": nil}, reason: "payload", says: "deployment_callback_url is missing"},
		"a payload of another shape":                              {change: map[string]any{"environment": 1}, reason: "payload", says: "environment"},
		"an hour without GitHub":                                  {answers: slices.Repeat([]func(http.ResponseWriter){answerWith(503, "down")}, 9), later: 2 * time.Hour, reason: "unanswered", says: "tried 9 times"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStack(t)
			s.cfg.Now = func() time.Time { return time.Now().Add(tt.later) }
			s.budgets.set(repository, 12, s.cfg.Now())
			s.github.next(tt.answers...)
			s.request("a", 1, tt.change)
			s.start()
			s.settled()
			l := s.letters()
			if len(l) != 1 || l[0].Stage != protection.Stage || l[0].Reason != tt.reason || !strings.Contains(l[0].Error, tt.says) {
				t.Fatalf("%+v", l)
			}
			if got := s.github.answered(); len(got) > 0 {
				t.Errorf("%+v", got)
			}
			if len(tt.answers) == 0 {
				return
			}
			// Driven again after it was mended, it is answered.
			again := l[0].Original
			again.ID = ""
			if _, err := s.publisher.Publish(t.Context(), again); err != nil {
				t.Fatal(err)
			}
			s.settled()
			if diff := cmp.Diff([]string{"approved"}, s.states()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// A decision that could not be told for long is made again.
func TestAnOldDecisionIsMadeAgain(t *testing.T) {
	s := newStack(t)
	q, old := request(s.github, 1), time.Now().Add(-3*time.Hour)
	value, err := json.Marshal(protection.Decision{State: protection.Rejected, Comment: "long ago", At: old})
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cfg.Answers.Put(t.Context(), q.Key(), value); err != nil {
		t.Fatal(err)
	}
	s.budgets.set(repository, 12, time.Now())
	s.request("a", 1, nil)
	s.start()
	s.settled()
	if diff := cmp.Diff([]string{"approved"}, s.states()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// After an outage of ours the evaluator gets a moment to tell.
func TestABudgetThatIsNotKnownIsWaitedForAndThenThePolicyDecides(t *testing.T) {
	t.Run("it becomes known", func(t *testing.T) {
		s := newStack(t)
		s.cfg.Policy = func() schemas.Policy { return schemas.Policy{Freeze: true, MaxAge: time.Hour} }
		asked := 0
		s.cfg.Budgets = lookups(func(service string) gate.Known {
			if asked++; asked == 4 {
				s.budgets.set(repository, 12, time.Now())
			}
			return s.budgets.Known(service)
		})
		s.request("a", 1, nil)
		s.start()
		s.settled()
		if got := s.github.answered(); len(got) != 1 || got[0].State != "approved" || asked != 4 {
			t.Errorf("asked %d times, %+v", asked, got)
		}
	})
	for mode, want := range map[bool]string{true: "approved", false: "rejected"} {
		t.Run("it does not, "+want, func(t *testing.T) {
			s := newStack(t)
			s.cfg.Policy = func() schemas.Policy { return schemas.Policy{Freeze: true, FailOpen: mode, MaxAge: time.Hour} }
			s.request("a", 1, nil)
			s.start()
			s.settled()
			if got := s.github.answered(); len(got) != 1 || got[0].State != want || !strings.Contains(got[0].Comment, "(fail ") {
				t.Errorf("%+v", got)
			}
		})
	}
}

type lookups func(service string) gate.Known

func (l lookups) Known(service string) gate.Known { return l(service) }

func TestNothingIsAnsweredBeforeTheBudgetsAreKnown(t *testing.T) {
	s := newStack(t)
	s.cfg.Loaded = make(chan struct{})
	s.request("a", 1, nil)
	stop := s.start()
	stop() // and it stops, although it never began
	loaded := make(chan struct{})
	s.cfg.Loaded = loaded
	s.start()
	s.budgets.set(repository, -1, time.Now())
	close(loaded)
	s.settled()
	if diff := cmp.Diff([]string{"rejected"}, s.states()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAnIncompleteStageIsRefused(t *testing.T) {
	if _, err := protection.New(protection.Config{}); err == nil {
		t.Error("a stage without anything was made")
	}
}
