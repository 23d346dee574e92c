package traces

import (
	"net/netip"

	"github.com/fivekeys/fivekeys/schemas"
)

// longestPeer is the longest name of a peer that is taken from an attribute,
// in bytes.
const longestPeer = 255

// peer is the other side of a call or a message: what the span names as such,
// or else what OpenTelemetry's attributes tell of a broker, a database or a
// host. A broker or database comes as system/name, such as kafka/orders.
type peer struct{ system, name string }

// peerOf reads the peer of a span. A server's attributes tell of itself, so only
// callers and consumers have a peer that the attributes name.
func peerOf(s *schemas.Span) peer {
	if s.Peer != "" {
		return peer{name: s.Peer}
	}
	switch s.Kind {
	case schemas.KindClient, schemas.KindProducer, schemas.KindConsumer:
	default:
		return peer{}
	}
	var broker, database peer
	var template, host, rpc string
	temporary := false
	for _, a := range s.Attributes {
		if a.Value == "" || len(a.Value) > longestPeer {
			continue
		}
		switch a.Key {
		case "messaging.system":
			broker.system = a.Value
		case "messaging.destination.name", "messaging.destination": // the older name
			broker.name = a.Value
		case "messaging.destination.template":
			template = a.Value
		case "messaging.destination.temporary", "messaging.destination.anonymous":
			temporary = temporary || a.Value == "true"
		case "db.system.name", "db.system": // the older name
			database.system = a.Value
		case "db.namespace", "db.name": // the older name
			database.name = a.Value
		case "server.address", "net.peer.name": // the older name
			host = a.Value
		case "rpc.service":
			rpc = a.Value
		}
	}
	switch {
	case template != "":
		broker.name = template
	case temporary:
		broker.name = "" // a queue of one reply is no destination to remember
	}
	switch {
	case broker != peer{}:
		return broker
	case database.system != "":
		return database
	case named(host):
		return peer{name: host}
	default:
		return peer{name: rpc}
	}
}

// named says whether a host has a name that others know it by. Addresses come
// and go with their containers.
func named(host string) bool {
	if host == "" || host == "localhost" || host[0] == '/' {
		return false
	}
	_, err := netip.ParseAddr(host)
	return err != nil
}

func (p peer) String() string { return string(p.append(nil)) }

func (p peer) append(text []byte) []byte {
	text = append(text, p.system...)
	if p.system != "" && p.name != "" {
		text = append(text, '/')
	}
	return append(text, p.name...)
}
