package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"
)

type healthCommand struct {
	Listen string `help:"Address of the intake to ask (default 127.0.0.1:8080)." env:"FIVEKEYS_LISTEN" placeholder:"ADDR"`
}

// healthPatience is below what container runtimes give a health check.
const healthPatience = 4 * time.Second

// Run asks a running serve whether it is ready: the health check of an image
// that holds no shell.
func (c *healthCommand) Run(ctx context.Context, env *environment) error {
	address := cmp.Or(c.Listen, defaultListen)
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return usagef("health: %s is no address: %v", address, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // it listens everywhere, here too
	}
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	url := "http://" + net.JoinHostPort(host, port) + "/readyz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("health: %w; does serve run there?", err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(env.stdout, io.LimitReader(response.Body, 64<<10)); err != nil {
		return fmt.Errorf("health: %w", err)
	}
	if response.StatusCode != http.StatusOK {
		return errSilent
	}
	return nil
}
