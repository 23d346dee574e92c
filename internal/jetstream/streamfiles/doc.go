// Package streamfiles looks at the files of an embedded NATS server's streams
// before the server does.
//
// nats-server cuts a damaged block off at the damage and goes on: whole messages
// behind it are gone, with one warning, and the damaged file with them. Check
// reads every block first, sets a damaged one aside, puts a block with all
// readable messages in its place and says how many messages are missing.
// Upgrade changes what an older version chose for a stream and the server
// refuses to change. Both need a server that is not running.
//
// The files, below jetstream/$G/streams/<stream>: meta.inf and meta.sum are the
// stream's settings and their checksum, msgs/<n>.blk its messages, msgs/index.db
// a summary that the server makes again where it is missing.
package streamfiles
