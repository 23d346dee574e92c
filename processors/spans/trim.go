package spans

import (
	"context"

	"github.com/fivekeys/fivekeys/internal/jetstream"
)

// trim removes from the stream what no reader needs any more.
func (s *Stage) trim(ctx context.Context) error {
	positions, err := s.cfg.Store.SpanPositions(ctx)
	if err != nil {
		return err
	}
	floor, first := uint64(0), true
	for number := range s.cfg.Partitions {
		p, ok := positions[number]
		if !ok {
			return nil // somebody has still to begin with it
		}
		if need := min(p.ReplayFrom, p.Sequence+1); first || need < floor {
			floor, first = need, false
		}
	}
	if floor <= 1 {
		return nil
	}
	return s.cfg.Bus.TrimTo(ctx, jetstream.StreamSpans, floor-1)
}

// gauge looks how full the stream is.
func (s *Stage) gauge(ctx context.Context) error {
	states, err := s.cfg.Bus.StreamStates(ctx)
	if err != nil {
		return err
	}
	for _, state := range states {
		if state.Stream != jetstream.StreamSpans || state.MaxBytes <= 0 {
			continue
		}
		pressure := int32(pressureNone)
		switch limit := uint64(state.MaxBytes); {
		case state.Bytes > limit/5*4:
			pressure = pressureHigh
		case state.Bytes > limit/2:
			pressure = pressureSome
		}
		if before := s.pressure.Swap(pressure); pressure > before {
			s.cfg.Logger.Warn("the span stream is filling up: it keeps less for replay, so that a restart now may count duplicates twice or lose open traces; give the streams more room",
				"bytes", state.Bytes, "max_bytes", state.MaxBytes)
		}
		s.metrics.pressure.Set(float64(pressure))
	}
	return nil
}

// tick publishes empty messages, in the background and not twice at a time.
func (s *Stage) tick(ctx context.Context, subjects []string) {
	if !s.ticking.CompareAndSwap(false, true) {
		return
	}
	s.background.Go(func() {
		defer s.ticking.Store(false)
		ctx, cancel := context.WithTimeout(ctx, tickTimeout)
		defer cancel()
		for _, subject := range subjects {
			if _, err := s.cfg.Publisher.Publish(ctx, jetstream.Message{Subject: subject}); err != nil {
				s.cfg.Logger.Debug("tick not published, the next one may be", "subject", subject, "error", err)
				return
			}
		}
	})
}
