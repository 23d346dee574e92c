// Package body reads the bodies of requests within bounds, for everything that
// takes in what others send: one bound for each body, after decompression, and
// one for all that are in memory at one time.
//
//	request → Reader.Read         to its end, decompressed (gzip, zstd, snappy)
//	        → Reader.ReadMessage  the message of a gRPC call, likewise
//	        → Reader.ReadAsSent   to its end, as it was signed
//	        → Body.Data, Body.Release
//
// Memory is taken as bytes arrive, not on a sender's word for their number, and
// given to small bodies before large ones (room.go). A body that does not arrive
// is given up after seconds (arrival.go). Large bodies are decompressed and worked
// on a few at a time, so that many cost no more than a few (places.go). Whoever
// needs memory besides a body takes it from the same room with Lease.
package body
