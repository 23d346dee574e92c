package main

import (
	"bytes"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// elsewhere is a command that can't run here, by how its line begins: why, and
// what is held of it instead.
type elsewhere struct {
	prefix, reason string
	check          func(t *testing.T, line string)
}

var notHere = []elsewhere{
	{"make ", "a whole run of its own; the target must exist", func(t *testing.T, line string) {
		target := strings.Fields(line)[1]
		if !regexp.MustCompile(`(?m)^` + regexp.QuoteMeta(target) + `:`).MatchString(readDocs(t, "../../Makefile")) {
			t.Errorf("the Makefile has no target %s", target)
		}
	}},
	{"docker compose ", "needs Docker; deploy/verify holds the stack to Compose's own reader", exists("../../docker-compose.yml")},
	{"helm ", "needs a cluster; deploy/verify renders the chart", exists("../../deploy/helm/fivekeys/Chart.yaml")},
	{"kubectl ", "needs a cluster", exists("../../deploy/helm/fivekeys/Chart.yaml")},
	{"systemctl ", "needs systemd", exists("../../deploy/systemd/fivekeys.service")},
	{"sudo ", "changes the machine", nothing},
	{"apt-get ", "changes the machine", nothing},
	{"go test ", "this is one", nothing},
	{"bin/fivekeys dashboards provision ", "needs a Grafana; the flags must exist", func(t *testing.T, line string) {
		words, _, _ := strings.Cut(line, "#")
		mustExist(t, strings.Fields(words)[1:])
	}},
}

// saysNo are commands whose answer here is no: exit status 1.
var saysNo = []string{"bin/fivekeys gate checkout"}

func nothing(*testing.T, string) {}

func exists(file string) func(*testing.T, string) {
	return func(t *testing.T, _ string) {
		if _, err := os.Stat(file); err != nil {
			t.Error(err)
		}
	}
}

// Every fenced command runs as it stands, with bash, on a serve of its own; a
// console block's output is what is shown, but for numbers and months, and for
// what is left out at an ….
func TestDocumentedCommands(t *testing.T) {
	desk := newDesk(t)
	for _, b := range allBlocks(t) {
		switch b.language {
		case "sh":
			t.Run(b.name(), func(t *testing.T) { desk.runScript(t, b.text) })
		case "console":
			t.Run(b.name(), func(t *testing.T) { desk.runConsole(t, b.text) })
		}
	}
}

// here leaves out of a script what can't run here, having checked it.
func here(t *testing.T, script string) string {
	var kept []string
	for line := range strings.Lines(script) {
		i := slices.IndexFunc(notHere, func(e elsewhere) bool { return strings.HasPrefix(line, e.prefix) })
		if i < 0 {
			if slices.ContainsFunc(saysNo, func(r string) bool { return strings.HasPrefix(line, r) }) {
				line = "(set +e; " + strings.TrimSuffix(line, "\n") + "\n[ $? = 1 ])\n"
			}
			kept = append(kept, line)
			continue
		}
		t.Logf("not run here, %s: %s", notHere[i].reason, strings.TrimSpace(line))
		notHere[i].check(t, line)
	}
	return strings.TrimSpace(strings.Join(kept, ""))
}

func (d *desk) runScript(t *testing.T, script string) {
	t.Helper()
	script = here(t, script)
	switch {
	case script == "":
	case serves.MatchString(script):
		d.runServe(t, script)
	default:
		if out, err := d.bash(t.Context(), d.folder, script).CombinedOutput(); err != nil {
			t.Errorf("%v\n%s\n%s", err, script, out)
		}
	}
}

// runConsole runs a block's commands in one shell, so that $? is the status of
// the one before.
func (d *desk) runConsole(t *testing.T, text string) {
	t.Helper()
	const mark = "-- next --"
	var script strings.Builder
	var shown []string // after each command
	for line := range strings.Lines(text) {
		if command, found := strings.CutPrefix(line, "$ "); found {
			if len(shown) > 0 {
				script.WriteString("s=$?; echo; echo '" + mark + "'; (exit $s)\n")
			}
			script.WriteString(command)
			shown = append(shown, "")
			continue
		}
		if len(shown) == 0 {
			t.Fatalf("output before any command: %s", line)
		}
		shown[len(shown)-1] += line
	}
	cmd := d.bash(t.Context(), d.folder, script.String())
	cmd.Args = slices.DeleteFunc(cmd.Args, func(a string) bool { return a == "-e" }) // a refusal is what is shown
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	got := strings.Split(string(out), mark+"\n")
	if len(got) != len(shown) {
		t.Fatalf("%d commands, %d outputs:\n%s", len(shown), len(got), out)
	}
	for i := range shown {
		if !looksLike(got[i], shown[i]) {
			t.Errorf("prints\n%s\nwhere the documentation shows\n%s", got[i], shown[i])
		}
	}
}

var (
	number     = regexp.MustCompile(`[0-9]+(\.[0-9]+)?`)
	monthNames = regexp.MustCompile(`January|February|March|April|May|June|July|August|September|October|November|December`)
)

// looksLike compares output with what is shown of it.
func looksLike(got, shown string) bool {
	plain := func(s string) string {
		return strings.TrimSpace(monthNames.ReplaceAllString(number.ReplaceAllString(s, "0"), "MONTH"))
	}
	var pattern strings.Builder
	for i, part := range strings.Split(plain(shown), "…") {
		if i > 0 {
			pattern.WriteString(`(?s:.*)`)
		}
		pattern.WriteString(regexp.QuoteMeta(part))
	}
	return regexp.MustCompile(`^` + pattern.String() + `$`).MatchString(plain(got))
}

func TestOutputLooksLikeWhatIsShown(t *testing.T) {
	for name, c := range map[string]struct {
		got, shown string
		want       bool
	}{
		"other numbers and months":  {"spent 5 of 43.2 minutes since 1 May\n", "spent 52 of 40 minutes since 25 October\n", true},
		"another word":              {"spent 5 of 43 hours", "spent 5 of 43 minutes", false},
		"what is left out at an …":  {`{"a":1,"b":[1,2],"c":0}`, `{"a":1,"b":[…],"c":0}`, true},
		"more than is shown":        {"one\ntwo", "one", false},
		"less than is shown":        {"one", "one\ntwo", false},
		"a pattern is no pattern":   {"axb", "a.b", false},
		"nothing, and nothing else": {"\n", "", true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := looksLike(c.got, c.shown); got != c.want {
				t.Errorf("says %v", got)
			}
		})
	}
}

