package jetstream

import (
	"testing"
	"time"
)

// run lets pace decide on n messages that cost so much, and counts the batches.
func (p *pace) run(n, runs int, single, batch time.Duration) (batches int) {
	for range runs {
		if p.batch(n) {
			batches++
			p.note(n, true, batch)
		} else {
			p.note(n, false, single)
		}
	}
	return batches
}

func TestPace(t *testing.T) {
	t.Run("chooses batches where they are faster, and nearly always", func(t *testing.T) {
		var p pace
		if n := p.run(64, 1000, 10*time.Millisecond, 4*time.Millisecond); n < 990 {
			t.Errorf("%d of 1000", n)
		}
	})
	t.Run("chooses single messages where they are faster", func(t *testing.T) {
		var p pace
		if n := p.run(64, 1000, time.Millisecond, 4*time.Millisecond); n > 10 {
			t.Errorf("%d of 1000", n)
		}
	})
	t.Run("never sends a handful as a batch", func(t *testing.T) {
		var p pace
		if n := p.run(paceMinimum-1, 1000, time.Hour, 1); n != 0 {
			t.Errorf("%d of 1000", n)
		}
	})
	t.Run("each size for itself", func(t *testing.T) {
		var p pace
		p.run(1000, 100, time.Second, time.Millisecond)
		if n := p.run(8, 100, time.Millisecond, 5*time.Millisecond); n > 5 {
			t.Errorf("%d of 100", n)
		}
	})
	t.Run("one stall doesn't turn it", func(t *testing.T) {
		var p pace
		p.run(64, 100, time.Millisecond, 2*time.Millisecond)
		p.note(64, false, 5*time.Second)
		if n := p.run(64, 100, time.Millisecond, 2*time.Millisecond); n > 5 {
			t.Errorf("%d of 100", n)
		}
	})
	t.Run("notices when the disk changes", func(t *testing.T) {
		var p pace
		p.run(64, 1000, time.Millisecond, 2*time.Millisecond)
		p.run(64, 1000, 50*time.Millisecond, 2*time.Millisecond)
		if n := p.run(64, 100, 50*time.Millisecond, 2*time.Millisecond); n < 95 {
			t.Errorf("%d of 100", n)
		}
	})
}
