package spanintake

import (
	"context"
	"errors"
	"net/http"

	"github.com/fivekeys/fivekeys/ingest/body"
	"github.com/fivekeys/fivekeys/ingest/signature"
	"github.com/fivekeys/fivekeys/internal/jetstream"
	"github.com/fivekeys/fivekeys/internal/jsonshape"
	"github.com/fivekeys/fivekeys/internal/otlpwire"
)

// What a Format may say of a body. Sending it again is no use.
var (
	// ErrInvalid: it isn't what it is said to be.
	ErrInvalid = errors.New("invalid spans")
	// ErrTooMany: it is small and holds more than is taken at once.
	ErrTooMany = errors.New("too many spans at once")
)

var (
	errMediaType = errors.New("unsupported content type")
	errDraining  = errors.New("shutting down")
)

// Outcome is one of the ways a request can end. It is the metric label.
type Outcome int

// The outcomes.
const (
	Accepted     Outcome = iota
	Partial              // some of its spans were left out
	Unauthorized         // no token, or a wrong one
	TooLarge             // beyond a bound
	Unsupported          // a type or encoding we don't take
	Invalid              // not what it is said to be
	Draining             // this process ends
	Overloaded           // no memory or no place in a queue
	StreamFull           // no place on the disk
	Unavailable          // no answer from NATS
	Aborted              // its sender went away
	outcomes             // how many there are
)

// answers maps each outcome to what is sent. retry marks what the sender should
// send again, fault what is worth a log line.
var answers = [outcomes]struct {
	label  string
	status int
	retry  bool
	fault  bool
}{
	Accepted:     {"accepted", http.StatusOK, false, false},
	Partial:      {"partial", http.StatusOK, false, false},
	Unauthorized: {"unauthorized", http.StatusUnauthorized, false, false},
	TooLarge:     {"too_large", http.StatusRequestEntityTooLarge, false, false},
	Unsupported:  {"unsupported", http.StatusUnsupportedMediaType, false, false},
	Invalid:      {"invalid", http.StatusBadRequest, false, false},
	Draining:     {"draining", http.StatusServiceUnavailable, true, false},
	Overloaded:   {"overloaded", http.StatusServiceUnavailable, true, true},
	StreamFull:   {"stream_full", http.StatusServiceUnavailable, true, true},
	Unavailable:  {"unavailable", http.StatusServiceUnavailable, true, true},
	Aborted:      {"aborted", http.StatusServiceUnavailable, true, false},
}

// reasons are tested in this order. What isn't listed is a fault of ours.
var reasons = []struct {
	err error
	Outcome
}{
	{errDraining, Draining},
	{signature.ErrNotConfigured, Unauthorized},
	{signature.ErrMissing, Unauthorized},
	{signature.ErrMismatch, Unauthorized},
	{body.ErrTooLarge, TooLarge},
	{body.ErrEncoding, Unsupported},
	{errMediaType, Unsupported},
	{ErrTooMany, TooLarge},
	{ErrInvalid, Invalid},
	{body.ErrBroken, Invalid},
	{otlpwire.ErrMalformed, Invalid},
	{otlpwire.ErrGrowth, TooLarge},
	{body.ErrFull, Overloaded},
	{body.ErrCut, Aborted},
	{jetstream.ErrOverloaded, Overloaded},
	{jetstream.ErrStreamFull, StreamFull},
	{jsonshape.ErrDeep, Invalid},
	{context.Canceled, Aborted}, // the sender has hung up
}

func outcomeOf(err error) Outcome {
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			return r.Outcome
		}
	}
	return Unavailable
}

// Refusal is what a sender is told.
type Refusal struct {
	Outcome Outcome
	Status  int  // of HTTP
	Retry   bool // send it again, after Intake.RetryAfter
	Message string
}

func (in *Intake) refuse(err error) Refusal {
	o := outcomeOf(err)
	a := answers[o]
	r := Refusal{Outcome: o, Status: a.status, Retry: a.retry, Message: err.Error()}
	switch {
	case o == Unauthorized:
		r.Message += "; send one of the configured span tokens: Authorization: Bearer …"
	case o == TooLarge:
		r.Message += "; send smaller batches"
	case a.retry:
		// What went wrong inside is for the log, not for whoever asks.
		r.Message = a.label + ": the spans are not confirmed as stored; send them again, repeated ones are recognised"
	}
	if a.fault {
		in.faults.Note(a.label, err)
	}
	return r
}
