package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"
	"github.com/goccy/go-yaml/token"

	"github.com/fivekeys/fivekeys/internal/suggest"
	"github.com/fivekeys/fivekeys/schemas"
)

// decoder walks the nodes of the file and collects problems. Its methods give
// what they could read and never stop it.
type decoder struct {
	file     string
	folder   string    // the file's, where other files are looked for; empty looks for none
	now      time.Time // for warnings about what is over; zero gives none
	config   Config
	problems Problems
	warnings Problems
	anchors  map[string]ast.Node
	services []*serviceEntry
	channels map[string]ast.Node // receivers by the name of their secret
}

// serviceEntry remembers where a service's parts stand, for the checks.
type serviceEntry struct {
	service      schemas.Service
	at           ast.Node
	repositories []ast.Node
	aliases      []ast.Node
}

func (d *decoder) decode(text []byte) {
	// Keys given twice are ours to report, beside all other problems.
	file, err := parser.ParseBytes(text, 0, parser.AllowDuplicateMapKey())
	if err != nil {
		d.syntax(err)
		return
	}
	if len(file.Docs) > 1 && file.Docs[1].Body != nil {
		d.report(file.Docs[1].Body, "a second YAML document", "keep everything in the first, without ---")
	}
	d.anchors = map[string]ast.Node{}
	for _, doc := range file.Docs {
		if doc.Body == nil {
			continue
		}
		for _, n := range ast.Filter(ast.AnchorType, doc.Body) {
			if anchor, ok := n.(*ast.AnchorNode); ok && anchor.Name != nil {
				d.anchors[anchor.Name.GetToken().Value] = anchor.Value
			}
		}
	}
	if len(file.Docs) > 0 && file.Docs[0].Body != nil {
		d.root(file.Docs[0].Body)
		d.check()
	}
}

func (d *decoder) syntax(err error) {
	p := Problem{File: d.file, Message: "isn't YAML: " + err.Error()}
	var e yaml.Error
	if errors.As(err, &e) {
		p.Message = "isn't YAML: " + e.GetMessage()
		if t := e.GetToken(); t != nil && t.Position != nil {
			p.Line, p.Column = t.Position.Line, t.Position.Column
			if strings.Contains(t.Value, "*") || t.Prev != nil && t.Prev.Type == token.AliasType {
				p.Hint = quoteHint
			}
		}
	}
	d.problems = append(d.problems, p)
}

const quoteHint = `quote a value that begins with *: "*-prod"`

func (d *decoder) problem(at ast.Node, message, hint string) Problem {
	p := Problem{File: d.file, Message: message, Hint: hint}
	p.Line, p.Column = position(at)
	return p
}

// position is where a node begins. The token of a block of keys is its first
// colon, which is not where anybody would look.
func position(n ast.Node) (line, column int) {
	t := n.GetToken()
	if m, ok := n.(*ast.MappingNode); ok && !m.IsFlowStyle && len(m.Values) > 0 {
		t = m.Values[0].Key.GetToken()
	}
	if v, ok := n.(*ast.MappingValueNode); ok {
		t = v.Key.GetToken()
	}
	if t == nil || t.Position == nil {
		return 0, 0
	}
	return t.Position.Line, t.Position.Column
}

func (d *decoder) report(at ast.Node, message, hint string) {
	d.problems = append(d.problems, d.problem(at, message, hint))
}

func (d *decoder) warn(at ast.Node, message, hint string) {
	d.warnings = append(d.warnings, d.problem(at, message, hint))
}

// value follows anchors, aliases and tags to what they stand for; nil where
// there is nothing (`team:` without a value is as good as left out). An alias
// within itself ends here too: the depth of our keys is bounded, not theirs.
func (d *decoder) value(n ast.Node) ast.Node {
	for range 32 {
		switch v := n.(type) {
		case nil, *ast.NullNode:
			return nil
		case *ast.AnchorNode:
			n = v.Value
		case *ast.TagNode:
			n = v.Value
		case *ast.AliasNode:
			name := v.Value.GetToken().Value
			target, ok := d.anchors[name]
			if !ok {
				d.report(v, fmt.Sprintf("*%s refers to no anchor", name), quoteHint)
				return nil
			}
			n = target
		default:
			return n
		}
	}
	d.report(n, "an anchor refers to itself", "write the value out")
	return nil
}

// fields are the keys of a mapping and what reads each.
type fields map[string]func(ast.Node)

// secretKey finds what looks like a secret written into the file.
var secretKey = regexp.MustCompile(`(?i)(secret|token|passw|api_?key|private_?key|credential)`)

