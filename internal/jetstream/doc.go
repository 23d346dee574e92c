// Package jetstream is everything fivekeys knows of NATS: the server it embeds
// or connects to, the streams and consumers it needs there, and how messages
// get in and out of them without being lost.
//
// Data passes through it in this order:
//
//	Open          embedded server or a URL            (client.go, embedded.go, remote.go)
//	Ensure        streams and consumers, as declared  (topology.go, ensure.go)
//	Publisher     many callers, few fsyncs            (publisher.go, lane.go, batch.go, pace.go)
//	Subscription  several consumers, one channel      (subscription.go, reader.go, pull.go)
//	ReadLog       a stream read in order, position elsewhere (log.go)
//	Lease         which process works on what         (lease.go)
//	Trim, TrimTo  removes what all consumers acknowledged (trim.go), or readers of a log need no more
//	Bucket        the last value of each key, watched (bucket.go)
//	Pending, ListMessages  what still waits, and what went wrong (pending.go, read.go)
//
// A publish returns once the message is stored: fsynced on the embedded server,
// as durable as the server is configured to be on any other. A message stays
// until every consumer of its stream has acknowledged it, and is handed out
// again until then. Nothing here depends on the duplicate window; it only spares
// work downstream.
package jetstream
