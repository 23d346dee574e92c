// Package body reads the bodies of requests within bounds, for everything that
// takes in what others send: one bound for each body, after decompression, and
// one for all that are in memory at one time.
//
//	request → Reader.Read        to its end, decompressed (gzip, zstd)
//	        → Reader.ReadAsSent  to its end, as it was signed
//	        → Body.Data, Body.Release
//
// Memory is taken as bytes arrive, not on a sender's word for their number.
// Whoever needs memory besides a body takes it from the same share with Lease.
package body
