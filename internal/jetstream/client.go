package jetstream

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// closeTimeout bounds each step of Close: publishers and subscriptions that
// don't come to an end, a connection that doesn't drain.
const closeTimeout = 10 * time.Second

// Client is a connection to NATS, and the embedded server if there is one.
type Client struct {
	cfg      Config
	log      *slog.Logger
	nc       *nats.Conn
	js       jetstream.JetStream
	embedded *embedded // nil when connected by URL
	trimmer  trimmer
	reserved int64 // bytes of disk that intake leaves free

	closedCh chan struct{} // the connection has ended for good

	mu      sync.Mutex
	down    chan struct{} // closed while disconnected: whoever waits for an answer gives up
	parts   map[io.Closer]struct{}
	closing bool

	closeOnce sync.Once
	closeErr  error
}

// Open starts the embedded server or connects to the one at cfg.URL, and makes
// sure that JetStream answers. Call Ensure before publishing or subscribing.
func Open(ctx context.Context, cfg Config) (_ *Client, err error) {
	if err := cfg.defaults(); err != nil {
		return nil, fmt.Errorf("configure NATS: %w", err)
	}
	c := &Client{
		cfg:      cfg,
		log:      cfg.Logger,
		closedCh: make(chan struct{}),
		down:     make(chan struct{}),
		parts:    make(map[io.Closer]struct{}),
	}
	c.trimmer.client = c
	c.reserved = reservedDisk
	defer func() {
		if err != nil {
			c.shutdown()
		}
	}()
	if cfg.URL == "" {
		if c.embedded, err = startEmbedded(&c.cfg); err != nil {
			return nil, err
		}
		c.nc, err = c.connectEmbedded()
	} else {
		c.nc, err = c.connectRemote(ctx)
	}
	if err != nil {
		return nil, err
	}
	if c.js, err = jetstream.New(c.nc); err != nil {
		return nil, fmt.Errorf("open JetStream: %w", err)
	}
	if err = c.patiently(ctx, "JetStream", c.Healthy); err != nil && !errors.Is(err, ErrDiskFull) {
		return nil, err // with a disk that is nearly full one can still drain
	}
	return c, nil
}

// handlers are the connection's callbacks; nats.go runs them one after another.
func (c *Client) handlers() []nats.Option {
	return []nats.Option{
		nats.Name(c.cfg.Name),
		nats.MaxReconnects(-1),
		// Rotated credentials must not end a connection for good.
		nats.IgnoreAuthErrorAbort(),
		nats.RetryOnFailedConnect(false),
		nats.ReconnectWait(250 * time.Millisecond),
		nats.ReconnectJitter(250*time.Millisecond, time.Second),
		nats.PingInterval(10 * time.Second),
		nats.MaxPingsOutstanding(2),
		nats.Timeout(c.cfg.ConnectTimeout),
		nats.DrainTimeout(closeTimeout),
		// Holds acknowledgements while disconnected; publishes don't get that far.
		nats.ReconnectBufSize(8 << 20),
		nats.DisconnectErrHandler(func(_ *nats.Conn, err error) {
			c.setDown()
			if err != nil {
				c.log.Warn("NATS disconnected", "error", err)
			}
		}),
		nats.ReconnectHandler(func(nc *nats.Conn) {
			c.setUp()
			c.log.Info("NATS reconnected", "server", nc.ConnectedUrlRedacted())
		}),
		nats.ClosedHandler(func(*nats.Conn) { close(c.closedCh) }),
		nats.ErrorHandler(func(_ *nats.Conn, sub *nats.Subscription, err error) {
			subject := ""
			if sub != nil {
				subject = sub.Subject
			}
			if errors.Is(err, nats.ErrSlowConsumer) {
				// Only a Log's inbox has a bound (the library's, and heartbeats fill it
				// while the reader is busy). It sees the gap and reads again from there.
				c.log.Debug("the reader of a log was busy, it reads again", "subject", subject)
				return
			}
			c.log.Warn("NATS reports an error", "subject", subject, "error", err)
		}),
	}
}

func (c *Client) setDown() {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.down:
	default:
		close(c.down)
	}
}

func (c *Client) setUp() {
	c.mu.Lock()
	defer c.mu.Unlock()
	select {
	case <-c.down:
		c.down = make(chan struct{})
	default:
	}
}

// disconnected is closed at the next (or current) loss of the connection.
func (c *Client) disconnected() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.down
}

// Status is what readiness and operators look at.
type Status struct {
	Connected  bool
	Embedded   bool
	Server     string // URL without credentials, or "embedded"
	Version    string
	Reconnects uint64
}

// Status tells without asking the server.
func (c *Client) Status() Status {
	s := Status{
		Connected:  c.nc.IsConnected(),
		Embedded:   c.embedded != nil,
		Server:     c.nc.ConnectedUrlRedacted(),
		Version:    c.nc.ConnectedServerVersion(),
		Reconnects: c.nc.Stats().Reconnects,
	}
	if s.Embedded {
		s.Server = "embedded"
	}
	return s
}

// Healthy asks the server whether JetStream answers, and looks at the disk where
// that is ours.
func (c *Client) Healthy(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.ConnectTimeout)
	defer cancel()
	if _, err := c.js.AccountInfo(ctx); err != nil {
		return wrap("ask JetStream for its state", err)
	}
	return c.diskRoom("check the disk")
}

// diskRoom refuses when the embedded server's disk is nearly full.
func (c *Client) diskRoom(op string) error {
	if c.embedded == nil {
		return nil
	}
	if free, ok := freeDisk(c.cfg.StoreDir); ok && free < c.reserved {
		return &Error{
			Op: op, Reason: ErrDiskFull, Cause: fmt.Errorf("%d MiB are free, %d are kept in reserve", free>>20, c.reserved>>20), Hint: "free disk space",
		}
	}
	return nil
}

// adopt has Close end part first; drop forgets it again.
func (c *Client) adopt(part io.Closer) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closing {
		return ErrClosed
	}
	c.parts[part] = struct{}{}
	return nil
}

func (c *Client) drop(part io.Closer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.parts, part)
}

// Close ends publishers and subscriptions, drains the connection and stops the
// embedded server. It may be called more than once.
func (c *Client) Close() error {
	c.closeOnce.Do(func() {
		c.mu.Lock()
		c.closing = true
		parts := make([]io.Closer, 0, len(c.parts))
		for p := range c.parts {
			parts = append(parts, p)
		}
		c.mu.Unlock()

		var wg sync.WaitGroup
		for _, p := range parts {
			wg.Go(func() { _ = p.Close() })
		}
		wg.Wait()
		c.shutdown()
	})
	return c.closeErr
}

// shutdown drains what Open started, as far as it got: the connection first, so
// that the last acknowledgements reach the server.
func (c *Client) shutdown() {
	if c.nc != nil && !c.nc.IsClosed() {
		if err := c.nc.Drain(); err != nil {
			c.nc.Close()
		}
		timer := time.NewTimer(closeTimeout)
		select {
		case <-c.closedCh:
		case <-timer.C:
			c.nc.Close()
		}
		timer.Stop()
	}
	if c.embedded != nil {
		c.closeErr = c.embedded.stop()
	}
}
