// Package gitlog reads a local git clone and tells its history as events:
// commits as changes, tags as deployments. It is `fivekeys import git`, the way
// to real numbers without any webhook.
//
// Data passes through it in this order:
//
//	clone    git's own plumbing, run in the clone               (clone.go)
//	refs     the default branch and the selected tags           (branch.go, tags.go)
//	graph    every commit they reach: parents and dates         (graph.go)
//	chains   first-parent chains and what each merge brought in (chains.go)
//	schedule when each change and each deployment was, in order (schedule.go)
//	events   messages read one by one, events handed on         (events.go, message.go)
//
// Which deployment contains which change is not decided here: the events carry
// the parents and the commits of each merge, and processors/dora folds them.
package gitlog