// mapping reads a node that must have keys.
func (d *decoder) mapping(n ast.Node, what string, known fields) {
	if n = d.value(n); n == nil {
		return
	}
	m, ok := n.(ast.MapNode)
	if !ok {
		d.report(n, fmt.Sprintf("%s must have keys, is %s", what, kind(n)), "known here: "+strings.Join(slices.Sorted(maps.Keys(known)), ", "))
		return
	}
	seen := map[string]bool{}
	for i := m.MapRange(); i.Next(); {
		key := i.Key()
		name := key.GetToken().Value
		if key.IsMergeKey() {
			d.report(key, "merge keys (<<) aren't known here", "what all services share goes under defaults:")
			continue
		}
		read, ok := known[name]
		switch {
		case !ok && secretKey.MatchString(name):
			d.report(key, fmt.Sprintf("%q: secrets never stand in this file", name), secretHint(name, known))
		case !ok:
			d.report(key, fmt.Sprintf("unknown key %q in %s", name, what), suggest.DidYouMean(name, slices.Collect(maps.Keys(known))))
		case seen[name]:
			d.report(key, fmt.Sprintf("key %q stands twice in %s", name, what), "keep one of them")
		default:
			seen[name] = true
			read(i.Value())
		}
	}
}

func secretHint(name string, known fields) string {
	if _, ok := known[name+"_file"]; ok {
		return "put it into a file and name that as " + name + "_file"
	}
	variable := secretPrefix + strings.ToUpper(strings.ReplaceAll(strings.TrimPrefix(strings.ToLower(name), "fivekeys_"), "-", "_"))
	return fmt.Sprintf("set the environment variable %s or %s_FILE", variable, variable)
}

// each reads a list.
func (d *decoder) each(n ast.Node, what string, read func(ast.Node)) {
	if n = d.value(n); n == nil {
		return
	}
	list, ok := n.(*ast.SequenceNode)
	if !ok {
		d.report(n, fmt.Sprintf("%s must be a list, is %s", what, kind(n)), "begin each entry with a dash")
		return
	}
	for i, entry := range list.Values {
		before := len(d.problems)
		if d.value(entry) != nil {
			read(entry)
			continue
		}
		if entry == nil {
			entry = n
		}
		if len(d.problems) == before {
			d.report(entry, fmt.Sprintf("entry %d of %s is empty", i+1, what), "remove the dash")
		}
	}
}

// text reads a string into one place.
func (d *decoder) text(into *string, what string) func(ast.Node) {
	return func(n ast.Node) {
		if s, ok := d.scalar(n, what); ok {
			*into = s
		}
	}
}

// scalar gives a text. Numbers and the like aren't one: `tags: 1.10` would
// quietly become 1.1.
func (d *decoder) scalar(n ast.Node, what string) (string, bool) {
	if n = d.value(n); n == nil {
		return "", false
	}
	var s string
	switch v := n.(type) {
	case *ast.StringNode:
		s = v.Value
	case *ast.LiteralNode:
		s = v.Value.Value
	default:
		hint := "put it into quotes"
		if _, ok := n.(ast.ScalarNode); !ok {
			hint = "write a single value"
		}
		d.report(n, fmt.Sprintf("%s must be text, is %s", what, kind(n)), hint)
		return "", false
	}
	if s = strings.TrimSpace(s); s == "" {
		d.report(n, what+" is empty", "leave it out or fill it in")
		return "", false
	}
	if strings.ContainsFunc(s, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		d.report(n, what+" holds control characters", "write it on one line")
		return "", false
	}
	if err := schemas.CheckName(s); err != nil {
		d.report(n, what+" "+err.Error(), "type it anew instead of pasting it")
		return "", false
	}
	return s, true
}

// texts reads a list of strings, or one string as a list of one.
func (d *decoder) texts(into *[]string, what string, check func(ast.Node, string)) func(ast.Node) {
	return func(n ast.Node) {
		add := func(n ast.Node) {
			if s, ok := d.scalar(n, what); ok {
				if check != nil {
					check(d.value(n), s)
				}
				*into = append(*into, s)
			}
		}
		switch v := d.value(n).(type) {
		case nil:
		case *ast.StringNode:
			add(v)
		case *ast.SequenceNode:
			if len(v.Values) == 0 {
				d.report(v, what+" is an empty list", "leave it out to have the default")
			}
			d.each(v, what, add)
		default:
			d.report(v, fmt.Sprintf("%s must be a list of texts, is %s", what, kind(v)), "")
		}
	}
}

// integer reads a whole number from 1 on.
func (d *decoder) integer(into *int, what string, most int) func(ast.Node) {
	return func(n ast.Node) {
		if n = d.value(n); n == nil {
			return
		}
		v, ok := n.(*ast.IntegerNode)
		if ok {
			if i, err := strconv.Atoi(fmt.Sprint(v.Value)); err == nil && i >= 1 && i <= most {
				*into = i
				return
			}
		}
		d.report(n, fmt.Sprintf("%s must be a whole number from 1 to %d, is %s", what, most, kind(n)), "")
	}
}

// kind says what a node is, in words for a message.
func kind(n ast.Node) string {
	switch v := n.(type) {
	case *ast.StringNode:
		return strconv.Quote(v.Value)
	case *ast.IntegerNode, *ast.FloatNode, *ast.InfinityNode, *ast.NanNode:
		return "the number " + n.GetToken().Value
	case *ast.BoolNode:
		return "the boolean " + n.GetToken().Value
	case *ast.SequenceNode:
		return "a list"
	case ast.MapNode:
		return "a mapping"
	}
	return "something else"
}
