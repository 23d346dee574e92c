package config

import (
	"fmt"
	"strings"

	"github.com/goccy/go-yaml/ast"
)

// glob refuses what schemas.MatchGlob would take literally: someone who writes
// {eu,us} or [ab] doesn't mean these characters.
func (d *decoder) glob(at ast.Node, s string) {
	switch {
	case strings.ContainsAny(s, "{}[]"):
		d.report(at, fmt.Sprintf("the glob %q holds braces or brackets", s), "only ?, * and ** are known; write several entries")
	case strings.HasPrefix(s, "!"):
		d.report(at, fmt.Sprintf("the glob %q begins with !", s), "nothing can be excluded; list what is meant")
	case strings.Contains(s, `\`):
		d.report(at, fmt.Sprintf("the glob %q holds a backslash", s), "separate folders by /")
	}
}

func (d *decoder) globText(into *string, what string) func(ast.Node) {
	return func(n ast.Node) {
		d.text(into, what)(n)
		if *into != "" {
			d.glob(d.value(n), *into)
		}
	}
}

// path is a glob of files in a repository.
func (d *decoder) path(at ast.Node, s string) {
	d.glob(at, s)
	switch {
	case strings.HasPrefix(s, "/") || strings.HasPrefix(s, "./"):
		d.report(at, fmt.Sprintf("the path %q matches no file", s), "paths begin in the repository's root, without / or ./")
	case strings.HasSuffix(s, "/"):
		d.report(at, fmt.Sprintf("the path %q matches no file", s), fmt.Sprintf("write %s** for all in the folder", s))
	}
}

// globsMeet says whether some text matches both globs, by walking all
// positions in the two that one text can reach together.
func globsMeet(a, b string) bool {
	x, y := parseGlob(a), parseGlob(b)
	type state struct{ i, j int }
	seen := map[state]bool{}
	var walk func(state) bool
	walk = func(s state) bool {
		if seen[s] {
			return false
		}
		seen[s] = true
		if s.i == len(x) && s.j == len(y) {
			return true
		}
		// A star may match nothing…
		if s.i < len(x) && x[s.i].many && walk(state{s.i + 1, s.j}) ||
			s.j < len(y) && y[s.j].many && walk(state{s.i, s.j + 1}) {
			return true
		}
		if s.i == len(x) || s.j == len(y) || !x[s.i].meets(y[s.j]) {
			return false
		}
		// …or one more character, which the other must match too.
		for _, i := range x[s.i].after(s.i) {
			for _, j := range y[s.j].after(s.j) {
				if walk(state{i, j}) {
					return true
				}
			}
		}
		return false
	}
	return walk(state{})
}

// piece of a glob: a character, ?, * or **.
type piece struct {
	char byte // 0 for any
	many bool
	deep bool // also across /
}

func parseGlob(g string) []piece {
	g = strings.ToLower(g)
	var out []piece
	for i := 0; i < len(g); i++ {
		switch g[i] {
		case '*':
			deep := strings.HasPrefix(g[i:], "**")
			for i+1 < len(g) && g[i+1] == '*' {
				i++
			}
			if deep && i+1 < len(g) && g[i+1] == '/' {
				i++ // "a/**/b" also matches "a/b": as if the slash were part of the run
			}
			out = append(out, piece{many: true, deep: deep})
		case '?':
			out = append(out, piece{})
		default:
			out = append(out, piece{char: g[i]})
		}
	}
	return out
}

// meets says whether one character can match both pieces.
func (p piece) meets(q piece) bool {
	if p.char != 0 && q.char != 0 {
		return p.char == q.char
	}
	slash := p.char == '/' || q.char == '/'
	return !slash || (p.char == '/' || p.deep) && (q.char == '/' || q.deep)
}

// after gives the positions after one character of the piece at i.
func (p piece) after(i int) []int {
	if p.many {
		return []int{i, i + 1}
	}
	return []int{i + 1}
}
