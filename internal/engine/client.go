package engine

import (
	"context"
	"net"
	"net/http"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// ClientOptions are ready for clickhouse.Open and clickhouse.OpenDB: the HTTP
// protocol over the unix socket, without compression, which only costs on one
// machine. The caller may change pool sizes and settings.
func (e *Engine) ClientOptions(c Credentials) *clickhouse.Options {
	return SocketOptions(e.SocketPath(), e.cfg.Database, c)
}

// SocketOptions are the same for an engine that another process runs.
func SocketOptions(path, database string, c Credentials) *clickhouse.Options {
	return &clickhouse.Options{
		Protocol: clickhouse.HTTP,
		// A name for logs and the Host header; DialContext decides where to go.
		Addr: []string{"localhost:8123"},
		Auth: clickhouse.Auth{Database: database, Username: c.User, Password: c.Password},
		DialContext: func(ctx context.Context, _ string) (net.Conn, error) {
			var d net.Dialer
			return d.DialContext(ctx, "unix", path)
		},
		TransportFunc: func(t *http.Transport) (http.RoundTripper, error) {
			t.Proxy = nil // a proxy from the environment does not know our socket
			return t, nil
		},
	}
}
