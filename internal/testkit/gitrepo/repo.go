package gitrepo

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// Epoch is when the clock of a new repository stands: a Friday, ten o'clock.
var Epoch = time.Date(2024, 3, 1, 10, 0, 0, 0, time.UTC)

// Repo is a repository being made.
type Repo struct {
	t    testing.TB
	path string
	// Now is the date of the next commit or tag, Step how far each moves it.
	Now  time.Time
	Step time.Duration
	// Authored, where set, is the author date of the next commit only.
	Authored time.Time
	// AuthorRaw and CommitterRaw, where set, are written as the next commit's
	// dates as they stand ("-1 +0000"), for dates that can't be true.
	AuthorRaw, CommitterRaw string

	heads   map[string]string // branch → SHA
	running *importer
}

// New makes an empty repository with the default branch main. Arguments go to
// git init: "--bare", "--object-format=sha256".
func New(t testing.TB, initArgs ...string) *Repo {
	t.Helper()
	r := &Repo{t: t, path: filepath.Join(t.TempDir(), "repo"), Now: Epoch, Step: time.Hour, heads: map[string]string{}}
	run(t, ".", append(append([]string{"init", "--quiet", "--initial-branch=main"}, initArgs...), r.path)...)
	t.Cleanup(r.flush)
	return r
}

// Path is the repository's folder, everything written.
func (r *Repo) Path() string {
	r.t.Helper()
	r.flush()
	return r.path
}

// Commit adds a commit to a branch, which is made if it is new.
func (r *Repo) Commit(branch, message string) string {
	r.t.Helper()
	if head := r.heads[branch]; head != "" {
		return r.CommitOn(branch, message, head)
	}
	return r.CommitOn(branch, message)
}

// Merge merges others (branches or SHAs) into a branch, whose head is the first
// parent. More than one other makes an octopus.
func (r *Repo) Merge(branch, message string, others ...string) string {
	r.t.Helper()
	return r.CommitOn(branch, message, append([]string{branch}, others...)...)
}

// CommitOn puts a branch on a new commit with any parents, first parent first;
// a first parent other than the branch's head makes a foxtrot.
func (r *Repo) CommitOn(branch, message string, parents ...string) string {
	r.t.Helper()
	committed := raw(r.Now)
	authored := committed
	if !r.Authored.IsZero() {
		authored = raw(r.Authored)
	}
	if r.AuthorRaw != "" {
		authored = r.AuthorRaw
	}
	if r.CommitterRaw != "" {
		committed = r.CommitterRaw
	}
	in := r.importing()
	in.marks++
	in.write("commit refs/heads/%s\nmark :%d\nauthor Ann Dev <ann@example.org> %s\ncommitter Git <git@example.org> %s\ndata %d\n%s\n",
		branch, in.marks, authored, committed, len(message), message)
	for i, p := range parents {
		verb := "from"
		if i > 0 {
			verb = "merge"
		}
		in.write("%s %s\n", verb, in.name(r.SHA(p)))
	}
	if len(parents) == 0 {
		in.write("deleteall\n")
	}
	in.write("\nget-mark :%d\n", in.marks)
	sha := in.line()
	in.mark[sha] = in.marks
	r.heads[branch] = sha
	r.Authored, r.AuthorRaw, r.CommitterRaw = time.Time{}, "", ""
	r.Now = r.Now.Add(r.Step)
	return sha
}

// Branch makes a branch at a branch or SHA, or moves it there.
func (r *Repo) Branch(name, at string) {
	r.t.Helper()
	sha, in := r.SHA(at), r.importing()
	in.write("reset refs/heads/%s\nfrom %s\n\n", name, in.name(sha))
	r.heads[name] = sha
}

// Tag makes a lightweight tag at a branch or SHA.
func (r *Repo) Tag(name, at string) {
	r.t.Helper()
	in := r.importing()
	in.write("reset refs/tags/%s\nfrom %s\n\n", name, in.name(r.SHA(at)))
}

