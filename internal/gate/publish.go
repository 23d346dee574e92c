package gate

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/fivekeys/fivekeys/schemas"
)

const (
	// publishEvery renews a budget whose figures moved on: seldom enough for
	// thousands of services. It is less than the minute in which they are evaluated,
	// or one that comes a little early would be left out and the age be twice that.
	publishEvery = 45 * time.Second
	// publishAtOnce bounds the values under way; a server far away takes its time
	// for each.
	publishAtOnce = 32
)

// publication is what was published last of a service.
type publication struct {
	at    time.Time
	state string
}

// Publish tells all boards the budgets of all services: the evaluator calls it
// after each evaluation that succeeded, with every objective. A service is
// written when a budget of it is exhausted or restored, when it gets its first
// data or loses the last, when its objectives are others, and once a minute; one
// that has no objective any more is removed.
func (b *Board) Publish(ctx context.Context, statuses []schemas.BudgetStatus) error {
	b.publishing.Lock()
	defer b.publishing.Unlock()
	now := b.cfg.Now()
	services := make(map[string][]schemas.BudgetStatus)
	for _, s := range statuses {
		services[s.Service] = append(services[s.Service], s)
	}
	group, groupCtx := errgroup.WithContext(ctx)
	group.SetLimit(publishAtOnce)
	done := make(map[string]publication)
	for service, own := range services {
		slices.SortFunc(own, func(a, b schemas.BudgetStatus) int { return strings.Compare(a.Objective, b.Objective) })
		p := publication{at: now, state: stateOf(own)}
		if last, known := b.published[service]; known && last.state == p.state && now.Sub(last.at) < publishEvery {
			continue
		}
		value, err := json.Marshal(record{Statuses: own})
		if err != nil {
			return fmt.Errorf("encode the budgets of %s: %w", service, err)
		}
		done[service] = p
		group.Go(func() error { return b.cfg.Bucket.Put(groupCtx, servicePrefix+service, value) })
	}
	gone := b.gone(services)
	for _, service := range gone {
		group.Go(func() error { return b.cfg.Bucket.Delete(groupCtx, servicePrefix+service) })
	}
	if err := group.Wait(); err != nil {
		return fmt.Errorf("publish budgets: %w", err)
	}
	maps.Copy(b.published, done)
	for _, service := range gone {
		delete(b.published, service)
	}
	return b.publishEvaluated(ctx, now)
}

// publishEvaluated comes last: who sees it sees the budgets too.
func (b *Board) publishEvaluated(ctx context.Context, now time.Time) error {
	if now.Sub(b.announced) < publishEvery {
		return nil
	}
	value, err := now.UTC().MarshalText()
	if err != nil {
		return fmt.Errorf("publish the time of evaluation: %w", err)
	}
	if err := b.cfg.Bucket.Put(ctx, evaluatedKey, value); err != nil {
		return fmt.Errorf("publish the time of evaluation: %w", err)
	}
	b.announced = now
	return nil
}

// gone are the services on the board that have no objective any more, those that
// were published here and have not come back from the bucket yet among them.
// Before the board is loaded it can't tell, and after that they are found.
func (b *Board) gone(services map[string][]schemas.BudgetStatus) []string {
	select {
	case <-b.loaded:
	default:
		return nil
	}
	b.mu.RLock()
	defer b.mu.RUnlock()
	gone := make(map[string]bool)
	for service := range b.services {
		gone[service] = true
	}
	for service := range b.published {
		gone[service] = true
	}
	for service := range services {
		delete(gone, service)
	}
	return slices.Collect(maps.Keys(gone))
}

// stateOf is what must be known at once when it changes.
func stateOf(statuses []schemas.BudgetStatus) string {
	var out strings.Builder
	for i := range statuses {
		fmt.Fprintf(&out, "%q %t %t\n", statuses[i].Objective, statuses[i].Exhausted(), statuses[i].Remaining == nil)
	}
	return out.String()
}
