package traces

import "github.com/fivekeys/fivekeys/schemas"

// record is as much of a span as a dependency link needs.
type record struct {
	span, parent  schemas.SpanID
	outer         schemas.SpanID // see schemas.AttributeOuterParent
	end, duration int64          // ns
	service, peer uint32
	next          uint32 // of the same trace
	kind          schemas.SpanKind
	failed        bool
}

// remote says whether the span is one side of a call or of a message.
func (r *record) remote() bool {
	return r.kind.Entry() || r.kind == schemas.KindClient || r.kind == schemas.KindProducer
}

// likeClient says whether a span without a kind is a call: it knows both sides.
func (r *record) likeClient() bool {
	return r.kind == schemas.KindUnspecified && r.service != 0 && r.peer != 0
}

// link is one call of a service by another.
type link struct {
	caller, callee uint32
	end, latency   int64
	failed         bool
}

// linker finds the calls in a trace by the rules of Zipkin's dependency linker:
//
//   - A client whose call was recorded further down is skipped: the server's
//     name for itself is the better one.
//   - A span without a kind that names both sides is a client.
//   - A server is called by the nearest caller above it, or else by the peer it
//     names; without either, it is not linked.
//   - A client below another service's span proves that its own service was
//     called, though that call's span is missing.
//   - Producers and consumers are linked with the broker they name and never
//     with each other.
//   - An error on either side of a call is one error.
//
// A peer that the span doesn't name is read from its attributes (see peerOf):
// Zipkin's spans name theirs, OpenTelemetry's tell of brokers and databases.
//
// It departs from them in two places. Spans within a client that are not calls
// (name resolution, a handshake) do not hide it: they know nothing of the
// server. And a span whose parent is missing is not hung under the trace's
// root, which would invent a call.
//
// And in two more: an error of a client counts for the server below it whatever
// local spans lie between, while a client within a client has its own; and work
// of another service below a client does not stand for the call, which is the
// server's of that service where one answered, and else the client's.
type linker struct {
	kinship
	members []member
	// above is everybody's nearest remote ancestor or -1, below how many calls
	// have one as that.
	above, below []int32
	links        []link
}

// unknown marks an ancestor that was not looked for yet.
const unknown int32 = -2

// of gives the links of one trace's records, valid until the next call.
func (l *linker) of(records []record) []link {
	l.members, l.links = l.members[:0], l.links[:0]
	for i := range records {
		r := &records[i]
		l.members = append(l.members, member{r.span, r.parent, r.outer, r.service, r.kind.Entry()})
	}
	parents := l.kinship.of(l.members)
	l.findRemotes(records, parents)
	for i := range records {
		if parents[i] != duplicate {
			l.link(records, i)
		}
	}
	return l.links
}

// findRemotes walks up from everybody to somebody whose nearest remote ancestor
// is known: every span is passed once.
func (l *linker) findRemotes(records []record, parents []int32) {
	l.above, l.below = l.above[:0], append(l.below[:0], make([]int32, len(records))...)
	for range records {
		l.above = append(l.above, unknown)
	}
	for i := range records {
		found, at := unknown, int32(i)
		for found == unknown {
			switch up := parents[at]; {
			case l.above[at] != unknown:
				found = l.above[at]
			case up < 0:
				found = -1
			case records[up].remote():
				found = up
			default:
				at = up
			}
		}
		for down := int32(i); l.above[down] == unknown; down = parents[down] {
			l.above[down] = found
			if down == at {
				break
			}
		}
		if found >= 0 && parents[i] != duplicate && (records[i].remote() || records[i].likeClient()) {
			l.below[found]++
		}
	}
}

func (l *linker) link(records []record, i int) {
	r := &records[i]
	made := link{end: r.end, latency: r.duration, failed: r.failed}
	switch {
	case r.kind == schemas.KindServer:
		made.caller, made.callee = r.peer, r.service
	case r.kind == schemas.KindClient && l.below[i] == 0, r.likeClient():
		made.caller, made.callee = r.service, r.peer
	case r.kind == schemas.KindProducer:
		made.caller, made.callee = r.service, r.peer
		l.add(made)
		return
	case r.kind == schemas.KindConsumer:
		made.caller, made.callee = r.peer, r.service
		l.add(made)
		return
	default:
		return
	}
	if up := l.above[i]; up >= 0 && records[up].service != 0 {
		above := &records[up]
		if r.kind != schemas.KindServer && r.service != 0 && above.service != r.service {
			// How long that call took and how it ended nobody said.
			l.add(link{caller: above.service, callee: r.service, end: r.end, latency: r.duration})
		}
		if r.kind == schemas.KindServer || made.caller == 0 {
			made.caller = above.service
		}
		if r.kind == schemas.KindServer && above.kind == schemas.KindClient {
			made.failed = made.failed || above.failed
			if l.below[up] == 1 {
				made.latency = above.duration // what the caller waited, the network included
			}
		}
	}
	l.add(made)
}

func (l *linker) add(made link) {
	if made.caller != 0 && made.callee != 0 {
		l.links = append(l.links, made)
	}
}
