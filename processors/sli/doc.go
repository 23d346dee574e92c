// Package sli counts spans for objectives: for each span, which objectives it
// counts for and whether it is good.
//
// Compile makes a Counter from objectives. It finds those of a span by the
// span's service and operation, so a thousand objectives cost a span of one of
// them no more than that one does. It is a pure function of the span: no clock,
// no order, no memory but of operations it has seen.
//
//	span → Counter.Count → (objective, good, total) …   processors/spans adds them up
//
// A span counts in the minute in which it ended, because only then is its
// outcome known. Composite objectives count nothing: their parts do. Reported
// ones (fivekeys.sli.v1) aren't counted from spans either.
package sli
