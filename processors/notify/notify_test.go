package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	dto "github.com/prometheus/client_model/go"

	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/schemas"
)

func TestAReceiverThatIsAwayIsToldEverythingInOrderWhenItComesBack(t *testing.T) {
	for name, away := range map[string]int{
		"it breaks connections":     0,
		"it is slow":                -1,
		"it fails":                  http.StatusInternalServerError,
		"it asks for patience":      http.StatusTooManyRequests,
		"it is overloaded":          http.StatusServiceUnavailable,
		"it leads elsewhere":        http.StatusFound,
		"it doesn't wait for us":    http.StatusRequestTimeout,
		"its gateway finds it away": http.StatusBadGateway,
	} {
		t.Run(name, func(t *testing.T) {
			p := open(t, t.TempDir(), "notify-a")
			r := serve(t, func(n int, _ delivery, _ http.Header) int {
				if n <= 5 {
					return away
				}
				return http.StatusOK
			})
			if away == -1 {
				p.timeout = time.Second
			}
			n, stop := p.run(r.hook())
			p.publish(firing("one"), firing("two"), resolved("one"), budget("one", schemas.BudgetExhausted, noon), resolved("two"))
			p.settled("a")
			stop()
			got := r.ids(t)
			// Where we are slow too, an answer may come too late: it is told again then.
			one := slices.Compact(slices.DeleteFunc(slices.Clone(got), func(id string) bool { return !strings.HasPrefix(id, "one") }))
			two := slices.Compact(slices.DeleteFunc(slices.Clone(got), func(id string) bool { return !strings.HasPrefix(id, "two") }))
			if diff := cmp.Diff([]string{"one.fast.1/firing", "one.fast.1/resolved", "one.exhausted.12:00"}, one); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if diff := cmp.Diff([]string{"two.fast.1/firing", "two.fast.1/resolved"}, two); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if sent, failed := counted(t, n, sent), counted(t, n, failed); sent != 5 || failed < 5 || failed > 5 && away != -1 {
				t.Errorf("%v sent and %v failed are counted, not 5 and 5", sent, failed)
			}
		})
	}
}

