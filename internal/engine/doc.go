// Package engine is the embedded ClickHouse: libchdb.so, loaded without cgo in
// a supervised child process of our own binary, behind ClickHouse's HTTP
// interface.
//
// Start takes the lock on the data folder, opens the listeners and starts the
// child (our own executable, recognised by RunChildIfAsked). The child inherits
// lock and listeners, boots the engine and serves; the parent only supervises:
// an engine that crashes or runs out of memory takes no other part of fivekeys
// down, is started again within a tenth of a second, and clients that connect
// meanwhile wait in the listener's queue.
//
// A request goes: server.go (roles, limits) → request.go (what is asked) →
// statement.go (where the statement ends and its data begins) → session.go (a
// fresh engine connection with the client's settings) → query.go or insert.go
// → encoding.go. What the reader may name is in wall.go and readersettings.go,
// how many statements run at a time in places.go. What the engine itself may do
// is bounded by users.xml (settings.go) and by the kernel (confine_linux.go).
// watch.go has an engine started again that does not answer.
package engine
