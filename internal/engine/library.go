package engine

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
)

// ErrLibraryMissing says that libchdb is nowhere to be found. Its text is one
// line, meant for the operator.
var ErrLibraryMissing = errors.New("the embedded ClickHouse (libchdb.so) is not installed: run `make engine`, or set FIVEKEYS_ENGINE_LIBRARY to its path, or use a server with --clickhouse-url")

// libraryVariable names the library for a whole shell session; Config.Library
// comes before it.
const libraryVariable = "FIVEKEYS_ENGINE_LIBRARY"

const libraryName = "libchdb.so" // also on darwin, where it is a Mach-O file

// findLibrary returns the absolute path of libchdb. A path that was named
// explicitly is not searched around: a typo must not end in another library.
func findLibrary(configured string) (string, error) {
	for _, named := range []string{configured, os.Getenv(libraryVariable)} {
		if named == "" {
			continue
		}
		path, err := filepath.Abs(named)
		if err == nil {
			_, err = os.Stat(path)
		}
		if err != nil {
			return "", fmt.Errorf("%w (looked at %s)", ErrLibraryMissing, named)
		}
		return path, nil
	}
	for _, pattern := range libraryPatterns() {
		// Glob fails on a malformed pattern only, which a folder's name may make.
		paths, _ := filepath.Glob(pattern)
		for _, path := range paths {
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				return path, nil
			}
		}
	}
	return "", ErrLibraryMissing
}

func libraryPatterns() []string {
	npm := filepath.Join("deploy", "engine", "node_modules", "@chdb", "lib-"+runtime.GOOS+"-"+npmArchitecture()+"*", libraryName)
	var patterns, roots []string
	if exe, err := os.Executable(); err == nil {
		dir := filepath.Dir(exe)
		patterns = append(patterns, filepath.Join(dir, libraryName), filepath.Join(dir, "..", "lib", "fivekeys", libraryName))
		roots = append(roots, dir)
	}
	if wd, err := os.Getwd(); err == nil {
		roots = append(roots, wd)
	}
	for _, dir := range roots {
		for ; ; dir = filepath.Dir(dir) {
			patterns = append(patterns, filepath.Join(dir, npm))
			if dir == filepath.Dir(dir) {
				break
			}
		}
	}
	return append(patterns, filepath.Join("/usr/lib/fivekeys", libraryName), filepath.Join("/usr/local/lib", libraryName))
}

func npmArchitecture() string {
	if runtime.GOARCH == "amd64" {
		return "x64"
	}
	return runtime.GOARCH
}
