package gitlog

import (
	"bufio"
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// oid is a commit's name; a SHA-1 leaves its last twelve bytes zero.
type oid [32]byte

// node is a commit's number in the graph.
type node = int32

// none is the first parent of a root.
const none node = -1

// noDate marks a date that git could not read or that is not an accepted time.
const noDate int64 = 0

// graph is the history: who is whose parent, and when. It keeps some hundred
// bytes a commit and no text, so that a million commits fit in memory.
type graph struct {
	width     int // bytes of an object name: 20 or 32
	ids       []oid
	parents   [][]node
	authored  []int64 // author dates, Unix seconds or noDate
	committed []int64 // committer dates

	now   time.Time // what is later by more than a day is no date
	index map[oid]node
	arena []node // parents are cut from it, sparing an allocation a commit
}

func newGraph(now time.Time) *graph { return &graph{now: now, index: map[oid]node{}} }

// revListFormat prints what graph keeps. Dates that git can't read are empty.
const revListFormat = "--format=%at,%ct,%P"

var errRevList = errors.New("git rev-list printed a line that is not of its format")

// read takes the output of git rev-list --format=… in, in whatever order.
func (g *graph) read(r io.Reader, progress func(done int)) error {
	in := bufio.NewReaderSize(r, 1<<20)
	for done := 1; ; done++ {
		head, err := in.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(head) == 0 {
			return nil
		}
		if err != nil {
			return fmt.Errorf("read a commit's name: %w", truncated(err))
		}
		name, ok := bytes.CutPrefix(head[:len(head)-1], []byte("commit "))
		if !ok {
			return fmt.Errorf("%w: %.80q", errRevList, head)
		}
		n, err := g.intern(name)
		if err != nil {
			return err
		}
		line, err := in.ReadSlice('\n') // an octopus of 25,000 arms still fits
		if err != nil {
			return fmt.Errorf("read commit %s: %w", g.sha(n), truncated(err))
		}
		if err := g.fill(n, line[:len(line)-1]); err != nil {
			return err
		}
		progress(done)
	}
}

func truncated(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// fill sets a commit's dates and parents from "author,committer,parent parent".
func (g *graph) fill(n node, line []byte) error {
	fields := bytes.SplitN(line, []byte(","), 3)
	if len(fields) != 3 {
		return fmt.Errorf("%w: %.80q", errRevList, line)
	}
	g.authored[n], g.committed[n] = parseDate(string(fields[0]), g.now), parseDate(string(fields[1]), g.now)
	start := len(g.arena)
	for name := range bytes.FieldsSeq(fields[2]) {
		p, err := g.intern(name)
		if err != nil {
			return err
		}
		g.arena = append(g.arena, p)
	}
	g.parents[n] = slices.Clip(g.arena[start:])
	const chunk = 1 << 16
	if len(g.arena) > chunk {
		g.arena = make([]node, 0, chunk+1024)
	}
	return nil
}

// parseDate reads Unix seconds. What is not an accepted time is no date: zero,
// which broken importers write where they know none, among the rest.
func parseDate(s string, now time.Time) int64 {
	t, err := strconv.ParseInt(s, 10, 64)
	if err != nil || schemas.CheckHappened(time.Unix(t, 0), now) != nil {
		return noDate
	}
	return t
}

// undated says in warnings which dates are none.
var undated = fmt.Sprintf("before %d, after %d or in the future", schemas.EarliestTime.Year(), schemas.LatestTime.Year()-1)

// intern numbers a commit when it is first heard of, be it as a parent.
func (g *graph) intern(name []byte) (node, error) {
	id, err := parseOID(name)
	if err != nil {
		return none, err
	}
	if n, ok := g.index[id]; ok {
		return n, nil
	}
	n := node(len(g.ids))
	g.width = len(name) / 2
	g.index[id] = n
	g.ids = append(g.ids, id)
	g.parents = append(g.parents, nil)
	g.authored = append(g.authored, noDate)
	g.committed = append(g.committed, noDate)
	return n, nil
}

func parseOID(name []byte) (id oid, err error) {
	if len(name) != 40 && len(name) != 64 {
		return id, fmt.Errorf("%w: object name %.80q", errRevList, name)
	}
	if _, err := hex.Decode(id[:], name); err != nil {
		return id, fmt.Errorf("%w: object name %.80q", errRevList, name)
	}
	return id, nil
}

// find gives the commit of a full name.
func (g *graph) find(sha string) (node, bool) {
	id, err := parseOID([]byte(sha))
	if err != nil {
		return none, false
	}
	n, ok := g.index[id]
	return n, ok
}

func (g *graph) sha(n node) string { return hex.EncodeToString(g.ids[n][:g.width]) }

func (g *graph) firstParent(n node) node {
	if len(g.parents[n]) == 0 {
		return none
	}
	return g.parents[n][0]
}
