package main

import (
	"encoding/json"
	"fmt"
	"io"
	"time"

	"github.com/fivekeys/fivekeys/processors/traces"
)

// traceReport is what --format json prints. Durations are seconds.
type traceReport struct {
	TraceID    string       `json:"trace_id"`
	Start      time.Time    `json:"start"`
	Duration   float64      `json:"duration_seconds"` // from the first span's start to the last one's end
	Services   int          `json:"services"`
	Duplicates int          `json:"duplicates"`
	Root       string       `json:"root_span_id"` // whose time the path explains
	Bottleneck *traceShare  `json:"bottleneck"`
	Sentence   string       `json:"sentence"`
	Shares     []traceShare `json:"shares"`
	Path       []tracePath  `json:"critical_path"`
	Spans      []traceSpan  `json:"spans"`
}

type traceShare struct {
	Service   string  `json:"service"`
	Operation string  `json:"operation"`
	Kind      string  `json:"kind"`
	Time      float64 `json:"seconds"`
	Share     float64 `json:"share"`
	Spans     int     `json:"spans"`
	Failed    int     `json:"failed"`
	Longest   float64 `json:"longest_seconds"`
	Peer      string  `json:"peer,omitempty"`
}

type tracePath struct {
	SpanID string  `json:"span_id"`
	From   float64 `json:"from_seconds"` // since the trace's start
	To     float64 `json:"to_seconds"`
}

type traceSpan struct {
	SpanID        string            `json:"span_id"`
	ParentID      string            `json:"parent_span_id,omitempty"`
	Depth         int               `json:"depth"`
	Service       string            `json:"service"`
	Operation     string            `json:"operation"`
	Kind          string            `json:"kind"`
	Start         time.Time         `json:"start"`
	Duration      float64           `json:"duration_seconds"`
	Self          float64           `json:"self_seconds"`
	Critical      float64           `json:"critical_seconds"`
	Skew          float64           `json:"skew_seconds,omitempty"` // added to start
	Status        string            `json:"status"`
	StatusMessage string            `json:"status_message,omitempty"`
	Peer          string            `json:"peer,omitempty"`
	Version       string            `json:"version,omitempty"`
	Environment   string            `json:"environment,omitempty"`
	Orphan        bool              `json:"orphan,omitempty"`
	Loop          bool              `json:"loop,omitempty"`
	Later         bool              `json:"later,omitempty"`
	Attributes    map[string]string `json:"attributes,omitempty"`
}

func traceJSON(w io.Writer, r *traces.Reading) error {
	out := traceReport{
		TraceID: r.Trace.String(), Start: time.Unix(0, r.Start).UTC(), Duration: traceSeconds(r.End - r.Start),
		Services: r.Services, Duplicates: r.Duplicates, Root: r.Nodes[r.Root].SpanID.String(), Sentence: r.Sentence(),
		Shares: []traceShare{}, Path: []tracePath{},
	}
	for _, s := range r.Shares {
		out.Shares = append(out.Shares, traceShare{
			s.Service, s.Operation, s.Kind.String(), traceSeconds(s.Time), s.Share, s.Spans, s.Failed, traceSeconds(s.Longest), s.Peer,
		})
	}
	if len(out.Shares) > 0 {
		out.Bottleneck = &out.Shares[0]
	}
	for _, s := range r.Path {
		out.Path = append(out.Path, tracePath{r.Nodes[s.Node].SpanID.String(), traceSeconds(s.From - r.Start), traceSeconds(s.To - r.Start)})
	}
	for i := range r.Nodes {
		n := &r.Nodes[i]
		span := traceSpan{
			SpanID: n.SpanID.String(), Depth: n.Depth, Service: n.Service, Operation: n.Name, Kind: n.Kind.String(),
			Start: time.Unix(0, n.Start).UTC(), Duration: traceSeconds(n.Duration), Self: traceSeconds(n.Self), Critical: traceSeconds(n.Critical), Skew: traceSeconds(n.Skew),
			Status: n.Status.String(), StatusMessage: n.StatusMessage, Peer: n.Peer, Version: n.Version, Environment: n.Environment,
			Orphan: n.Orphan, Loop: n.Loop, Later: n.Later,
		}
		if !n.ParentID.IsZero() {
			span.ParentID = n.ParentID.String()
		}
		for _, a := range n.Attributes {
			if span.Attributes == nil {
				span.Attributes = map[string]string{}
			}
			span.Attributes[a.Key] = a.Value
		}
		out.Spans = append(out.Spans, span)
	}
	encoder := json.NewEncoder(w)
	encoder.SetIndent("", "  ")
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(out); err != nil {
		return fmt.Errorf("write trace: %w", err)
	}
	return nil
}
