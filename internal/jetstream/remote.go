package jetstream

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"

	"github.com/nats-io/nats.go"
)

const hintAuth = "check the NATS user and password, token, nkey or credentials file"

// connectRemote connects to the server or cluster at cfg.URL.
func (c *Client) connectRemote(ctx context.Context) (*nats.Conn, error) {
	op := "connect to NATS at " + redact(c.cfg.URL)
	opts, err := c.credentials()
	if err != nil {
		return nil, fmt.Errorf("%s: %w", op, err)
	}
	opts = append(opts, c.handlers()...)
	// nats.Connect knows no context; its own timeout bounds it, and a caller who
	// gives up earlier leaves it to close itself.
	type result struct {
		nc  *nats.Conn
		err error
	}
	done := make(chan result, 1)
	go func() {
		nc, err := nats.Connect(c.cfg.URL, opts...)
		done <- result{nc, err}
	}()
	select {
	case r := <-done:
		if r.err != nil {
			return nil, connectError(op, r.err)
		}
		return r.nc, nil
	case <-ctx.Done():
		go func() {
			if r := <-done; r.nc != nil {
				r.nc.Close()
			}
		}()
		return nil, &Error{Op: op, Reason: ErrUnavailable, Hint: hintUnavailable, Cause: ctx.Err()}
	}
}

func (c *Client) credentials() ([]nats.Option, error) {
	var opts []nats.Option
	switch {
	case c.cfg.User != "":
		opts = append(opts, nats.UserInfo(c.cfg.User, c.cfg.Password))
	case c.cfg.Token != "":
		opts = append(opts, nats.Token(c.cfg.Token))
	case c.cfg.NKeySeedFile != "":
		opt, err := nats.NkeyOptionFromSeed(c.cfg.NKeySeedFile)
		if err != nil {
			return nil, &Error{Op: "read the nkey seed", Reason: ErrUnauthorized, Hint: "the file should hold one seed, starting with SU", Cause: err}
		}
		opts = append(opts, opt)
	case c.cfg.CredsFile != "":
		// nats.go reads the file only when it connects; a typo should say so now.
		if _, err := os.Stat(c.cfg.CredsFile); err != nil {
			return nil, &Error{Op: "read the credentials file", Reason: ErrUnauthorized, Hint: "check its path", Cause: err}
		}
		opts = append(opts, nats.UserCredentials(c.cfg.CredsFile))
	}
	if c.cfg.TLS.enabled() {
		conf, err := c.cfg.TLS.config()
		if err != nil {
			return nil, err
		}
		opts = append(opts, nats.Secure(conf))
	}
	return opts, nil
}

// connectError tells the usual mistakes apart.
func connectError(op string, err error) error {
	e := &Error{Op: op, Reason: ErrUnavailable, Hint: hintUnavailable, Cause: err}
	text := strings.ToLower(err.Error())
	switch {
	case errors.Is(err, nats.ErrAuthorization), errors.Is(err, nats.ErrAuthExpired), errors.Is(err, nats.ErrAuthRevoked),
		errors.Is(err, nats.ErrNkeysNotSupported), errors.Is(err, nats.ErrAccountAuthExpired),
		strings.Contains(text, "authorization"), strings.Contains(text, "authentication"):
		e.Reason, e.Hint = ErrUnauthorized, hintAuth
	case errors.Is(err, nats.ErrSecureConnRequired), errors.Is(err, nats.ErrSecureConnWanted):
		e.Hint = "the server and this configuration disagree about TLS"
	case strings.Contains(text, "x509"), strings.Contains(text, "tls:"):
		e.Hint = "check the TLS certificate authority, client certificate and server name"
	}
	return e
}

// redact leaves the credentials out of URLs that end up in logs and errors.
func redact(urls string) string {
	parts := strings.Split(urls, ",")
	for i, p := range parts {
		p = strings.TrimSpace(p)
		if u, err := url.Parse(p); err == nil {
			if u.User != nil {
				u.User = url.User("redacted")
			}
			p = u.String()
		} else if at := strings.LastIndex(p, "@"); at >= 0 {
			p = p[at+1:]
		}
		parts[i] = p
	}
	return strings.Join(parts, ",")
}
