// Package refusals remembers whom the intake turned away, and why.
//
// A wrong secret is the commonest mistake of a first day, and nobody sees an
// answer of 401 on the other side. So each refusal is counted by its source,
// the sender's address and the reason: a line in the log says it at once and
// then once a minute while it goes on, and List answers `fivekeys deliveries`.
// Nothing a sender writes makes it grow: what was refused longest ago makes
// room, and the lines of all senders together are bounded too.
package refusals
