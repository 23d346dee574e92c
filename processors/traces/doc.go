// Package traces is what is known of whole traces: who calls whom, which
// traces are worth keeping, and where the time of one went. It is a pure core,
// without I/O and without a clock.
//
// While spans stream by, a Collector gathers a light record of each and closes
// a trace when nothing more of it comes; time is the stream's, so the same
// messages always close the same traces at the same places:
//
//	span → Request (rate, errors, duration) at once
//	     → record → trace closes → Call for every dependency link
//	     → Keep, at once or when the trace turns out to be worth it
//
// Afterwards Read takes the spans of one stored trace: it assembles the tree,
// corrects clocks that contradict each other, and finds self times, the
// critical path and the bottleneck.
//
// Both rest on kinship: which span is whose child where parents are missing,
// ids are shared by the two sides of a call (Zipkin), or links run in circles.
package traces
