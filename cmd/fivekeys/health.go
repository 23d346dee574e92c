package main

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"
)

type healthCommand struct {
	Listen string `help:"Address of the intake to ask: that of the serve that runs on the data folder unless given, or of the configuration." env:"FIVEKEYS_LISTEN" placeholder:"ADDR"`
}

// healthPatience is below what container runtimes give a health check.
const healthPatience = 4 * time.Second

// Run asks a running serve whether it is ready: the health check of an image
// that holds no shell.
func (c *healthCommand) Run(ctx context.Context, g *globals, env *environment) error {
	base, token, err := c.base(g, env)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, healthPatience)
	defer cancel()
	url := strings.TrimRight(base, "/") + "/readyz"
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return err
	}
	if token != "" { // who may send events is told why, too
		request.Header.Set("Authorization", "Bearer "+token)
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

// base is the address to ask, as the gate finds it: the one that is named, that of
// the serve that runs on the data folder, whose token comes with it, or the
// configured one.
func (c *healthCommand) base(g *globals, env *environment) (url, token string, err error) {
	address := c.Listen
	if address == "" {
		s, err := g.settings(env)
		if err != nil {
			return "", "", err
		}
		if live, ok := findRunning(g.Data); ok && live.HTTP != "" {
			return live.HTTP, live.Token, nil
		}
		address = s.listen
	}
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		return "", "", usagef("health: %s is no address: %v", address, err)
	}
	if ip := net.ParseIP(host); host == "" || ip != nil && ip.IsUnspecified() {
		host = "127.0.0.1" // it listens everywhere, here too
	}
	return "http://" + net.JoinHostPort(host, port), "", nil
}
