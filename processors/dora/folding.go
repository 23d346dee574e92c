package dora

import (
	"runtime"

	"golang.org/x/sync/errgroup"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
	"github.com/fivekeys/fivekeys/schemas"
)

// writeAtOnce is how many rows are written together, at least where there are
// as many: each insert costs a part in its table, with fsyncs and merges.
const writeAtOnce = 50_000

// folding is what is to be written of some services.
type folding struct {
	services []*active
	events   int
	changes  clickhouse.Changeset
	rules    map[string]string // fingerprints that are not recorded yet
}

func newFolding() *folding { return &folding{rules: map[string]string{}} }

// add folds services and keeps the facts that differ from the stored ones. As
// many services' facts are in memory together as there are processors.
func (f *folding) add(services []*active, catalog *schemas.Catalog) {
	changes := make([]clickhouse.Changeset, len(services))
	group := errgroup.Group{}
	group.SetLimit(runtime.GOMAXPROCS(0))
	for i, a := range services {
		rules := catalog.Service(a.service)
		if fingerprint := rules.Fingerprint(FoldVersion); fingerprint != a.rules {
			f.rules[a.service] = fingerprint
		}
		group.Go(func() error {
			facts := a.timeline.Fold(rules)
			changes[i].Add(a.written, a.service, a.timeline.Len(), &facts)
			return nil
		})
	}
	_ = group.Wait() // nothing in it fails
	f.changes.Merge(changes)
	for _, a := range services {
		f.events += a.timeline.Len()
	}
	f.services = append(f.services, services...)
}
