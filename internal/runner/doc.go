// Package runner is what all stages behind the queue share: it takes messages from a
// subscription, hands them to a processor in batches and answers them.
//
//	subscription → batch (size or time) → Processor → ack | retry | dead letter
//
// A processor says what became of its messages (Outcome) and never answers
// them itself; only the runner does, and only after the processor is done with
// the batch, so a crash at any point means redelivery and the same result.
package runner
