package faultlog

import (
	"log/slog"
	"sync"
	"time"
)

// Log is a log of faults.
type Log struct {
	log     *slog.Logger
	now     func() time.Time
	message string

	mu   sync.Mutex
	told map[string]*telling
}

// telling is when an outcome was last told of, and how often it came since.
type telling struct {
	last    time.Time
	skipped int
}

// New makes a log whose lines have one message.
func New(logger *slog.Logger, now func() time.Time, message string) *Log {
	return &Log{log: logger, now: now, message: message, told: map[string]*telling{}}
}

// Note tells of a fault, or counts it. Outcomes are a small closed set.
func (l *Log) Note(outcome string, err error) {
	if skipped, tell := l.count(outcome); tell {
		l.log.Error(l.message, "outcome", outcome, "error", err, "more_since_last", skipped)
	}
}

func (l *Log) count(outcome string) (skipped int, tell bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.told[outcome]
	if t == nil {
		t = &telling{}
		l.told[outcome] = t
	}
	now := l.now()
	if now.Sub(t.last) < time.Second {
		t.skipped++
		return 0, false
	}
	skipped, t.last, t.skipped = t.skipped, now, 0
	return skipped, true
}
