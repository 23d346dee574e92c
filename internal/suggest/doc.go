// Package suggest says what somebody may have meant who wrote a word that isn't
// one of the known ones, for the hints beside the mistakes of fivekeys.yaml and
// of SLO files.
//
// A word and what is known are compared without case, dashes and underscores,
// by the least number of slips of the keyboard between them; a beginning of a
// known word counts as one slip. If nothing is near, the known words are listed.
package suggest
