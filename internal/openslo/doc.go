// Package openslo reads OpenSLO v1 files into objectives. Whatever stands in a
// file either works or is refused by a line that names what and where; nothing
// is ignored in silence.
//
//	files → tree.go       YAML with its lines; anchors followed, keys unique
//	      → shape.go      against the types of OpenSLO's SDK: unknown keys, kinds of values
//	      → object.go     the SDK's own validation, its paths back to lines
//	      → slo.go        references resolved across files: indicators, windows, alerts
//	      → []schemas.Objective
//	      → lint.go       what is valid and still not meant
//
// What OpenSLO leaves to an implementation, the metric sources, is here of the
// type "fivekeys": a selector of spans (selector.go), or counts that are
// reported as fivekeys.sli.v1 events.
package openslo
