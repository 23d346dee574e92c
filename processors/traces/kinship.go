package traces

import (
	"cmp"
	"encoding/binary"
	"slices"

	"github.com/fivekeys/fivekeys/schemas"
)

// member is as much of a span as its place in the family needs. Names are
// numbers here: equal ones are the same name.
type member struct {
	span, parent schemas.SpanID
	outer        schemas.SpanID // see schemas.AttributeOuterParent
	service      uint32
	entry        bool // server or consumer
}

// What stands in the place of a parent where there is none.
const (
	root      int32 = -1
	orphan    int32 = -2 // names a parent that is not there
	loop      int32 = -3 // the first of a circle, where it was cut
	duplicate int32 = -4 // came before; nobody's child and nobody's parent
)

// kinship finds parents. Its memory is used again for the next trace.
type kinship struct {
	parents []int32
	order   []place
	servers []place
	seen    []int32
}

// place is where a member stands among all, sorted by id.
type place struct {
	id    uint64
	index int32
}

func idOf(s schemas.SpanID) uint64 { return binary.BigEndian.Uint64(s[:]) }

// of gives everybody's parent as an index into members, or one of the
// constants above. It is valid until the next call. What is ambiguous is
// decided in favour of the member that comes first.
func (k *kinship) of(members []member) []int32 {
	k.parents = append(k.parents[:0], make([]int32, len(members))...)
	k.order = k.order[:0]
	for i := range members {
		k.order = append(k.order, place{idOf(members[i].span), int32(i)})
	}
	slices.SortFunc(k.order, func(a, b place) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.index, b.index)) })
	k.dropDuplicates(members)
	k.order = slices.DeleteFunc(k.order, func(p place) bool { return k.parents[p.index] == duplicate })
	for i := range members {
		if k.parents[i] != duplicate {
			k.parents[i] = k.parent(members, int32(i))
		}
	}
	k.moveToServers(members)
	k.cutLoops()
	return k.parents
}

// namesakes are the places of all members with an id.
func (k *kinship) namesakes(id uint64) []place {
	from, _ := slices.BinarySearchFunc(k.order, id, func(p place, id uint64) int { return cmp.Compare(p.id, id) })
	to := from
	for to < len(k.order) && k.order[to].id == id {
		to++
	}
	return k.order[from:to]
}

// dropDuplicates leaves of an id at most one span of the calling side and one
// of each service that was called by it.
func (k *kinship) dropDuplicates(members []member) {
	for from := 0; from < len(k.order); {
		to := from + 1
		for ; to < len(k.order) && k.order[to].id == k.order[from].id; to++ {
			this := members[k.order[to].index]
			for _, p := range k.order[from:min(to, from+mostHalves)] {
				other := members[p.index]
				if this.entry == other.entry && (!this.entry || this.service == other.service) {
					k.parents[k.order[to].index] = duplicate
					break
				}
			}
			if to-from >= mostHalves {
				k.parents[k.order[to].index] = duplicate
			}
		}
		from = to
	}
}

// mostHalves is how many spans one id can stand for; more are a mistake of the
// sender's, and looking at each for each would take for ever.
const mostHalves = 64

func (k *kinship) parent(members []member, i int32) int32 {
	this := &members[i]
	// A server that took over its caller's id, as Zipkin allows, is the child of
	// the span it shares the id with.
	if this.entry {
		for _, p := range k.namesakes(idOf(this.span)) {
			if !members[p.index].entry {
				return p.index
			}
		}
	}
	if this.parent.IsZero() || this.parent == this.span {
		return root
	}
	found := k.named(members, this, this.parent)
	if found == orphan && !this.outer.IsZero() {
		found = k.named(members, this, this.outer)
	}
	return found
}

// named finds whose child a member is among those with an id.
func (k *kinship) named(members []member, this *member, id schemas.SpanID) int32 {
	found := orphan
	for _, p := range k.namesakes(idOf(id)) {
		candidate := &members[p.index]
		switch {
		case candidate.entry && candidate.service == this.service:
			return p.index // the half in the same process
		case found == orphan || !candidate.entry && members[found].entry:
			found = p.index
		}
	}
	return found
}

// moveToServers finds the place of what a server that shared its client's id
// did: such spans name that id, and their service's name is all that tells them
// from what the client did. Where the client's service differs and a server of
// their own service answered the client, it was that server's work.
func (k *kinship) moveToServers(members []member) {
	k.servers = k.servers[:0]
	side := func(parent int32, service uint32) uint64 { return uint64(parent)<<32 | uint64(service) }
	byID := func(p place, id uint64) int { return cmp.Compare(p.id, id) }
	listed := false
	for i := range members {
		this, up := &members[i], k.parents[i]
		if this.entry || up < 0 || members[up].entry || members[up].service == this.service {
			continue
		}
		if !listed {
			listed = true
			for j := range members {
				if p := k.parents[j]; p >= 0 && members[j].entry {
					k.servers = append(k.servers, place{side(p, members[j].service), int32(j)})
				}
			}
			slices.SortFunc(k.servers, func(a, b place) int { return cmp.Or(cmp.Compare(a.id, b.id), cmp.Compare(a.index, b.index)) })
		}
		if at, found := slices.BinarySearchFunc(k.servers, side(up, this.service), byID); found {
			k.parents[i] = k.servers[at].index
		}
	}
}

// cutLoops makes the first member of every circle a root of its own.
func (k *kinship) cutLoops() {
	k.seen = append(k.seen[:0], make([]int32, len(k.parents))...)
	for i := range k.parents {
		walk := int32(i) + 1 // tells this walk from those before
		at := int32(i)
		for at >= 0 && k.seen[at] == 0 {
			k.seen[at] = walk
			at = k.parents[at]
		}
		if at < 0 || k.seen[at] != walk {
			continue
		}
		first := at
		for next := k.parents[at]; next != at; next = k.parents[next] {
			first = min(first, next)
		}
		k.parents[first] = loop
	}
}
