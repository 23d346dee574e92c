package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/fivekeys/fivekeys/ingest/gate"
)

type gateCommand struct {
	Service       string        `arg:"" help:"The service, as the catalogue names it."`
	Environment   string        `help:"Where it is deployed to. Budgets freeze a service's production only." placeholder:"NAME"`
	URL           string        `name:"url" help:"The fivekeys to ask: the one that runs on the data folder unless given, or the default address." env:"FIVEKEYS_URL" placeholder:"URL"`
	IfUnreachable string        `help:"What it means where no answer comes: ${enum}." enum:"allow,refuse" default:"refuse"`
	Timeout       time.Duration `help:"How long to wait for an answer." default:"10s"`
	Format        string        `help:"How to print the answer: ${enum}." enum:"text,json" default:"text"`
}

// gatePause is between attempts to reach a gate, which may be starting.
const gatePause = time.Second

// Run asks the gate: exit status 0 allows, 1 refuses.
func (c *gateCommand) Run(ctx context.Context, g *globals, env *environment) error {
	s, err := g.settings(env)
	if err != nil {
		return err
	}
	base, token := c.URL, ""
	if len(s.tokens) > 0 {
		token = s.tokens[0]
	}
	if base == "" {
		base = "http://" + s.listen
		if live, ok := findRunning(g.Data); ok && live.HTTP != "" {
			base, token = live.HTTP, cmp.Or(token, live.Token)
		}
	}
	if u, err := url.Parse(base); err != nil || u.Host == "" {
		return usagef("gate: --url %q is no address, as http://127.0.0.1:8080 is one", base)
	}
	text, err := c.ask(ctx, strings.TrimRight(base, "/"), token)
	var unreachable *unreachableError
	if errors.As(err, &unreachable) && c.IfUnreachable == "allow" {
		_, err = fmt.Fprintf(env.stderr, "fivekeys: allowed without an answer, as --if-unreachable says: %s\n", oneLine(unreachable))
		return err
	}
	if err != nil {
		return err
	}
	return c.print(env.stdout, text)
}

// print tells the answer and fails where it refuses.
func (c *gateCommand) print(w io.Writer, text []byte) error {
	var answer struct {
		Allow  *bool  `json:"allow"`
		Reason string `json:"reason"`
	}
	if err := json.Unmarshal(text, &answer); err != nil || answer.Allow == nil {
		return fmt.Errorf("ask the gate: the answer is not a gate's (%w); is --url a fivekeys?", cmp.Or(err, errors.New("it has no allow")))
	}
	if c.Format == "json" {
		if _, err := fmt.Fprintf(w, "%s\n", bytes.TrimSpace(text)); err != nil {
			return err
		}
	} else {
		verdict := "refused"
		if *answer.Allow {
			verdict = "allowed"
		}
		if _, err := fmt.Fprintf(w, "%s: %s\n", verdict, answer.Reason); err != nil {
			return err
		}
	}
	if !*answer.Allow {
		return errSilent // it said why
	}
	return nil
}

// unreachableError is no answer, as opposed to one that refuses us.
type unreachableError struct{ cause error }

func (e *unreachableError) Error() string {
	return "ask the gate: " + e.cause.Error() + "; is fivekeys running there? --if-unreachable allow lets deployments pass without it"
}

func (e *unreachableError) Unwrap() error { return e.cause }

// ask tries until the gate answers or the time is over.
func (c *gateCommand) ask(ctx context.Context, base, token string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	query := url.Values{"service": {c.Service}}
	if c.Environment != "" {
		query.Set("environment", c.Environment)
	}
	// The token is for this fivekeys and not for whom it may name.
	client := &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	defer client.CloseIdleConnections()
	var last error
	for {
		text, status, err := get(ctx, client, base+gate.Path+"?"+query.Encode(), token)
		switch {
		case err == nil && status == http.StatusOK:
			return text, nil
		case err == nil && status < http.StatusInternalServerError:
			return nil, fmt.Errorf("ask the gate: it answered %d: %s", status, problemText(text))
		case err == nil:
			err = fmt.Errorf("it answered %d: %s", status, problemText(text))
		}
		last = cmp.Or(last, err)
		select {
		case <-time.After(gatePause):
		case <-ctx.Done():
			return nil, &unreachableError{last}
		}
	}
}

func get(ctx context.Context, client *http.Client, target, token string) (text []byte, status int, err error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, target, http.NoBody)
	if err != nil {
		return nil, 0, err
	}
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := client.Do(request)
	if err != nil {
		return nil, 0, err
	}
	defer func() { _ = response.Body.Close() }()
	text, err = io.ReadAll(io.LimitReader(response.Body, 16<<20))
	return text, response.StatusCode, err
}

// problemText is what a problem document says, or the text as it is.
func problemText(text []byte) string {
	var p struct{ Detail, Hint string }
	if err := json.Unmarshal(text, &p); err != nil || p.Detail == "" {
		return string(bytes.TrimSpace(text[:min(len(text), 300)]))
	}
	if p.Hint != "" {
		p.Detail += " (" + p.Hint + ")"
	}
	return p.Detail
}
