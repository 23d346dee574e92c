// Package testkit starts the real parts for tests: the embedded ClickHouse with
// our tables, a NATS server that can be killed, and a proxy that takes a server
// away. A test's package calls Main from its TestMain, because the engine runs
// in a child of the test binary.
package testkit
