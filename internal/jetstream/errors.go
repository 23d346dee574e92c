package jetstream

import (
	"context"
	"errors"
	"strings"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// The reasons for which anything here fails. Test them with errors.Is.
var (
	// ErrOverloaded: the publisher's queue is full; the caller should back off.
	ErrOverloaded = errors.New("publish queue is full")
	// ErrStreamFull: the stream or the server has reached its size; nothing was stored.
	ErrStreamFull = errors.New("stream is full")
	// ErrUnavailable: no answer from NATS. The message may or may not be stored;
	// publishing it again with the same ID is safe.
	ErrUnavailable = errors.New("NATS is unavailable")
	// ErrTooLarge: the message is larger than the server accepts.
	ErrTooLarge = errors.New("message is too large")
	// ErrClosed: the client, publisher or subscription was closed.
	ErrClosed = errors.New("closed")
	// ErrUnknownSubject: no declared stream takes this subject.
	ErrUnknownSubject = errors.New("no stream takes this subject")
	// ErrRefused: the server refused the request for good; trying again is no use.
	ErrRefused = errors.New("refused by the server")
	// ErrNotFound: no such message, stream or consumer.
	ErrNotFound = errors.New("not found")
	// ErrIncompatible: a stream or consumer exists in a form that can't be used.
	ErrIncompatible = errors.New("incompatible stream")
	// ErrNewer: a stream was made by a newer version.
	ErrNewer = errors.New("written by a newer fivekeys")

	// ErrUnauthorized: the server refused the credentials.
	ErrUnauthorized = errors.New("authorization refused")
	// ErrNoJetStream: the server runs without JetStream, or not for this account.
	ErrNoJetStream = errors.New("JetStream is not enabled")
	// ErrStoreLocked: another process uses the embedded server's folder.
	ErrStoreLocked = errors.New("store is in use by another process")
	// ErrStoreUnusable: the embedded server's folder can't be written.
	ErrStoreUnusable = errors.New("store is not usable")
	// ErrDiskFull: not enough room on the disk; nothing was stored.
	ErrDiskFull = errors.New("disk is full")
)

// Error is a failure as an operator sees it: what was tried, the reason, the
// cause, and what to do about it.
type Error struct {
	Op     string // what was tried, verb first
	Reason error  // one of the Err variables
	Hint   string // what to do about it
	Cause  error  // what NATS or the system said; may be nil
}

func (e *Error) Error() string {
	var b strings.Builder
	b.WriteString(e.Op)
	b.WriteString(": ")
	b.WriteString(e.Reason.Error())
	if e.Cause != nil {
		b.WriteString(": ")
		// Causes from the system may span lines; an operator's error is one line.
		b.WriteString(strings.Join(strings.Fields(e.Cause.Error()), " "))
	}
	if e.Hint != "" {
		b.WriteString(" (hint: ")
		b.WriteString(e.Hint)
		b.WriteString(")")
	}
	return b.String()
}

// Unwrap gives both the reason and the cause to errors.Is.
func (e *Error) Unwrap() []error {
	if e.Cause == nil {
		return []error{e.Reason}
	}
	return []error{e.Reason, e.Cause}
}

// Codes of the JetStream API that nats.go has no names for.
const (
	codeAccountLimits    jetstream.ErrorCode = 10002
	codeNoResources      jetstream.ErrorCode = 10023
	codeNoStorage        jetstream.ErrorCode = 10047
	codeSubjectOverlap   jetstream.ErrorCode = 10065
	codeStoreFailed      jetstream.ErrorCode = 10077
	codeHeaderTooLarge   jetstream.ErrorCode = 10097
	codeIDInProcess      jetstream.ErrorCode = 10158
	codeTooManyRequests  jetstream.ErrorCode = 10167
	codeBatchDisabled    jetstream.ErrorCode = 10174
	codeBatchNoSequence  jetstream.ErrorCode = 10175
	codeBatchIncomplete  jetstream.ErrorCode = 10176
	codeBatchTooLarge    jetstream.ErrorCode = 10199
	codeBatchDuplicate   jetstream.ErrorCode = 10201
	codeBatchInFlightMax jetstream.ErrorCode = 10210
)

const (
	hintUnavailable = "check that the NATS server runs and that this process can reach it"
	hintStreamFull  = "let the processors catch up, or raise the streams' size"
	hintDisk        = "free disk space or raise the server's storage limits"
	hintNoJetStream = "start nats-server with --jetstream, or enable JetStream for this account"
)

// apiError classifies what the JetStream API answered.
func apiError(op string, api *jetstream.APIError) error {
	e := &Error{Op: op, Reason: ErrRefused, Cause: api}
	switch api.ErrorCode {
	case codeStoreFailed:
		// One code for every refusal of the store; only the text tells which.
		switch {
		case strings.Contains(api.Description, "maximum bytes"), strings.Contains(api.Description, "maximum messages"):
			e.Reason, e.Hint = ErrStreamFull, hintStreamFull
		case strings.Contains(api.Description, "too large"):
			e.Reason = ErrTooLarge
		default:
			e.Reason, e.Hint = ErrUnavailable, hintDisk
		}
	case codeAccountLimits, codeNoResources, codeNoStorage:
		e.Reason, e.Hint = ErrStreamFull, hintDisk
	case jetstream.JSErrCodeStreamMessageExceedsMaximum, codeHeaderTooLarge:
		e.Reason, e.Hint = ErrTooLarge, "raise max_payload of the server or max_msg_size of the stream"
	case jetstream.JSErrCodeJetStreamNotEnabled, jetstream.JSErrCodeJetStreamNotEnabledForAccount:
		e.Reason, e.Hint = ErrNoJetStream, hintNoJetStream
	case jetstream.JSErrCodeMessageNotFound, jetstream.JSErrCodeStreamNotFound, jetstream.JSErrCodeConsumerNotFound, jetstream.JSErrCodeConsumerDoesNotExist:
		e.Reason = ErrNotFound
	case codeBatchIncomplete, codeBatchInFlightMax, codeTooManyRequests, codeBatchNoSequence, codeIDInProcess:
		// The last: a cluster has a message of this ID, and not yet on most of its
		// servers. Perhaps it never will: only trying again tells.
		e.Reason, e.Hint = ErrUnavailable, "try again"
	default:
		if api.Code >= 500 {
			e.Reason, e.Hint = ErrUnavailable, hintUnavailable
		}
	}
	if strings.Contains(api.Description, "no space left") {
		e.Reason, e.Hint = ErrDiskFull, "free disk space and restart the server"
	}
	return e
}

// wrap classifies any error of nats.go. A context that ended keeps its own error.
func wrap(op string, err error) error {
	if err == nil {
		return nil
	}
	var known *Error
	if errors.As(err, &known) {
		return err
	}
	var api *jetstream.APIError
	var js jetstream.JetStreamError
	switch {
	case errors.As(err, &api):
		return apiError(op, api)
	case errors.As(err, &js) && js.APIError() != nil:
		return apiError(op, js.APIError())
	case errors.Is(err, jetstream.ErrMsgNotFound):
		return &Error{Op: op, Reason: ErrNotFound}
	case errors.Is(err, context.Canceled):
		return &Error{Op: op, Reason: context.Canceled}
	case errors.Is(err, nats.ErrMaxPayload):
		return &Error{Op: op, Reason: ErrTooLarge, Hint: "raise max_payload of the server", Cause: err}
	case errors.Is(err, nats.ErrConnectionClosed), errors.Is(err, nats.ErrConnectionDraining):
		return &Error{Op: op, Reason: ErrClosed, Cause: err}
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrPermissionViolation), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked):
		return &Error{Op: op, Reason: ErrUnauthorized, Hint: hintAuth, Cause: err}
	}
	return &Error{Op: op, Reason: ErrUnavailable, Hint: hintUnavailable, Cause: err}
}
