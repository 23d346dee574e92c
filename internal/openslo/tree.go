package openslo

import (
	"bytes"
	"errors"
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
)

// Bounds against files that are no SLOs: aliases of aliases double with each
// level.
const (
	maxSize  = 4 << 20
	maxDepth = 32
	maxNodes = 200_000
)

type kind uint8

const (
	null kind = iota
	text
	number
	boolean
	list
	mapping
)

// node is a value of a file with its place; anchors and tags are followed.
type node struct {
	at     place
	kind   kind
	text   string // of a text, number or boolean
	items  []*node
	fields []field
}

type field struct {
	key   string
	at    place
	value *node
}

func (n *node) get(key string) *node {
	if n == nil {
		return nil
	}
	for _, f := range n.fields {
		if f.key == key {
			return f.value
		}
	}
	return nil
}

// words says what a node is, for a message.
func (n *node) words() string {
	switch n.kind {
	case text:
		return strconv.Quote(clip(n.text))
	case number:
		return "the number " + clip(n.text)
	case boolean:
		return "the boolean " + n.text
	case list:
		return "a list"
	case mapping:
		return "a mapping"
	case null:
	}
	return "empty"
}

// clip keeps what is quoted from a file short.
func clip(s string) string {
	const most = 60
	for i := range s {
		if i > most {
			return s[:i] + "…"
		}
	}
	return s
}

// planter grows the trees of one file.
type planter struct {
	file    string
	report  func(Problem)
	anchors map[string]ast.Node
	nodes   int
}

// parse gives a file's objects: its documents, and the entries of those that
// are lists.
func (p *planter) parse(content []byte) []*node {
	whole := place{file: p.file}
	switch {
	case len(content) > maxSize:
		p.report(whole.problem(Refused, fmt.Sprintf("is larger than %d MiB", maxSize>>20), "is it the right file?"))
		return nil
	case !utf8.Valid(content):
		p.report(whole.problem(Refused, "isn't UTF-8 text", "is it the right file?"))
		return nil
	}
	var objects []*node
	for _, document := range p.documents(bytes.TrimPrefix(content, []byte("\ufeff"))) {
		if document == nil || document.Body == nil {
			continue
		}
		p.anchors = map[string]ast.Node{}
		for _, n := range ast.Filter(ast.AnchorType, document.Body) {
			if anchor, ok := n.(*ast.AnchorNode); ok && anchor.Name != nil {
				p.anchors[anchor.Name.GetToken().Value] = anchor.Value
			}
		}
		switch n := p.plant(document.Body, 0); n.kind {
		case null:
		case list:
			objects = append(objects, n.items...)
		case text, number, boolean, mapping:
			objects = append(objects, n)
		}
	}
	return objects
}

// documents are those of a file. Where one of them isn't YAML each is read
// alone: the others' mistakes show too.
func (p *planter) documents(content []byte) []*ast.DocumentNode {
	file, err := parser.ParseBytes(content, 0, parser.AllowDuplicateMapKey())
	if err == nil {
		return file.Docs
	}
	var docs []*ast.DocumentNode
	refused := false
	for _, document := range apart(content) {
		file, err := parser.ParseBytes(document, 0, parser.AllowDuplicateMapKey())
		if err != nil {
			refused = true
			p.syntax(err)
			continue
		}
		docs = append(docs, file.Docs...)
	}
	if !refused { // each alone is fine, together they are not
		p.syntax(err)
		return nil
	}
	return docs
}

// apart cuts a file at its document marks. Each part keeps its lines' numbers by
// the empty lines before it.
func apart(content []byte) [][]byte {
	var parts [][]byte
	var part []byte
	for n, line := range bytes.SplitAfter(content, []byte("\n")) {
		if bytes.HasPrefix(line, []byte("---")) && len(parts) < maxDocuments {
			parts = append(parts, part)
			part = bytes.Repeat([]byte("\n"), n+1)
			continue
		}
		part = append(part, line...)
	}
	return append(parts, part)
}

// maxDocuments bounds the parts that a broken file is read in.
const maxDocuments = 100

func (p *planter) syntax(err error) {
	at, message := place{file: p.file}, err.Error()
	var e yaml.Error
	if errors.As(err, &e) {
		message = e.GetMessage()
		if t := e.GetToken(); t != nil && t.Position != nil {
			at.line, at.column = t.Position.Line, t.Position.Column
		}
	}
	p.report(at.problem(Refused, "isn't YAML: "+message, ""))
}

// place is where a node begins; a block of keys begins with its first key.
func (p *planter) place(n ast.Node) place {
	at := place{file: p.file}
	t := n.GetToken()
	switch v := n.(type) {
	case *ast.MappingNode:
		if !v.IsFlowStyle && len(v.Values) > 0 {
			t = v.Values[0].Key.GetToken()
		}
	case *ast.MappingValueNode:
		t = v.Key.GetToken()
	}
	if t != nil && t.Position != nil {
		at.line, at.column = t.Position.Line, t.Position.Column
	}
	return at
}

func (p *planter) plant(n ast.Node, depth int) *node {
	if n == nil {
		return &node{at: place{file: p.file}}
	}
	here := &node{at: p.place(n)}
	if p.nodes++; depth > maxDepth || p.nodes > maxNodes {
		if p.nodes <= maxNodes || p.nodes == maxNodes+1 {
			p.report(here.at.problem(Refused, "too much within each other", "does an anchor refer to itself?"))
		}
		p.nodes = max(p.nodes, maxNodes+1) // one such line is enough
		return here
	}
	switch v := n.(type) {
	case *ast.NullNode:
	case *ast.AnchorNode:
		return p.plant(v.Value, depth+1)
	case *ast.TagNode:
		return p.plant(v.Value, depth+1)
	case *ast.AliasNode:
		name := v.Value.GetToken().Value
		target, ok := p.anchors[name]
		if !ok {
			p.report(here.at.problem(Refused, fmt.Sprintf("*%s refers to no anchor", clip(name)), `quote a value that begins with *: "*-prod"`))
			return here
		}
		return p.plant(target, depth+1)
	case *ast.StringNode:
		here.kind, here.text = text, v.Value
	case *ast.LiteralNode:
		here.kind, here.text = text, v.Value.Value
	case *ast.IntegerNode:
		here.kind, here.text = number, fmt.Sprint(v.Value)
	case *ast.FloatNode:
		here.kind, here.text = number, strconv.FormatFloat(v.Value, 'g', -1, 64)
	case *ast.BoolNode:
		here.kind, here.text = boolean, strconv.FormatBool(v.Value)
	case *ast.SequenceNode:
		here.kind = list
		for _, item := range v.Values {
			here.items = append(here.items, p.plant(item, depth+1))
		}
	case ast.MapNode:
		here.kind = mapping
		p.mapping(here, v, depth)
	default:
		p.report(here.at.problem(Refused, "this has no meaning here", "write a text, a number, a list or keys"))
	}
	return here
}

func (p *planter) mapping(into *node, m ast.MapNode, depth int) {
	for i := m.MapRange(); i.Next(); {
		key := i.Key()
		at, name := p.place(key), key.GetToken().Value
		switch {
		case key.IsMergeKey():
			p.report(at.problem(Refused, "merge keys (<<) aren't known here", "write the keys out"))
		case into.get(name) != nil:
			p.report(at.problem(Refused, fmt.Sprintf("key %q stands twice", clip(name)), "keep one of them"))
		default:
			into.fields = append(into.fields, field{name, at, p.plant(i.Value(), depth+1)})
		}
	}
}
