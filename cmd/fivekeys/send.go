package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// sendBatch is how many events go in one request; the intake commits them
// together.
const sendBatch = 500

// sender posts events to an intake, its own process's or another's. All ways
// into the pipeline are the same way.
type sender struct {
	url, token string
	client     *http.Client
}

// cloudEvent is an event as /v1/events takes it.
type cloudEvent struct {
	SpecVersion string            `json:"specversion"`
	ID          string            `json:"id"`
	Source      string            `json:"source"`
	Type        schemas.EventType `json:"type"`
	Time        time.Time         `json:"time"`
	Subject     string            `json:"subject,omitempty"`
	Data        json.RawMessage   `json:"data"`
}

// send posts a batch, waiting where the intake asks to.
func (s *sender) send(ctx context.Context, events []schemas.Event) error {
	batch := make([]cloudEvent, len(events))
	for i, e := range events {
		batch[i] = cloudEvent{"1.0", e.ID, e.Source, e.Type, e.Time, e.Subject, e.Data}
	}
	body, err := json.Marshal(batch)
	if err != nil {
		return fmt.Errorf("encode %d events: %w", len(events), err)
	}
	header := http.Header{
		"Content-Type":  {"application/cloudevents-batch+json"},
		"Authorization": {"Bearer " + s.token},
	}
	if err := s.post(ctx, "/v1/events", header, body); err != nil {
		return fmt.Errorf("send events: %w", err)
	}
	return nil
}

// maxPatience is how long a busy intake is asked again.
const maxPatience = 5 * time.Minute

func (s *sender) post(ctx context.Context, path string, header http.Header, body []byte) error {
	ctx, cancel := context.WithTimeoutCause(ctx, maxPatience, errors.New("the intake stays busy"))
	defer cancel()
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url+path, bytes.NewReader(body))
		if err != nil {
			return err
		}
		request.Header = header
		response, err := s.client.Do(request)
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(io.LimitReader(response.Body, 64<<10))
		_ = response.Body.Close()
		switch {
		case err != nil:
			return err
		case response.StatusCode == http.StatusAccepted, response.StatusCode == http.StatusOK:
			return nil
		case response.StatusCode != http.StatusServiceUnavailable:
			return fmt.Errorf("%s answered %s: %s", path, response.Status, bytes.TrimSpace(answer))
		}
		wait := time.Second
		if n, err := strconv.Atoi(response.Header.Get("Retry-After")); err == nil {
			wait = time.Duration(n) * time.Second
		}
		select {
		case <-time.After(wait):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}
