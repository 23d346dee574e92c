package testkit

import (
	"context"
	"fmt"
	"net/url"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// clusterSize is the smallest that lives on without one of its servers.
const clusterSize = 3

// NATSCluster are three NATS servers with JetStream that know each other, each in
// a process of its own, so that one can be killed.
type NATSCluster struct {
	tb    testing.TB
	nodes map[string]*NATS
	urls  []string
}

// StartNATSCluster starts a cluster that ends with the test. It returns when a
// stream could be made.
func StartNATSCluster(tb testing.TB) *NATSCluster {
	tb.Helper()
	c := &NATSCluster{tb: tb, nodes: make(map[string]*NATS, clusterSize)}
	ports := make([]int, 2*clusterSize)
	for i := range ports {
		ports[i] = FreePort(tb)
	}
	routes := make([]string, clusterSize)
	for i := range routes {
		routes[i] = fmt.Sprintf("nats://127.0.0.1:%d", ports[clusterSize+i])
	}
	for i, port := range ports[:clusterSize] {
		name := "node-" + strconv.Itoa(i)
		n := &NATS{tb: tb, folder: tb.TempDir(), port: port, environ: []string{
			natsName + "=" + name, natsRoute + "=" + strconv.Itoa(ports[clusterSize+i]), natsRoutes + "=" + strings.Join(routes, ","),
		}}
		n.Start()
		tb.Cleanup(n.Kill)
		c.nodes[name] = n
		c.urls = append(c.urls, n.URL())
	}
	c.awaitLeader()
	return c
}

// joinCluster makes a server one of a cluster, where StartNATSCluster has started
// this process.
func joinCluster(options *server.Options) error {
	name := os.Getenv(natsName)
	if name == "" {
		return nil
	}
	port, err := strconv.Atoi(os.Getenv(natsRoute))
	if err != nil {
		return err
	}
	options.ServerName = name
	options.Cluster = server.ClusterOpts{Name: "fivekeys", Host: "127.0.0.1", Port: port}
	for text := range strings.SplitSeq(os.Getenv(natsRoutes), ",") {
		route, err := url.Parse(text)
		if err != nil {
			return err
		}
		options.Routes = append(options.Routes, route)
	}
	return nil
}

// URL names all servers, also those that are killed.
func (c *NATSCluster) URL() string { return strings.Join(c.urls, ",") }

// URLs are the servers, one by one.
func (c *NATSCluster) URLs() []string { return c.urls }

// Node is a server by its name, as a stream's information has it.
func (c *NATSCluster) Node(name string) *NATS {
	c.tb.Helper()
	n := c.nodes[name]
	if n == nil {
		c.tb.Fatalf("the cluster has no server %q", name)
	}
	return n
}

// Leader is the name of the server that leads a stream; it waits for one where
// none is elected.
func (c *NATSCluster) Leader(stream string) string {
	c.tb.Helper()
	var name string
	c.ask("the leader of "+stream, func(ctx context.Context, js jetstream.JetStream) error {
		s, err := js.Stream(ctx, stream)
		if err != nil {
			return err
		}
		cluster := s.CachedInfo().Cluster
		if cluster == nil || cluster.Leader == "" {
			return fmt.Errorf("stream %s has no leader", stream)
		}
		name = cluster.Leader
		return nil
	})
	return name
}

// AwaitCurrent waits until all replicas of the streams have what their leaders
// have: only then may another server be killed.
func (c *NATSCluster) AwaitCurrent(streams ...string) {
	c.tb.Helper()
	for _, stream := range streams {
		c.ask("replicas of "+stream, func(ctx context.Context, js jetstream.JetStream) error {
			s, err := js.Stream(ctx, stream)
			if err != nil {
				return err
			}
			cluster := s.CachedInfo().Cluster
			if cluster == nil || cluster.Leader == "" {
				return fmt.Errorf("stream %s has no leader", stream)
			}
			for _, peer := range cluster.Replicas {
				if !peer.Current || peer.Offline {
					return fmt.Errorf("stream %s: %+v is behind", stream, *peer)
				}
			}
			return nil
		})
	}
}

func (c *NATSCluster) awaitLeader() {
	c.tb.Helper()
	c.ask("a leader of the cluster", func(ctx context.Context, js jetstream.JetStream) error {
		_, err := js.AccountInfo(ctx)
		return err
	})
}

// ask asks until there is an answer.
func (c *NATSCluster) ask(what string, question func(context.Context, jetstream.JetStream) error) {
	c.tb.Helper()
	conn, err := nats.Connect(c.URL(), nats.MaxReconnects(-1), nats.RetryOnFailedConnect(true))
	if err != nil {
		c.tb.Fatal(err)
	}
	defer conn.Close()
	js, err := jetstream.New(conn)
	if err != nil {
		c.tb.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(c.tb.Context(), 2*natsPatience)
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	var last error
	for {
		bounded, stop := context.WithTimeout(ctx, 2*time.Second)
		err := question(bounded, js)
		stop()
		if err == nil {
			return
		}
		if ctx.Err() == nil {
			last = err
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			c.tb.Fatalf("%s: %v", what, last)
		}
	}
}
