package traces

import "strings"

// names numbers the names of services, so that a record holds four bytes for
// each. The empty name is 0.
type names struct {
	numbers map[string]uint32
	texts   []string
	limit   int
	scratch []byte
}

func newNames() names { return names{numbers: map[string]uint32{"": 0}, texts: []string{""}} }

// number of a name. Spans point into a message that is reused: a new name is
// cloned.
func (n *names) number(text string) uint32 {
	if number, ok := n.numbers[text]; ok {
		return number
	}
	text = strings.Clone(text)
	number := uint32(len(n.texts))
	n.numbers[text] = number
	n.texts = append(n.texts, text)
	return number
}

// peer is the number of a peer's name, which is put together from its parts.
func (n *names) peer(p peer) uint32 {
	if p.system == "" {
		return n.number(p.name)
	}
	n.scratch = p.append(n.scratch[:0])
	if number, ok := n.numbers[string(n.scratch)]; ok {
		return number
	}
	return n.number(string(n.scratch))
}

func (n *names) text(number uint32) string { return n.texts[number] }

// manyNames is how many are remembered before those that are used no more are
// let go: names of peers may be hosts that come and go.
const manyNames = 1 << 16

// bound lets go of names where they have become many. renumber maps every
// number in use.
func (n *names) bound(renumber func(number func(old uint32) uint32)) {
	if len(n.texts) < max(n.limit, manyNames) {
		return
	}
	fresh := newNames()
	renumber(func(old uint32) uint32 { return fresh.number(n.texts[old]) })
	fresh.limit = 2 * len(fresh.texts)
	*n = fresh
}