func TestAWebhookIsSignedAsStandardWebhooksSay(t *testing.T) {
	p := open(t, t.TempDir(), "notify-a")
	r := serve(t, nil)
	_, stop := p.run(r.hook())
	p.publish(firing("one"))
	p.settled("a")
	stop()
	d := r.all()[0]
	var want []string
	for _, key := range []string{"secret of twenty-four bytes", "old"} {
		mac := hmac.New(sha256.New, []byte(key))
		mac.Write([]byte(d.header.Get("webhook-id") + "." + d.header.Get("webhook-timestamp") + "." + string(d.body)))
		want = append(want, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	if got := d.header.Get("webhook-signature"); got != strings.Join(want, " ") {
		t.Errorf("got the signature %s, want %v", got, want)
	}
	if id := d.header.Get("webhook-id"); strings.Contains(id, ".") || id == "" {
		t.Errorf("the id %q can't be signed", id)
	}
	var e cloudEvent
	if err := json.Unmarshal(d.body, &e); err != nil {
		t.Fatal(err)
	}
	var data schemas.AlertSignal
	if err := json.Unmarshal(e.Data, &data); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(firing("one"), data); diff != "" {
		t.Errorf("the data (-want +got):\n%s", diff)
	}
	e.Data = nil
	if diff := cmp.Diff(cloudEvent{
		SpecVersion: "1.0", ID: "one.fast.1/firing", Source: "fivekeys", Type: "fivekeys.signal.alert.v1",
		Time: noon, Subject: "shop/one", DataContentType: "application/json",
	}, e); diff != "" {
		t.Errorf("the event (-want +got):\n%s", diff)
	}
	if got := d.header.Get("Content-Type"); got != "application/cloudevents+json" {
		t.Errorf("its type is %s", got)
	}
}

func TestAnObjectiveThatTheReceiverChokesOnHoldsUpNoOther(t *testing.T) {
	p := open(t, t.TempDir(), "notify-a")
	r := serve(t, func(_ int, d delivery, _ http.Header) int {
		if strings.Contains(string(d.body), `"subject":"shop/bad"`) {
			return http.StatusInternalServerError
		}
		return http.StatusOK
	})
	_, stop := p.run(r.hook())
	p.publish(firing("bad"), resolved("bad"), firing("good"), resolved("good"))
	p.until(func() bool { return len(r.all()) == 2 })
	stop()
	if diff := cmp.Diff([]string{"good.fast.1/firing", "good.fast.1/resolved"}, r.ids(t)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWhatTheReceiverRefusesBecomesADeadLetter(t *testing.T) {
	p := open(t, t.TempDir(), "notify-a")
	r := serve(t, func(n int, _ delivery, _ http.Header) int {
		if n == 1 {
			return http.StatusBadRequest
		}
		return http.StatusOK
	})
	_, stop := p.run(r.hook())
	p.publish(firing("one"), resolved("one"))
	if _, err := p.publisher.Publish(t.Context(), jetstream.Message{Subject: "signals.alert.one", Data: []byte("{")}); err != nil {
		t.Fatal(err)
	}
	p.settled("a")
	stop()
	if diff := cmp.Diff([]string{"one.fast.1/resolved"}, r.ids(t)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	letters, err := p.client.ListMessages(t.Context(), jetstream.StreamDeadLetters, "deadletters.notify-a", 0, 10)
	if err != nil || len(letters) != 2 {
		t.Fatalf("got %d dead letters, %v", len(letters), err)
	}
	reasons := []string{letters[0].Header["Fivekeys-Dead-Reason"][0], letters[1].Header["Fivekeys-Dead-Reason"][0]}
	slices.Sort(reasons)
	if diff := cmp.Diff([]string{"malformed", "refused"}, reasons); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestARestartTellsNothingTwice(t *testing.T) {
	folder := t.TempDir()
	p := open(t, folder, "notify-a")
	r := serve(t, nil)
	_, stop := p.run(r.hook())
	p.publish(firing("one"))
	p.settled("a")
	stop()
	p.publish(firing("two")) // while nobody is there
	if err := p.client.Close(); err != nil {
		t.Fatal(err)
	}
	p = open(t, folder, "notify-a")
	n, _ := p.run(r.hook())
	p.publish(firing("one"), resolved("one"), firing("one")) // a redrive, and what is over by now
	p.settled("a")
	got := r.ids(t)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"one.fast.1/firing", "one.fast.1/resolved", "two.fast.1/firing"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := counted(t, n, duplicate); got != 2 {
		t.Errorf("%v duplicates are counted, not 2", got)
	}
}

// A process that dies holds messages that come back only after AckWait. What is
// published meanwhile must not overtake them.
func TestAfterACrashNothingOvertakesWhatTheDeadProcessHeld(t *testing.T) {
	p := open(t, t.TempDir(), "notify-a")
	dead, err := p.client.Subscribe(t.Context(), jetstream.SubscribeConfig{Stream: jetstream.StreamSignals, Consumers: []string{"notify-a"}})
	if err != nil {
		t.Fatal(err)
	}
	p.publish(firing("one"))
	<-dead.Messages()
	if err := dead.Close(); err != nil { // and never answers
		t.Fatal(err)
	}
	p.publish(resolved("one"))
	r := serve(t, nil)
	n, stop := p.run(r.hook())
	p.settled("a")
	stop()
	// What goes on is found in the stream's past too; resolved before the start, it isn't told from there.
	if diff := cmp.Diff([]string{"one.fast.1/firing", "one.fast.1/resolved"}, r.ids(t)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if got := counted(t, n, sent); got != 2 {
		t.Errorf("%v sent are counted, not 2", got)
	}
}

func TestANewReceiverIsToldWhatGoesOnAndNothingElse(t *testing.T) {
	folder := t.TempDir()
	p := open(t, folder)
	p.publish(firing("over"), resolved("over"), firing("on"), budget("spent", schemas.BudgetExhausted, noon),
		budget("fine", schemas.BudgetExhausted, noon), budget("fine", schemas.BudgetRestored, noon.Add(1)))
	if err := p.client.Close(); err != nil {
		t.Fatal(err)
	}
	p = open(t, folder, "notify-a")
	r := serve(t, nil)
	_, stop := p.run(r.hook())
	p.until(func() bool { return len(r.all()) == 2 })
	stop()
	_, stop = p.run(r.hook())
	p.publish(resolved("on"))
	p.until(func() bool { return len(r.all()) == 3 })
	stop()
	got := r.ids(t)
	slices.Sort(got)
	if diff := cmp.Diff([]string{"on.fast.1/firing", "on.fast.1/resolved", "spent.exhausted.12:00"}, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestFiltersNarrowWhatAReceiverIsTold(t *testing.T) {
	p := open(t, t.TempDir(), "notify-a")
	r := serve(t, nil)
	hook := r.hook()
	hook.Severities, hook.Services = []schemas.Severity{schemas.SeverityPage}, []string{"shop/o*"}
	_, stop := p.run(hook)
	ticket := firing("other")
	ticket.Severity = schemas.SeverityTicket
	p.publish(ticket, firing("two"), budget("one", schemas.BudgetExhausted, noon), firing("one"))
	p.settled("a")
	stop()
	if diff := cmp.Diff([]string{"one.fast.1/firing"}, r.ids(t)); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// Whatever the receiver does and however often the process restarts, each signal
// is taken once, in the order of its objective.
func TestWhateverHappensEachSignalIsTakenOnceAndInOrder(t *testing.T) {
	folder := t.TempDir()
	chance := rand.New(rand.NewPCG(1, 2))
	var mu sync.Mutex
	dice := func(n int) int { mu.Lock(); defer mu.Unlock(); return chance.IntN(n) }
	r := serve(t, func(int, delivery, http.Header) int {
		return []int{200, 200, 200, 500, 0, 503, 429, 408}[dice(8)]
	})
	const objectives, rounds = 5, 12
	want := map[string][]string{}
	p := open(t, folder, "notify-a")
	for round := range rounds {
		_, stop := p.run(r.hook())
		for o := range objectives {
			name := fmt.Sprint("o", o)
			for _, a := range []schemas.AlertSignal{firing(name), resolved(name)} {
				a.ID = fmt.Sprint(name, ".", round)
				p.publish(a)
				want[name] = append(want[name], a.ID+"/"+string(a.State))
			}
		}
		if round == rounds-1 {
			p.settled("a")
		} else if taken := len(r.all()) + dice(6); dice(2) == 0 {
			p.until(func() bool { return len(r.all()) >= taken })
		}
		stop()
	}
	got := map[string][]string{}
	for _, id := range r.ids(t) {
		name, _, _ := strings.Cut(id, ".")
		got[name] = append(got[name], id)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

func TestWithoutReceiversItWaitsForTheEnd(t *testing.T) {
	p := open(t, t.TempDir())
	n, err := New(Config{Client: p.client, Publisher: p.publisher})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := n.Run(ctx); err != nil {
		t.Error(err)
	}
}

// counted is how often receiver a's attempts came to something.
func counted(t *testing.T, n *Notifier, v verdict) float64 {
	t.Helper()
	var out dto.Metric
	if err := n.workers["a"].metrics.verdicts.WithLabelValues(string(v)).Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.GetCounter().GetValue()
}
