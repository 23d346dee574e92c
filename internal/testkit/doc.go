// Package testkit starts the real parts for tests: the embedded ClickHouse with
// our tables, and the embedded NATS with our streams. A test's package calls
// Main from its TestMain, because the engine runs in a child of the test binary.
package testkit
