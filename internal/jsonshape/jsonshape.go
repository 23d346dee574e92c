// Package jsonshape looks at what a JSON text is made of before anybody parses
// it: a parser recurses for each level and builds an object for each brace, and a
// stranger decides on both.
//
//	text → Check   → how many objects and lists there are, or why it is refused
//	     → Entries → how many entries the outermost one has
//
// One pass over the bytes, without an allocation. Neither says whether the text
// is JSON at all: that is the parser's to say.
package jsonshape

import (
	"bytes"
	"errors"
	"fmt"
)

// MaxDepth is how deep a text may be nested: several times what any sender's
// format has.
const MaxDepth = 200

// ErrDeep says that a text is nested too deep.
var ErrDeep = errors.New("nested too deep")

// Check counts a text's objects and lists.
func Check(text []byte) (containers int, err error) {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			i = closing(text, i+1)
		case '{', '[':
			containers++
			if depth++; depth > MaxDepth {
				return containers, fmt.Errorf("%w: more than %d levels at byte %d", ErrDeep, MaxDepth, i)
			}
		case '}', ']':
			depth--
		}
	}
	return containers, nil
}

// Entries counts what an object or a list holds at its first level.
func Entries(text []byte) int {
	depth, commas, empty := 0, 0, true
	for i := 0; i < len(text); i++ {
		switch c := text[i]; c {
		case ' ', '\t', '\n', '\r':
			continue
		case '{', '[':
			depth++
			if depth == 1 {
				continue
			}
		case '}', ']':
			depth--
			if depth == 0 {
				continue
			}
		case ',':
			if depth == 1 {
				commas++
			}
		case '"':
			i = closing(text, i+1)
		}
		empty = false
	}
	if empty {
		return 0
	}
	return commas + 1
}

// closing finds the quote that ends a string, whose content begins at from.
func closing(text []byte, from int) int {
	for i := from; i < len(text); i++ {
		at := bytes.IndexByte(text[i:], '"')
		if at < 0 {
			break
		}
		i += at
		// A quote after an odd number of backslashes is part of the string.
		escapes := 0
		for j := i - 1; j >= from && text[j] == '\\'; j-- {
			escapes++
		}
		if escapes%2 == 0 {
			return i
		}
	}
	return len(text)
}
