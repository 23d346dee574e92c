// Package httpserver makes the HTTP servers that face senders: what holds for all
// of them, whatever they serve.
//
//	connection → connections.go  so many at all and of one address; idle ones make way
//	           → server.go       times and sizes
//	           → browser.go      no web page of another address
//	           → handler
package httpserver
