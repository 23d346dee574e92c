package faultlog

import (
	"bytes"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"time"
)

func TestNote(t *testing.T) {
	var out bytes.Buffer
	now := time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)
	logger := slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
			return slog.Attr{}
		}
		return a
	}}))
	l := New(logger, func() time.Time { return now }, "refused")
	gone := errors.New("gone")
	for _, step := range []struct {
		sentence, outcome string
		after             time.Duration
		want              string
	}{
		{"the first is told", "unavailable", 0, "msg=refused outcome=unavailable error=gone more_since_last=0"},
		{"the same again is not", "unavailable", 999 * time.Millisecond, ""},
		{"and again", "unavailable", 0, ""},
		{"another outcome is", "stream_full", 0, "msg=refused outcome=stream_full error=gone more_since_last=0"},
		{"a second later it is told with what it stands for", "unavailable", time.Millisecond, "msg=refused outcome=unavailable error=gone more_since_last=2"},
		{"which begins anew", "unavailable", time.Second, "msg=refused outcome=unavailable error=gone more_since_last=0"},
	} {
		now = now.Add(step.after)
		out.Reset()
		l.Note(step.outcome, gone)
		if got := strings.TrimSpace(out.String()); got != step.want {
			t.Errorf("%s: got %q, want %q", step.sentence, got, step.want)
		}
	}
}