var inline = regexp.MustCompile("`(?:bin/)?fivekeys ([^`]+)`")

// A command within a sentence names a command that exists, and flags that it
// has. What follows a quotation mark or a placeholder is not looked at.
func TestEveryCommandWithinASentenceExists(t *testing.T) {
	for _, file := range documents(t) {
		for _, m := range inline.FindAllStringSubmatch(readDocs(t, file), -1) {
			words, _, _ := strings.Cut(m[1], `"`)
			words, _, _ = strings.Cut(words, "'")
			var args []string
			for _, word := range strings.Fields(words) {
				if strings.ContainsAny(word, "…*|") {
					break
				}
				args = append(args, word)
			}
			t.Run(filepath.Base(file)+": "+strings.Join(args, " "), func(t *testing.T) { mustExist(t, args) })
		}
	}
}

// mustExist says whether a command and its flags exist.
func mustExist(t *testing.T, args []string) {
	t.Helper()
	var out bytes.Buffer
	env := &environment{stdin: strings.NewReader(""), stdout: &out, stderr: &out, getenv: func(string) string { return "" }}
	if code := run(t.Context(), append(args, "--help"), env); code != exitDone {
		t.Errorf("fivekeys %s ends with %d: %s", strings.Join(args, " "), code, out.String())
	}
}

func TestACommandThatDoesNotExistIsFound(t *testing.T) {
	for _, args := range [][]string{{"repot"}, {"serve", "--nonsense"}} {
		env := &environment{stdin: strings.NewReader(""), stdout: io.Discard, stderr: io.Discard, getenv: func(string) string { return "" }}
		if code := run(t.Context(), append(args, "--help"), env); code == exitDone {
			t.Errorf("fivekeys %s --help succeeds, so the test above finds nothing", strings.Join(args, " "))
		}
	}
}
