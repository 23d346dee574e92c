// Package native reads what is sent to POST /v1/events: fivekeys' own event
// types as CloudEvents (structured, batch, binary) or as plain JSON, and
// CDEvents, which are mapped onto them.
//
//	media type → objects      (media.go)
//	object     → schemas.Event, validated   (parse.go)
//	repository → one event per service of the catalogue   (resolve.go)
//
// It is pure: bytes in, events or a list of what is wrong out. A body is
// checked as a whole, so that a sender never has to find out which half of a
// batch was taken.
package native
