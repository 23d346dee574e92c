package dora

import (
	"cmp"
	"slices"
	"sort"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// burn is one fast burn of the error budget, from its beginning to its end.
type burn struct {
	alert string
	began instant
	ended instant // 0 while it goes on
}

// foldBurns folds the events of each alert; the events must be in order. One that
// nobody told the beginning of is none: it can't be said what came before it.
func foldBurns(events []statusEvent[burnStatus]) []*burn {
	told := map[string]*burn{}
	for _, e := range events {
		if e.said.began && told[e.said.alert] == nil {
			told[e.said.alert] = &burn{alert: e.said.alert, began: e.at}
		}
	}
	// Afterwards, as an alert may be over in the millisecond it began in.
	for _, e := range events {
		if b := told[e.said.alert]; b != nil && !e.said.began && e.at >= b.began {
			b.ended = earliest(b.ended, e.at)
		}
	}
	burns := make([]*burn, 0, len(told))
	for _, b := range told {
		burns = append(burns, b)
	}
	slices.SortFunc(burns, func(a, b *burn) int {
		return cmp.Or(cmp.Compare(a.began, b.began), strings.Compare(a.alert, b.alert))
	})
	return burns
}

// blame marks the deployments failed that a burn alone tells of: the latest
// production deployment before it began, at most the window old, unless stronger
// evidence is against that one. It is the weakest method and the last.
//
// A burn shows late: its alert looks at an hour. So one that begins after a
// rollback is of what was rolled back, which failed already, and not of the cure.
func blame(all *deployments, burns []*burn, window time.Duration) []*failure {
	var failures []*failure
	for _, b := range burns {
		line := all.production
		n := sort.Search(len(line), func(n int) bool { return line[n].finished >= b.began })
		if n == 0 || b.began > line[n-1].finished.add(window) {
			continue
		}
		d := line[n-1]
		if d.rollback || d.failure != "" && d.failure != schemas.MethodBurn {
			continue
		}
		f := &failure{deployment: d, burn: b, method: schemas.MethodBurn, recovered: b.ended}
		d.failure = schemas.MethodBurn
		failures = append(failures, f)
	}
	markFailed(failures)
	return failures
}
