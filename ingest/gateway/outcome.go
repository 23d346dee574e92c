package gateway

import (
	"context"
	"errors"
	"net/http"

	"github.com/fivekeys/fivekeys/ingest/body"
	"github.com/fivekeys/fivekeys/ingest/native"
	"github.com/fivekeys/fivekeys/ingest/signature"
	"github.com/fivekeys/fivekeys/internal/jetstream"
)

// outcome is one of the ways a request can end. It is the metric label.
type outcome int

const (
	accepted outcome = iota
	duplicate
	unconfigured
	unauthorized
	unknownSource
	tooLarge
	unsupported
	invalid
	draining
	overloaded
	streamFull
	unavailable
	aborted
	outcomes // how many there are
)

// The reasons that arise here.
var (
	errUnknownSource = errors.New("no such source")
	errDraining      = errors.New("shutting down")
)

// answers maps each outcome to what is sent. fault marks what is ours and so is
// worth a log line.
var answers = [outcomes]struct {
	label  string
	status int
	title  string
	fault  bool
}{
	accepted:      {"accepted", http.StatusAccepted, "Accepted", false},
	duplicate:     {"duplicate", http.StatusAccepted, "Accepted", false},
	unconfigured:  {"unconfigured", http.StatusUnauthorized, "No secret is configured", false},
	unauthorized:  {"unauthorized", http.StatusUnauthorized, "Not authentic", false},
	unknownSource: {"unknown_source", http.StatusNotFound, "Unknown source", false},
	tooLarge:      {"too_large", http.StatusRequestEntityTooLarge, "Body too large", false},
	unsupported:   {"unsupported", http.StatusUnsupportedMediaType, "Unsupported media type", false},
	invalid:       {"invalid", http.StatusBadRequest, "Invalid events", false},
	draining:      {"draining", http.StatusServiceUnavailable, "Shutting down", false},
	overloaded:    {"overloaded", http.StatusServiceUnavailable, "Overloaded", true},
	streamFull:    {"stream_full", http.StatusServiceUnavailable, "Storage is full", true},
	unavailable:   {"unavailable", http.StatusServiceUnavailable, "Storage is unavailable", true},
	aborted:       {"aborted", http.StatusServiceUnavailable, "Request ended early", false},
}

// reasons are tested in this order. What isn't listed is a fault of ours.
var reasons = []struct {
	err error
	outcome
}{
	{errDraining, draining},
	{errUnknownSource, unknownSource},
	{signature.ErrNotConfigured, unconfigured},
	{signature.ErrMissing, unauthorized},
	{signature.ErrMismatch, unauthorized},
	{body.ErrTooLarge, tooLarge},
	{body.ErrEncoding, unsupported},
	{native.ErrMediaType, unsupported},
	{body.ErrBroken, invalid},
	{body.ErrFull, overloaded},
	{body.ErrCut, aborted},
	{jetstream.ErrOverloaded, overloaded},
	{jetstream.ErrStreamFull, streamFull},
	{context.Canceled, aborted}, // the sender has hung up
}

// reasonOf is why in words of ours: what a sender wrote is no reason.
func reasonOf(err error, otherwise string) string {
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			return r.err.Error()
		}
	}
	return otherwise
}

func outcomeOf(err error) outcome {
	var bad *native.InvalidError
	if errors.As(err, &bad) {
		return invalid
	}
	for _, r := range reasons {
		if errors.Is(err, r.err) {
			return r.outcome
		}
	}
	return unavailable
}
