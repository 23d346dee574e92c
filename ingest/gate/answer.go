package gate

import (
	"bytes"
	"encoding/json"
	"net/http"
	"time"

	"github.com/fivekeys/fivekeys/internal/gate"
	"github.com/fivekeys/fivekeys/schemas"
)

// answer is the document.
type answer struct {
	Service     string `json:"service"`
	Environment string `json:"environment,omitempty"`
	Allow       bool   `json:"allow"`
	// Reason is for people, Ground for programs.
	Reason    string                 `json:"reason"`
	Ground    gate.Ground            `json:"ground"`
	Exhausted []string               `json:"exhausted"`
	Budget    []schemas.BudgetStatus `json:"budget"`
	// AgeSeconds is how old the oldest budget is; null where none was ever known.
	AgeSeconds *float64         `json:"age_seconds"`
	Exception  *exceptionAnswer `json:"exception"`
	Policy     policyAnswer     `json:"policy"`
}

type exceptionAnswer struct {
	Service string    `json:"service"`
	Author  string    `json:"author"`
	Reason  string    `json:"reason"`
	Until   time.Time `json:"until"`
}

type policyAnswer struct {
	Freeze        bool     `json:"freeze"`
	Fail          string   `json:"fail"` // open or closed
	MaxAgeSeconds float64  `json:"max_age_seconds"`
	Objectives    []string `json:"objectives"` // none: all freeze
}

func newAnswer(q question, v gate.Verdict, known gate.Known, p schemas.Policy) answer {
	a := answer{
		Service: q.service, Environment: q.environment, Allow: v.Allow, Reason: v.Reason, Ground: v.Ground,
		Exhausted: orEmpty(v.Exhausted), Budget: orEmpty(known.Statuses),
		Policy: policyAnswer{
			Freeze: p.Freeze, Fail: "closed", MaxAgeSeconds: gate.MaxAge(p).Seconds(), Objectives: orEmpty(p.Objectives),
		},
	}
	if p.FailOpen {
		a.Policy.Fail = "open"
	}
	if v.Age != nil {
		seconds := v.Age.Seconds()
		a.AgeSeconds = &seconds
	}
	if e := v.Exception; e != nil {
		a.Exception = &exceptionAnswer{e.Service, e.Author, e.Reason, e.Until}
	}
	return a
}

// orEmpty makes a list that is [] in JSON and never null.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// problem is an RFC 9457 document.
type problem struct {
	Type   string `json:"type"`
	Title  string `json:"title"`
	Status int    `json:"status"`
	Detail string `json:"detail"`
	Hint   string `json:"hint,omitempty"`
}

func refuse(w http.ResponseWriter, status int, label, title, detail, hint string) {
	writeJSON(w, status, "application/problem+json", problem{
		Type: "urn:fivekeys:problem:" + label, Title: title, Status: status, Detail: detail, Hint: hint,
	})
}

func writeJSON(w http.ResponseWriter, status int, media string, v any) {
	var body bytes.Buffer
	encoder := json.NewEncoder(&body)
	encoder.SetEscapeHTML(false) // people read it in a terminal
	if err := encoder.Encode(v); err != nil {
		panic(err) // structs of strings and numbers always encode
	}
	h := w.Header()
	h.Set("Content-Type", media)
	h.Set("Cache-Control", "no-store") // the next answer may be another
	w.WriteHeader(status)
	_, _ = w.Write(body.Bytes()) // whoever asked has hung up
}
