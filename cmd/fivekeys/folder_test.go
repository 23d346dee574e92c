package main

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/schemas"
)

func TestAFolderOfANewerVersionIsRefusedAndLeftAsItIs(t *testing.T) {
	old := newServing(t, &schemas.Catalog{})
	old.folder = t.TempDir()
	folder := old.folder
	if err := os.Mkdir(filepath.Join(folder, engineFolder), 0o700); err != nil {
		t.Fatal(err)
	}
	newer := `{"format":2,"release":"0.9.0"}`
	if err := os.WriteFile(filepath.Join(folder, formatFile), []byte(newer), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, command := range []string{"serve --listen 127.0.0.1:0", "report", "migrate", "rebuild", "query SELECT"} {
		status, out := old.ends(t, strings.Fields(command)...)
		if status == 0 || !strings.Contains(out, "0.9.0") || !strings.Contains(out, "nothing was changed") {
			t.Errorf("%s ends with %d and says %q", command, status, out)
		}
	}
	var files []string
	if err := filepath.WalkDir(folder, func(path string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			files = append(files, d.Name())
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	if len(files) != 2 { // and the lock
		t.Errorf("the folder has %v", files)
	}
	if text, err := os.ReadFile(filepath.Join(folder, formatFile)); err != nil || string(text) != newer {
		t.Errorf("%s is now %q, %v", formatFile, text, err)
	}
}

func TestAFolderSaysWhoseItIs(t *testing.T) {
	path := t.TempDir()
	for range 2 {
		f, err := openFolder(path)
		if err != nil {
			t.Fatal(err)
		}
		if err := f.close(); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(path, formatFile), []byte("{"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := openFolder(path); err == nil || errors.Is(err, errFolderNewer) || !strings.Contains(err.Error(), formatFile) {
		t.Errorf("a file that is none gives %v", err)
	}
}

// The changelog's newest entry is the release that a binary calls itself.
func TestTheChangelogTellsOfThisRelease(t *testing.T) {
	text, err := os.ReadFile("../../CHANGELOG.md")
	if err != nil {
		t.Fatal(err)
	}
	_, first, _ := strings.Cut(string(text), "\n## ")
	if !strings.HasPrefix(first, release+" ") {
		t.Errorf("the newest entry is %.20q, the release is %s", first, release)
	}
}
