package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// demo is a fivekeys demo in a process group of its own, as a terminal starts it.
func demo(t *testing.T, folder string, args ...string) (*exec.Cmd, *bytes.Buffer) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], append([]string{"demo", "--days", "7"}, args...)...)
	cmd.Dir = folder
	cmd.Env = append(os.Environ(), runAsFivekeys+"=1", "FIVEKEYS_ENGINE_LIBRARY="+engineLibrary(t), "TMPDIR="+folder)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	stderr := &bytes.Buffer{}
	cmd.Stderr = stderr
	return cmd, stderr
}

func TestCtrlCEndsTheDemoCleanly(t *testing.T) {
	for name, c := range map[string]struct {
		after string
		args  []string
	}{
		"while it delivers":            {"Started NATS", nil},
		"while it sends spans":         {"Delivered", nil},
		"while it waits":               {"Everything is in the tables", nil},
		"while it delivers to be kept": {"Started NATS", []string{"--keep", "kept"}},
	} {
		t.Run(name, func(t *testing.T) {
			folder := t.TempDir()
			cmd, stderr := demo(t, folder, c.args...)
			stdout, err := cmd.StdoutPipe()
			if err != nil {
				t.Fatal(err)
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			met := false
			for lines := bufio.NewScanner(stdout); lines.Scan(); {
				if !met && strings.HasPrefix(lines.Text(), c.after) {
					met = true
					// A terminal tells every process of the group.
					if err := syscall.Kill(-cmd.Process.Pid, syscall.SIGINT); err != nil {
						t.Fatal(err)
					}
				}
			}
			err = cmd.Wait()
			if exit := new(exec.ExitError); !met || !errors.As(err, &exit) || exit.ExitCode() != exitInterrupted {
				t.Fatalf("%q was said: %v; it ended with %v: %s", c.after, met, err, stderr)
			}
			if got := stderr.String(); got != "fivekeys: demo was stopped before it was done\n" {
				t.Errorf("it says %q", got)
			}
			if left, err := os.ReadDir(folder); err != nil || len(left) > 0 {
				t.Errorf("%v is left, %v", left, err)
			}
			if err := syscall.Kill(-cmd.Process.Pid, 0); !errors.Is(err, syscall.ESRCH) {
				t.Errorf("a child is left: %v", err)
			}
		})
	}
}

// between gives what is said between a line that begins with the one text and
// the next that begins with the other.
func between(said, first, last string) []string {
	var out []string
	inside := false
	for line := range strings.Lines(said) {
		switch line = strings.TrimRight(line, " \n"); {
		case strings.HasPrefix(line, first):
			inside = true
		case strings.HasPrefix(line, last):
			inside = false
		case inside && line != "":
			out = append(out, line)
		}
	}
	return out
}

// shown is what a report shows that doesn't change by the minute.
func shown(said string) []string {
	lines := slices.Concat(between(said, "KEY", "Open changes"), between(said, "Teams", "Error budgets"), between(said, "Toil", "Confirmed"))
	for _, budget := range between(said, "OBJECTIVE", "As of") {
		lines = append(lines, regexp.MustCompile(`\s+[<\d.]+×.*$`).ReplaceAllString(budget, ""))
	}
	return lines
}

// TestWhatTheDemoKeepsShowsWhatItShowed serves the kept folder and asks it by
// the commands that the demo ends with.
func TestWhatTheDemoKeepsShowsWhatItShowed(t *testing.T) {
	folder := t.TempDir()
	// Somebody's own configuration, which is not the demo's.
	if err := os.WriteFile(filepath.Join(folder, defaultConfigFile), []byte("services: [{name: mine, team: ours}]\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, stderr := demo(t, folder, "--keep", "what it's kept in")
	output, err := cmd.Output()
	if err != nil || stderr.Len() > 0 {
		t.Fatalf("%v: %s%s", err, stderr, output)
	}
	said := string(output)
	if !strings.Contains(said, "6 error budgets, 2 dependencies, 12 weeks of teams' toil") || len(shown(said)) < 30 {
		t.Fatalf("the demo shows %s", said)
	}
	commands := between(said, "This is kept", "Your own")
	commands = slices.DeleteFunc(commands, func(line string) bool { return !strings.HasPrefix(line, "  ") })
	if len(commands) != 5 {
		t.Fatalf("commands %q", commands)
	}
	serve, ask := commands[len(commands)-1], commands[:len(commands)-1]

	paste := func(line string) *exec.Cmd {
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		t.Cleanup(cancel)
		cmd := exec.CommandContext(ctx, "sh", "-c", "exec "+strings.TrimSpace(line))
		cmd.Dir = folder
		cmd.Env = append(os.Environ(), runAsFivekeys+"=1", "FIVEKEYS_ENGINE_LIBRARY="+engineLibrary(t), "FIVEKEYS_LISTEN=127.0.0.1:0")
		return cmd
	}
	server := paste(strings.Replace(serve, "127.0.0.1:8123", "127.0.0.1:0", 1))
	log, err := server.StderrPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(log)
	for ready := false; !ready; {
		if !lines.Scan() {
			t.Fatalf("serve on what was kept ended before it was ready: %v", server.Wait())
		}
		ready = strings.Contains(lines.Text(), "fivekeys is ready")
	}
	rest := make(chan struct{})
	go func() { defer close(rest); _, _ = io.Copy(io.Discard, log) }()

	for _, line := range ask {
		answer, err := paste(line).CombinedOutput()
		if err != nil {
			t.Errorf("%s: %v: %s", line, err, answer)
		}
		switch {
		case strings.Contains(line, " report "):
			if want, got := shown(said), shown(string(answer)); !slices.Equal(want, got) {
				t.Errorf("the demo showed\n%s\nthe report of what was kept\n%s", strings.Join(want, "\n"), strings.Join(got, "\n"))
			}
		case strings.Contains(line, " slo status"):
			for _, budget := range between(said, "OBJECTIVE", "As of") {
				objective, target := strings.Fields(budget)[0], strings.Fields(budget)[2]
				if !regexp.MustCompile(objective + `\s+\S+\s+` + target).Match(answer) {
					t.Errorf("slo status has no %s: %s", objective, answer)
				}
			}
		}
	}
	query := strings.SplitAfter(ask[len(ask)-1], " query ")[0]
	for statement, want := range map[string]string{
		"SELECT caller, callee, sum(calls) AS n, sum(errors) AS bad FROM service_dependencies GROUP BY caller, callee ORDER BY callee": callsCSV(),
		// 25 % of 80 hours and 50 % of 120.
		"SELECT team, sum(minutes) AS n, any(capacity_minutes * cap) AS allowed FROM toil_weekly WHERE minutes > 0 GROUP BY team ORDER BY team": "team,n,allowed\norders,6570,1200\nweb,540,3600\n",
	} {
		answer, err := paste(query + "--format csv " + quoted(statement)).CombinedOutput()
		if err != nil || string(answer) != want {
			t.Errorf("%s: %v\n%s, want\n%s", statement, err, answer, want)
		}
	}
	if err := server.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	<-rest
	if err := server.Wait(); err != nil {
		t.Errorf("Ctrl-C ends serve with %v", err)
	}
}

func callsCSV() string {
	out := "caller,callee,n,bad\n"
	for _, c := range demoModel(time.Now()).Calls() {
		out += fmt.Sprintf("%s,%s,%d,%d\n", c.Caller, c.Callee, c.Calls, c.Errors)
	}
	return out
}
