package clickhouse

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// ErrNativeOnly says that a store can't write formats: only ClickHouse's HTTP
// interface does.
var ErrNativeOnly = errors.New("this ClickHouse is reached by its native protocol, which has no formats; give --clickhouse-url as http://user:password@host:8123/fivekeys")

// Formats writes a statement's result in one of ClickHouse's formats (Parquet,
// Arrow, CSVWithNames …) as ClickHouse itself makes it: nothing is held in
// memory, and column types stay what they are.
func (s *Store) Formats(ctx context.Context, sql, format string, readonly bool, w io.Writer) error {
	if s.options.Protocol != ch.HTTP {
		return ErrNativeOnly
	}
	scheme := "http"
	if s.options.TLS != nil {
		scheme = "https"
	}
	query := url.Values{"database": {s.options.Auth.Database}, "default_format": {format}}
	if readonly {
		query.Set("readonly", "1")
	}
	// Few readers of Arrow know its compression.
	query.Set("output_format_arrow_compression_method", "none")
	address := url.URL{Scheme: scheme, Host: s.options.Addr[0], Path: "/", RawQuery: query.Encode()}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, address.String(), strings.NewReader(sql))
	if err != nil {
		return fmt.Errorf("ask ClickHouse: %w", err)
	}
	request.SetBasicAuth(s.options.Auth.Username, s.options.Auth.Password)
	transport := &http.Transport{TLSClientConfig: s.options.TLS, DisableCompression: true}
	if dial := s.options.DialContext; dial != nil {
		transport.DialContext = func(ctx context.Context, _, address string) (net.Conn, error) { return dial(ctx, address) }
	}
	defer transport.CloseIdleConnections()
	response, err := (&http.Client{Transport: transport}).Do(request)
	if err != nil {
		return fmt.Errorf("ask ClickHouse: %w", err)
	}
	defer func() { _ = response.Body.Close() }()
	if response.StatusCode != http.StatusOK {
		text, _ := io.ReadAll(io.LimitReader(response.Body, 64<<10)) // what could be read is the message
		return exception(response.Header.Get("X-Clickhouse-Exception-Code"), string(text))
	}
	if _, err := io.Copy(w, response.Body); err != nil {
		return fmt.Errorf("read ClickHouse's answer: %w", err)
	}
	return nil
}

// exception is a refusal in the driver's own words.
func exception(code, text string) error {
	number, err := strconv.ParseInt(code, 10, 32)
	if err != nil {
		return fmt.Errorf("ask ClickHouse: %s", strings.TrimSpace(text))
	}
	return &ch.Exception{Code: int32(number), Message: strings.TrimSpace(text)}
}
