package main

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/internal/envelope"
	"github.com/fivekeys/fivekeys/internal/jetstream"
)

// letter is a dead letter as people see it.
type letter struct {
	Sequence uint64            `json:"sequence"`
	Stage    string            `json:"stage"`
	Reason   string            `json:"reason"`
	Error    string            `json:"error"`
	At       time.Time         `json:"at"`
	Subject  string            `json:"subject"`
	ID       string            `json:"id"`
	Source   string            `json:"source,omitempty"`
	Delivery string            `json:"delivery,omitempty"` // the sender's id, where it is a delivery
	Bytes    int               `json:"bytes"`
	Header   map[string]string `json:"header,omitempty"`
	Body     string            `json:"body,omitempty"` // with show only
}

// letterbox is where dead letters are read and driven again: this process's
// NATS, or a running serve that has it.
type letterbox interface {
	list(ctx context.Context, after uint64, limit int) ([]letter, error)
	show(ctx context.Context, sequence uint64) (letter, error)
	redrive(ctx context.Context, sequence uint64) error
}

var errNoLetter = errors.New("no such dead letter; see fivekeys dlq list")

// ownLetters reads the stream itself.
type ownLetters struct {
	bus       *jetstream.Client
	publisher *jetstream.Publisher
}

func (l ownLetters) list(ctx context.Context, after uint64, limit int) ([]letter, error) {
	messages, err := l.bus.ListMessages(ctx, jetstream.StreamDeadLetters, "", after, limit)
	if err != nil {
		return nil, err
	}
	letters := make([]letter, 0, len(messages))
	for _, m := range messages {
		one, _ := parseLetter(m)
		letters = append(letters, one)
	}
	return letters, nil
}

func (l ownLetters) show(ctx context.Context, sequence uint64) (letter, error) {
	m, err := l.get(ctx, sequence)
	if err != nil {
		return letter{}, err
	}
	one, dead := parseLetter(m)
	one.Body = string(dead.Original.Data)
	if d, err := envelope.ParseDelivery(dead.Original); err == nil {
		one.Body, one.Header = string(d.Body), d.Header
	}
	return one, nil
}

// redrive publishes the original again and only then forgets the letter: a
// crash in between drives it twice, which changes nothing.
func (l ownLetters) redrive(ctx context.Context, sequence uint64) error {
	m, err := l.get(ctx, sequence)
	if err != nil {
		return err
	}
	dead, err := envelope.ParseDeadLetter(strings.TrimPrefix(m.Subject, "deadletters."), m.Message)
	if err != nil {
		return fmt.Errorf("redrive dead letter %d: %w", sequence, err)
	}
	// Without its id: the stream would take it for a duplicate of its first life.
	dead.Original.ID = ""
	if _, err := l.publisher.Publish(ctx, dead.Original); err != nil {
		return fmt.Errorf("redrive dead letter %d: %w", sequence, err)
	}
	return l.bus.DeleteMessage(ctx, jetstream.StreamDeadLetters, sequence)
}

func (l ownLetters) get(ctx context.Context, sequence uint64) (jetstream.Stored, error) {
	m, err := l.bus.GetMessage(ctx, jetstream.StreamDeadLetters, sequence)
	if errors.Is(err, jetstream.ErrNotFound) {
		return m, errNoLetter
	}
	return m, err
}

func parseLetter(m jetstream.Stored) (letter, envelope.DeadLetter) {
	stage := strings.TrimPrefix(m.Subject, "deadletters.")
	dead, err := envelope.ParseDeadLetter(stage, m.Message)
	if err != nil {
		dead.Reason, dead.Error = "malformed", err.Error()
	}
	source, delivery := envelope.DeliveryID(dead.Original)
	return letter{
		Source: source, Delivery: delivery, Sequence: m.Sequence, Stage: stage, Reason: dead.Reason, Error: dead.Error, At: dead.At,
		Subject: dead.Original.Subject, ID: dead.Original.ID, Bytes: len(m.Data),
	}, dead
}

// registerLetters lets this machine's commands reach the dead letters of the
// embedded NATS, which no other process can.
func registerLetters(mux *http.ServeMux, box letterbox, token string) {
	number := func(s string) uint64 { n, _ := strconv.ParseUint(s, 10, 64); return n }
	mux.HandleFunc("GET /v1/deadletters", ownOnly(token, func(r *http.Request) (any, error) {
		limit := min(max(int(number(r.FormValue("limit"))&0xffff), 1), 1000)
		return box.list(r.Context(), number(r.FormValue("after")), limit)
	}))
	mux.HandleFunc("GET /v1/deadletters/{sequence}", ownOnly(token, func(r *http.Request) (any, error) {
		return box.show(r.Context(), number(r.PathValue("sequence")))
	}))
	mux.HandleFunc("POST /v1/deadletters/{sequence}/redrive", ownOnly(token, func(r *http.Request) (any, error) {
		return struct{}{}, box.redrive(r.Context(), number(r.PathValue("sequence")))
	}))
}

// remoteLetters asks a running serve.
type remoteLetters struct{ *running }

func (l remoteLetters) list(ctx context.Context, after uint64, limit int) (letters []letter, err error) {
	return letters, l.ask(ctx, http.MethodGet, fmt.Sprintf("/v1/deadletters?after=%d&limit=%d", after, limit), &letters)
}

func (l remoteLetters) show(ctx context.Context, sequence uint64) (one letter, err error) {
	return one, l.ask(ctx, http.MethodGet, fmt.Sprintf("/v1/deadletters/%d", sequence), &one)
}

func (l remoteLetters) redrive(ctx context.Context, sequence uint64) error {
	return l.ask(ctx, http.MethodPost, fmt.Sprintf("/v1/deadletters/%d/redrive", sequence), &struct{}{})
}