// AnnotatedTag makes an annotated tag at a branch or SHA, dated Now.
func (r *Repo) AnnotatedTag(name, at string) {
	r.t.Helper()
	in := r.importing()
	in.write("tag %s\nfrom %s\ntagger Rel Eng <rel@example.org> %s\ndata %d\n%s\n",
		name, in.name(r.SHA(at)), raw(r.Now), len(name), name)
	r.Now = r.Now.Add(r.Step)
}

// SHA gives the head of a branch; what is no branch is taken for a SHA.
func (r *Repo) SHA(at string) string {
	if sha := r.heads[at]; sha != "" {
		return sha
	}
	return at
}

// Git runs any git command in the repository, dated Now, and gives its output.
func (r *Repo) Git(args ...string) string {
	r.t.Helper()
	date := raw(r.Now)
	return runWith(r.t, []string{
		"GIT_AUTHOR_NAME=Ann Dev", "GIT_AUTHOR_EMAIL=ann@example.org", "GIT_AUTHOR_DATE=" + date,
		"GIT_COMMITTER_NAME=Rel Eng", "GIT_COMMITTER_EMAIL=rel@example.org", "GIT_COMMITTER_DATE=" + date,
	}, r.Path(), args...)
}

func raw(at time.Time) string { return fmt.Sprintf("%d +0000", at.Unix()) }

// importer is a running git fast-import.
type importer struct {
	t   testing.TB
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
	err strings.Builder

	marks int
	mark  map[string]int // SHA → mark
}

// name is what fast-import calls a commit: it can't find one by its SHA that it
// has made itself and not yet packed.
func (i *importer) name(sha string) string {
	if m, ok := i.mark[sha]; ok {
		return fmt.Sprintf(":%d", m)
	}
	return sha
}

func (r *Repo) importing() *importer {
	r.t.Helper()
	if r.running != nil {
		return r.running
	}
	i := &importer{t: r.t, mark: map[string]int{}, cmd: exec.Command("git", "-C", r.path, "fast-import", "--quiet", "--force", "--date-format=raw-permissive")}
	i.cmd.Env = environment()
	i.cmd.Stderr = &i.err
	in, err := i.cmd.StdinPipe()
	if err != nil {
		r.t.Fatalf("start git fast-import: %v", err)
	}
	out, err := i.cmd.StdoutPipe()
	if err != nil {
		r.t.Fatalf("start git fast-import: %v", err)
	}
	if err := i.cmd.Start(); err != nil {
		r.t.Fatalf("start git fast-import: %v", err)
	}
	i.in, i.out = in, bufio.NewReader(out)
	r.running = i
	return i
}

func (r *Repo) flush() {
	i := r.running
	if i == nil {
		return
	}
	r.running = nil
	_ = i.in.Close()
	if err := i.cmd.Wait(); err != nil && !r.t.Failed() {
		r.t.Fatalf("git fast-import: %v\n%s", err, i.err.String())
	}
}

func (i *importer) write(format string, args ...any) {
	i.t.Helper()
	if _, err := fmt.Fprintf(i.in, format, args...); err != nil {
		_ = i.cmd.Wait()
		i.t.Fatalf("git fast-import: %v\n%s", err, i.err.String())
	}
}

func (i *importer) line() string {
	i.t.Helper()
	line, err := i.out.ReadString('\n')
	if err != nil {
		_ = i.cmd.Wait()
		i.t.Fatalf("git fast-import: %v\n%s", err, i.err.String())
	}
	return strings.TrimSpace(line)
}

// environment keeps the tester's own git configuration out of the tests.
func environment() []string {
	env := []string{"LC_ALL=C", "GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=/dev/null"}
	for _, kv := range os.Environ() {
		if !strings.HasPrefix(kv, "GIT_") && !strings.HasPrefix(kv, "LC_ALL=") {
			env = append(env, kv)
		}
	}
	return env
}

func run(t testing.TB, dir string, args ...string) string {
	t.Helper()
	return runWith(t, nil, dir, args...)
}

func runWith(t testing.TB, env []string, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command("git", append([]string{"-C", dir}, args...)...)
	cmd.Env = append(environment(), env...)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("git %s: %v\n%s", strings.Join(args, " "), err, stderr.String())
	}
	return strings.TrimSuffix(string(out), "\n")
}
