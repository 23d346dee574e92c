// Package config reads fivekeys.yaml: the catalogue of services and the
// settings of a process. No file is needed; the empty Config works.
//
// Load turns bytes into a Config in three steps, none of which stops at the
// first mistake: the YAML parser gives nodes with positions, the decoder walks
// them by the known keys (an unknown one is a problem with a "did you mean"),
// and the checks look at the whole: services named twice, repositories claimed
// twice, globs that match nothing. Load also looks for the SLO files that it
// names. Every Problem names file, line and column and says what to do;
// `fivekeys check` prints them all.
//
// Secrets are never in the file: Secrets reads them from the environment or
// from files, and a key that looks like one is refused.
package config
