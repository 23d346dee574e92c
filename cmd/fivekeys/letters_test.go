package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/ingest/github"
	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/simulation"
	"github.com/fivekeys/fivekeys/schemas"
)

// publishedPayloads holds the example payloads that GitHub publishes.
const publishedPayloads = "../../ingest/github/testdata/octokit/node_modules/@octokit/webhooks-examples"

// payloads reads all of them, of github.com and of every Enterprise Server.
func payloads(t *testing.T) []simulation.Delivery {
	t.Helper()
	indexes, err := filepath.Glob(filepath.Join(publishedPayloads, "*", "index.json"))
	if err != nil || len(indexes) == 0 {
		t.Fatal("GitHub's example payloads are missing (hint: make payloads)")
	}
	var all []simulation.Delivery
	for _, index := range indexes {
		text, err := os.ReadFile(index)
		if err != nil {
			t.Fatal(err)
		}
		var events []struct {
			Name     string            `json:"name"`
			Examples []json.RawMessage `json:"examples"`
		}
		if err := json.Unmarshal(text, &events); err != nil {
			t.Fatalf("read %s: %v", index, err)
		}
		for _, e := range events {
			for n, body := range e.Examples {
				id := fmt.Sprintf("%s-%s-%d", filepath.Base(filepath.Dir(index)), e.Name, n)
				all = append(all, simulation.Delivery{Event: e.Name, GUID: id, Body: body})
			}
		}
	}
	return all
}

// TestOctokitPayloadsGoThroughThePipeline sends what GitHub publishes as
// examples, all of it, and then what GitHub never sends.
func TestOctokitPayloadsGoThroughThePipeline(t *testing.T) {
	all := payloads(t)
	s := startSite(t, schemas.Catalog{}, nil)
	s.deliver(t, all)
	s.drain(t)
	rows := contents(t, s.store, []string{"SELECT delivery_id, kind, hex(SHA256(body)) AS body FROM delivery_log FINAL ORDER BY delivery_id"})[0]
	want := []string{}
	for _, d := range all {
		want = append(want, fmt.Sprintf("%s,%s,%s", d.GUID, d.Event, digestOf(d.Body)))
	}
	slices.Sort(want)
	same(t, "kept", []string{"delivery_log"}, []string{"delivery_id,kind,body\n" + strings.Join(want, "\n") + "\n"}, []string{rows})
	if letters := s.letters(t); len(letters) != 0 {
		t.Errorf("%d dead letters, the first is %+v", len(letters), letters[0])
	}
	if got := contents(t, s.store, []string{"SELECT count() > 0 FROM events"})[0]; !strings.HasSuffix(got, "\n1\n") && !strings.HasSuffix(got, "\ntrue\n") {
		t.Errorf("no payload became an event: %s", got)
	}
	t.Run("broken JSON", s.brokenJSON)
	t.Run("an event that is none", s.malformedEvent)
	t.Run("a letter that can be processed by now", s.curedLetter)
	t.Run("without a serve", s.lettersWithoutServe)
}

// letters lists the dead letters as an operator does.
func (s *site) letters(t *testing.T) []letter {
	t.Helper()
	var letters []letter
	if err := json.Unmarshal([]byte(s.fivekeys(t, "dlq", "list", "--format", "json")), &letters); err != nil {
		t.Fatal(err)
	}
	return letters
}

// only wants exactly one dead letter.
func (s *site) only(t *testing.T) letter {
	t.Helper()
	letters := s.letters(t)
	if len(letters) != 1 {
		t.Fatalf("%d dead letters, want one: %+v", len(letters), letters)
	}
	return letters[0]
}

func (s *site) show(t *testing.T, number uint64) letter {
	t.Helper()
	var l letter
	if err := json.Unmarshal([]byte(s.fivekeys(t, "dlq", "show", fmt.Sprint(number))), &l); err != nil {
		t.Fatal(err)
	}
	return l
}

func (s *site) brokenJSON(t *testing.T) {
	body := `{"action": "created", "deployment": {`
	s.deliver(t, []simulation.Delivery{{Event: "deployment_status", GUID: "broken", Body: []byte(body)}})
	s.drain(t)
	first := s.only(t)
	if first.Stage != "decode" || first.Reason != "payload" || first.Error == "" || first.Subject != "deliveries.github" {
		t.Errorf("the letter is %+v", first)
	}
	shown := s.show(t, first.Sequence)
	if shown.Body != body || shown.Header["Content-Type"] != "application/json" {
		t.Errorf("shown is %+v", shown)
	}
	if got := contents(t, s.store, []string{"SELECT body FROM delivery_log WHERE delivery_id = 'broken'"})[0]; !strings.Contains(got, `""deployment"": {`) {
		t.Errorf("the broken delivery is kept as %s", got)
	}
	// Nothing was mended: it comes back.
	if out := s.fivekeys(t, "dlq", "redrive", fmt.Sprint(first.Sequence)); !strings.HasPrefix(out, "1 driven again") {
		t.Errorf("redrive says %s", out)
	}
	s.drain(t)
	second := s.only(t)
	if second.Sequence <= first.Sequence || second.Reason != first.Reason || s.show(t, second.Sequence).Body != body {
		t.Errorf("after %+v comes %+v", first, second)
	}
	if got := contents(t, s.store, []string{"SELECT count() FROM deliveries WHERE delivery_id = 'broken'"})[0]; got != "count()\n1\n" {
		t.Errorf("a delivery driven again is kept as %s", got)
	}
	s.forget(t, second.Sequence)
}

