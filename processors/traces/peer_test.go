package traces

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

// tells gives a span attributes: key, value, key, value.
func tells(s schemas.Span, pairs ...string) schemas.Span {
	for pair := range slices.Chunk(pairs, 2) {
		s.Attributes = append(s.Attributes, schemas.Attribute{Key: pair[0], Value: pair[1]})
	}
	return s
}

func TestPeersThatOnlyAttributesTellOf(t *testing.T) {
	of := func(kind schemas.SpanKind, pairs ...string) schemas.Span {
		return tells(span(1, 0, kind, "shop", "op", 0, 10), pairs...)
	}
	for name, c := range map[string]struct {
		span schemas.Span
		want string
	}{
		"a topic":                           {of(producer, "messaging.system", "kafka", "messaging.destination.name", "orders"), "kafka/orders"},
		"a topic, by its older name":        {of(consumer, "messaging.system", "kafka", "messaging.destination", "orders"), "kafka/orders"},
		"a broker alone":                    {of(producer, "messaging.system", "rabbitmq"), "rabbitmq"},
		"a topic alone":                     {of(consumer, "messaging.destination.name", "orders"), "orders"},
		"a topic with a template":           {of(producer, "messaging.system", "kafka", "messaging.destination.template", "orders-{n}", "messaging.destination.name", "orders-77"), "kafka/orders-{n}"},
		"a queue for one reply":             {of(producer, "messaging.system", "rabbitmq", "messaging.destination.name", "amq.gen-x", "messaging.destination.temporary", "true"), "rabbitmq"},
		"a broker's client":                 {of(client, "messaging.system", "aws_sqs", "messaging.destination.name", "mail", "server.address", "sqs.example"), "aws_sqs/mail"},
		"a database":                        {of(client, "db.system.name", "postgresql", "db.namespace", "shop", "server.address", "db.internal"), "postgresql/shop"},
		"a database, by its older names":    {of(client, "db.system", "redis"), "redis"},
		"a host":                            {of(client, "server.address", "api.bank.example"), "api.bank.example"},
		"a host, by its older name":         {of(client, "net.peer.name", "api.bank.example"), "api.bank.example"},
		"a host before its interface":       {of(client, "rpc.service", "bank.v1.Accounts", "server.address", "bank"), "bank"},
		"an interface at an address":        {of(client, "rpc.service", "bank.v1.Accounts", "server.address", "10.0.0.7"), "bank.v1.Accounts"},
		"an address is no name":             {of(client, "server.address", "10.0.0.7"), ""},
		"nor is one of IPv6":                {of(client, "server.address", "fd00::7"), ""},
		"nor this very host":                {of(client, "server.address", "localhost"), ""},
		"nor a socket":                      {of(client, "server.address", "/run/db.sock"), ""},
		"what the span names wins":          {to("orders-db", of(client, "db.system", "postgresql", "db.name", "shop")), "orders-db"},
		"a server tells of itself":          {of(server, "server.address", "shop.example", "rpc.service", "shop.v1.Shop"), ""},
		"work within a service has no peer": {of(local, "db.system", "sqlite", "messaging.system", "kafka"), ""},
		"a name beyond all bounds":          {of(client, "server.address", strings.Repeat("a", longestPeer+1)), ""},
	} {
		t.Run(name, func(t *testing.T) {
			if got := peerOf(&c.span).String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if got := Read([]schemas.Span{c.span}).Nodes[0].Peer; got != c.want {
				t.Errorf("the reading says %q, want %q", got, c.want)
			}
		})
	}
}

func TestConsumersAndDatabasesHaveTheirEdges(t *testing.T) {
	kafka := []string{"messaging.system", "kafka", "messaging.destination.name", "orders"}
	got := collect([]schemas.Span{
		span(1, 0, server, "shop", "POST /orders", 0, 100),
		tells(span(2, 1, producer, "shop", "publish orders", 10, 5), kafka...),
		tells(failed(span(3, 2, consumer, "ledger", "process orders", 20, 50)), kafka...),
		tells(span(4, 3, client, "ledger", "INSERT", 30, 10), "db.system.name", "postgresql", "db.namespace", "ledger"),
		tells(span(5, 1, client, "shop", "GET", 40, 20), "server.address", "cart.internal"),
		span(6, 5, server, "cart", "GET", 41, 18),
	}).lines
	slices.Sort(got)
	// The host of a server that tells of itself is no service of its own.
	want := []string{"kafka/orders → ledger failed", "ledger → postgresql/ledger", "shop → cart", "shop → kafka/orders"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
