// Package traffic makes spans of services whose counts are known beforehand:
// how many of them are good for which objective in which minute follows from
// the phases by arithmetic and is never counted from the spans themselves. The
// tests of the span stage, the SLI counter and the budgets stand on it.
//
// A Model has services, a Service has phases (steady, burst, leak, silence), a
// phase is some minutes that are alike.
//
//	Model → Objectives   an availability and a latency objective per service
//	      → Spans        every span once, by end time
//	      → Deliveries   the same as senders send them: late, twice, shuffled
//	      → Minutes      what the objectives must count, in closed form
//	      → Calls        what the dependencies must count, in closed form
//
// Each request is one trace of two spans: the service's server span, which
// counts, and an internal one, slow and failed, which must not. Where the service
// has a caller, its client span stands above them.
package traffic
