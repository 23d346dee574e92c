package config

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/fivekeys/fivekeys/schemas"
)

// slos reads where the OpenSLO files are and, where there is a folder to look
// in, finds them.
func (d *decoder) slos(n ast.Node) {
	files := &d.config.SLOFiles
	var places []ast.Node
	d.texts(files, "slos", func(at ast.Node, s string) { d.glob(at, s); places = append(places, at) })(n)
	if d.folder == "" || len(*files) == 0 {
		return
	}
	patterns := *files
	*files = nil
	for i, pattern := range patterns {
		found, err := findFiles(d.folder, pattern)
		switch at := places[i]; {
		case err != nil && hasGlob(pattern) && errors.Is(err, fs.ErrNotExist), err == nil && len(found) == 0:
			d.warn(at, fmt.Sprintf("slos: no file matches %s", pattern), "paths begin in the folder of this file")
		case err != nil:
			d.report(at, fmt.Sprintf("slos: %v", err), "paths begin in the folder of this file")
		}
		*files = append(*files, found...)
	}
	slices.Sort(*files)
	*files = slices.Compact(*files)
}

func hasGlob(pattern string) bool { return strings.ContainsAny(pattern, "*?") }

// findFiles gives the files that match a pattern. Only the part from the first
// glob on is searched, and folders that begin with a dot only if named.
func findFiles(folder, pattern string) ([]string, error) {
	root, rest := "", filepath.ToSlash(pattern)
	if path.IsAbs(rest) {
		folder, rest = "", strings.TrimLeft(rest, "/")
		root = "/"
	}
	for {
		segment, after, more := strings.Cut(rest, "/")
		if !more || hasGlob(segment) {
			break
		}
		root, rest = path.Join(root, segment), after
	}
	root = filepath.Join(folder, filepath.FromSlash(root))
	if !hasGlob(rest) {
		file := filepath.Join(root, rest)
		switch info, err := os.Stat(file); {
		case err != nil:
			return nil, fmt.Errorf("find file: %w", err)
		case info.IsDir():
			return nil, fmt.Errorf("%s is a folder: write %s/*.yaml", file, strings.TrimSuffix(pattern, "/"))
		}
		return []string{file}, nil
	}
	var found []string
	err := fs.WalkDir(os.DirFS(root), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != "." && (strings.HasPrefix(entry.Name(), ".") || !strings.Contains(rest, "/") && !strings.Contains(rest, "**")):
			return fs.SkipDir
		case !entry.IsDir() && schemas.MatchGlob(rest, name):
			found = append(found, filepath.Join(root, filepath.FromSlash(name)))
		}
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("find files %s: %w", pattern, err)
	}
	return found, nil
}