// forget deletes a letter, as an operator does in NATS.
func (s *site) forget(t *testing.T, number uint64) {
	t.Helper()
	if err := s.bus.DeleteMessage(t.Context(), jetstream.StreamDeadLetters, number); err != nil {
		t.Fatal(err)
	}
}

// malformedEvent is published past the intake, by somebody else's client.
func (s *site) malformedEvent(t *testing.T) {
	if _, err := s.publisher.Publish(t.Context(), jetstream.Message{Subject: "events.deployment.3", Data: []byte("{}")}); err != nil {
		t.Fatal(err)
	}
	s.drain(t)
	l := s.only(t)
	if l.Stage != "dora" || l.Reason != "malformed" || s.show(t, l.Sequence).Body != "{}" {
		t.Errorf("the letter is %+v", l)
	}
	s.fivekeys(t, "dlq", "redrive", "all")
	s.drain(t)
	again := s.only(t)
	if again.Sequence <= l.Sequence {
		t.Errorf("after %+v comes %+v", l, again)
	}
	s.forget(t, again.Sequence)
}

// curedLetter is what an upgrade is for: a delivery that an older decoder
// could not read and today's can.
func (s *site) curedLetter(t *testing.T) {
	body := `{"action":"created","deployment":{"id":77,"sha":"aa218f56b14c9653891f9e74264a383fa43fefbd","ref":"main","environment":"production",
		"task":"deploy","created_at":"2026-01-05T10:00:00Z","updated_at":"2026-01-05T10:00:00Z"},
		"deployment_status":{"id":78,"state":"success","environment":"production","created_at":"2026-01-05T10:05:00Z","updated_at":"2026-01-05T10:05:00Z"},
		"repository":{"id":1,"name":"cured","full_name":"acme/cured","default_branch":"main","owner":{"login":"acme"}}}`
	d := schemas.Delivery{
		Source: github.Name, ID: "cured", Kind: "deployment_status", Body: []byte(body), ReceivedAt: time.Now().UTC(),
		Header: map[string]string{"Content-Type": "application/json"},
	}
	bury := envelope.DeadLetter{
		Stage: "decode", Reason: "payload", Error: "state: unknown word", At: time.Now().UTC(),
		Stream: jetstream.StreamDeliveries, Sequence: 4711, Original: envelope.Delivery(&d),
	}
	if _, err := s.publisher.Publish(t.Context(), bury.Message()); err != nil {
		t.Fatal(err)
	}
	l := s.only(t)
	if l.Error != bury.Error {
		t.Errorf("the letter is %+v", l)
	}
	query := []string{"SELECT count(), any(deployment_id), any(status) FROM deployments WHERE service = 'acme/cured'"}
	if got := contents(t, s.store, query)[0]; !strings.HasSuffix(got, "\n0,,\n") {
		t.Fatalf("before it is driven again there is %s", got)
	}
	s.fivekeys(t, "dlq", "redrive", fmt.Sprint(l.Sequence))
	s.drain(t)
	if letters := s.letters(t); len(letters) != 0 {
		t.Errorf("letters are left: %+v", letters)
	}
	if got := contents(t, s.store, query)[0]; !strings.HasSuffix(got, "\n1,77,succeeded\n") {
		t.Errorf("driven again it has become %s", got)
	}
}

// lettersWithoutServe asks for the same when only the data folder is there.
func (s *site) lettersWithoutServe(t *testing.T) {
	s.deliver(t, []simulation.Delivery{{Event: "push", GUID: "broken again", Body: []byte("[")}})
	s.drain(t)
	want := s.only(t)
	s.close()
	got := s.only(t)
	if got.Sequence != want.Sequence || s.show(t, got.Sequence).Body != "[" {
		t.Errorf("without a serve the letter is %+v, with one it was %+v", got, want)
	}
	// It waits in the queue for the next serve.
	s.fivekeys(t, "dlq", "redrive", "all")
	if letters := s.letters(t); len(letters) != 0 {
		t.Errorf("letters are left: %+v", letters)
	}
}
