// Package simulation invents an organisation whose DORA figures are known
// before a single event of it has been folded.
//
// Generate plans a story (who committed what, which deployment broke, what
// mended it) and keeps two things of it: the webhooks GitHub would have sent,
// and the figures that follow from the plan. The pipeline gets the first and
// must arrive at the second. It never looks at how the pipeline computes them.
//
//	cast.go                       teams, people, repositories, services, catalogue
//	plan.go, planner.go           the story: what happens, and one service's part of it
//	changes.go, pullrequests.go   … its work
//	mishaps.go, incidents.go      … its failures, and asides.go what must not count
//	settle.go                     the order of branches, numbers, contents
//	expected.go, figures.go       the right answers, read off the plan
//	payload*.go, deliveries.go    the story in GitHub's words
//
// Load is the lean sibling for benchmarks: any number of services and events,
// in order of time, in bounded memory.
package simulation
