package gitlog

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// clone runs git's plumbing in a local repository. Git itself knows work
// trees, bare clones, alternates, packed refs, reftables, SHA-256 and partial
// clones; docs/adr/0004-git-history.md says why no library stands in for it.
type clone struct {
	dir string
	env []string
}

// openClone finds the repository at path and refuses one whose history is cut.
func openClone(ctx context.Context, path string) (*clone, error) {
	if _, err := exec.LookPath("git"); err != nil {
		return nil, ErrNoGit
	}
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() { // the .git file of a work tree or a submodule
		if info.Name() != ".git" {
			return nil, ErrNotRepository
		}
		path = filepath.Dir(path)
	}
	c := &clone{dir: path, env: environment(os.Environ())}
	out, err := c.output(ctx, "rev-parse", "--git-dir", "--is-shallow-repository")
	if err != nil {
		return nil, err
	}
	if strings.HasSuffix(strings.TrimSpace(out), "\ntrue") {
		return nil, ErrShallow
	}
	return c, nil
}

// environment is what git sees of ours. A hook's GIT_DIR would silently win
// over the path we were given, and a clone's own configuration must not make
// git fetch: a missing object is an error, not a reason to dial a promisor.
func environment(ours []string) []string {
	env := []string{
		"LC_ALL=C", "GIT_TERMINAL_PROMPT=0", "GIT_OPTIONAL_LOCKS=0",
		"GIT_NO_LAZY_FETCH=1", "GIT_ALLOW_PROTOCOL=none",
	}
	for _, kv := range ours {
		name, _, _ := strings.Cut(kv, "=")
		git := strings.HasPrefix(name, "GIT_")
		configuration := strings.HasPrefix(name, "GIT_CONFIG_") || name == "GIT_EXEC_PATH"
		if name == "LC_ALL" || name == "LANGUAGE" || git && !configuration {
			continue
		}
		env = append(env, kv)
	}
	return env
}

func (c *clone) command(ctx context.Context, args ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, "git", append([]string{"-C", c.dir}, args...)...)
	cmd.Env = c.env
	return cmd
}

// output runs git and gives what it printed.
func (c *clone) output(ctx context.Context, args ...string) (string, error) {
	var out strings.Builder
	err := c.stream(ctx, nil, func(r io.Reader) error {
		_, err := io.Copy(&out, r)
		return err
	}, args...)
	return out.String(), err
}

// stream runs git with stdin and hands its output to read while it is made. A
// read that ends early ends git too.
func (c *clone) stream(ctx context.Context, stdin io.Reader, read func(io.Reader) error, args ...string) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	var stderr bytes.Buffer
	cmd := c.command(ctx, args...)
	cmd.Stdin, cmd.Stderr = stdin, &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return fmt.Errorf("run git %s: %w", args[0], err)
	}
	if err := cmd.Start(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return fmt.Errorf("run git %s: %w", args[0], err)
	}
	if readErr := read(stdout); readErr != nil {
		ended := ctx.Err()
		cancel()
		_ = cmd.Wait() // it was killed; the reader's error is the reason
		if ended != nil {
			return context.Cause(ctx)
		}
		// A reader that met the end too early met git's death: git says why.
		if !errors.Is(readErr, io.ErrUnexpectedEOF) || stderr.Len() == 0 {
			return readErr
		}
		return explain(args[0], stderr.String(), readErr)
	}
	if err := cmd.Wait(); err != nil {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		return explain(args[0], stderr.String(), err)
	}
	return nil
}

// explain turns git's failure into one line with a hint.
func explain(command, stderr string, err error) error {
	said := complaint(stderr)
	switch {
	case strings.Contains(stderr, "dubious ownership"):
		return ErrOwnership
	case strings.Contains(stderr, "not a git repository"):
		return ErrNotRepository
	case said == "":
		return fmt.Errorf("run git %s: %w", command, err)
	}
	return fmt.Errorf("run git %s: %w (%s)", command, ErrCorrupt, said)
}

// complaint is the line of git's stderr that says the most: the fatal one,
// else the first.
func complaint(stderr string) string {
	var said string
	for line := range strings.Lines(stderr) {
		line = strings.TrimSpace(line)
		if said == "" || strings.HasPrefix(line, "fatal:") {
			said = line
		}
	}
	const enough = 300
	return strings.ToValidUTF8(said[:min(len(said), enough)], "")
}
