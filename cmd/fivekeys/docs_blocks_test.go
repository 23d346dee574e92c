package main

import (
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// block is a fenced block of a document.
type block struct {
	file     string
	line     int // of its first line
	heading  string
	language string
	text     string
}

// blocks are a document's fenced blocks; those within a list lose its indent.
func blocks(t *testing.T, file string) []block {
	t.Helper()
	var (
		all     []block
		open    *block
		indent  string
		heading string
		number  int
	)
	for line := range strings.Lines(readDocs(t, file)) {
		number++
		line = strings.TrimRight(line, "\n")
		bare := strings.TrimLeft(line, " ")
		switch {
		case open != nil && bare == "```":
			all, open = append(all, *open), nil
		case open != nil:
			open.text += strings.TrimPrefix(line, indent) + "\n"
		case strings.HasPrefix(bare, "```"):
			indent = line[:len(line)-len(bare)]
			open = &block{file: file, line: number + 1, heading: heading, language: strings.TrimPrefix(bare, "```")}
		case strings.HasPrefix(line, "#"):
			heading = strings.TrimSpace(strings.TrimLeft(line, "#"))
		}
	}
	if open != nil {
		t.Fatalf("%s: the block that begins in line %d has no end", file, open.line)
	}
	return all
}

// name is where a block stands.
func (b block) name() string {
	return filepath.Base(b.file) + ":" + strconv.Itoa(b.line)
}
