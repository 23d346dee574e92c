package gateway

import (
	"cmp"
	"encoding/json"
	"errors"
	"net/http"

	"github.com/fivekeys/fivekeys/ingest/native"
)

// longestHint bounds what a refusal is remembered with.
const longestHint = 200

// retryAfter is how many seconds a sender should wait after a 503: longer than
// NATS takes to elect a leader, shorter than anyone's patience.
const retryAfter = "5"

// problem is an RFC 9457 document. Index and Field are there for events only
// and repeat the first of Errors.
type problem struct {
	Type   string           `json:"type"`
	Title  string           `json:"title"`
	Status int              `json:"status"`
	Detail string           `json:"detail"`
	Hint   string           `json:"hint,omitempty"`
	Index  *int             `json:"index,omitempty"`
	Field  string           `json:"field,omitempty"`
	Errors []native.Problem `json:"errors,omitempty"`
}

// request is one on its way to its outcome.
type request struct {
	*http.Request
	source string // as it is registered
}

// refuse answers with the error's outcome and returns it.
func (g *Gateway) refuse(w http.ResponseWriter, r request, err error, hint string) outcome {
	o := outcomeOf(err)
	a := answers[o]
	p := problem{
		Type: "urn:fivekeys:problem:" + a.label, Title: a.title, Status: a.status,
		Detail: err.Error(), Hint: hint,
	}
	h := w.Header()
	switch a.status {
	case http.StatusServiceUnavailable:
		h.Set("Retry-After", retryAfter)
		// What went wrong inside is for the log, not for whoever asks.
		p.Detail = "it is not confirmed as stored; send it again, a repetition is recognised by its id"
	case http.StatusRequestEntityTooLarge:
		// The rest of the body isn't read, so the connection can't be used again.
		h.Set("Connection", "close")
	case http.StatusUnsupportedMediaType:
		h.Set("Accept", native.MediaTypes)
	}
	var bad *native.InvalidError
	if errors.As(err, &bad) {
		p.Errors = bad.Problems
		if first := bad.Problems[0]; first.Index != native.WholeBody {
			p.Index, p.Field = &first.Index, first.Field
		}
	}
	switch {
	case a.fault:
		g.faults.Note(a.label, err)
	case a.status < http.StatusInternalServerError:
		told := cmp.Or(hint, p.Detail)
		g.refused.Note(r.Request, r.source, a.status, reasonOf(err, a.title), told[:min(len(told), longestHint)])
	}
	writeJSON(w, a.status, "application/problem+json", p)
	return o
}

func writeJSON(w http.ResponseWriter, status int, media string, v any) {
	body, err := json.Marshal(v)
	if err != nil {
		panic(err) // structs of strings and numbers always encode
	}
	w.Header().Set("Content-Type", media)
	w.WriteHeader(status)
	_, _ = w.Write(append(body, '\n')) // the sender has hung up
}
