package openslo

import (
	"bytes"
	"encoding/json"
	"math"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// The SDK ships the shapes of OpenSLO's own examples. Each of them either works
// or is refused by a line that names what and where.
func TestExamplesOfTheSDK(t *testing.T) {
	folder, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", "github.com/OpenSLO/go-sdk").Output()
	if err != nil {
		t.Fatal(err)
	}
	root := string(bytes.TrimSpace(folder))
	var files []string
	for _, pattern := range []string{"pkg/openslo/v1/examples/*.yaml", "pkg/openslosdk/test_data/*/*.yaml", "pkg/openslosdk/test_data/*/*/*.yaml"} {
		found, err := filepath.Glob(filepath.Join(root, pattern))
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, found...)
	}
	if len(files) < 10 {
		t.Fatalf("only %d examples are there", len(files))
	}
	for _, file := range files {
		t.Run(strings.TrimPrefix(file, root), func(t *testing.T) {
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			set := Parse(File{"example.yaml", content})
			for _, p := range set.Problems {
				if p.File != "example.yaml" || p.Line == 0 || p.Message == "" {
					t.Errorf("a problem that says too little: %s", p)
				}
			}
			if bytes.Contains(content, []byte("kind: SLO")) && len(set.Objectives) == 0 && set.Err() == nil {
				t.Error("an SLO gives neither objectives nor problems")
			}
			// Whatever queries another system is refused where it says so.
			if bytes.Contains(content, []byte("type: Prometheus")) && bytes.Contains(content, []byte("openslo/v1\n")) && bytes.Contains(content, []byte("kind: SL")) && set.Err() == nil {
				t.Error("a query of Prometheus is taken")
			}
		})
	}
}

const indicator = `
apiVersion: openslo/v1
kind: SLI
metadata: {name: success}
spec:
  ratioMetric:
    good: {metricSource: {type: fivekeys, spec: {status: ok}}}
    total: {metricSource: {type: fivekeys, spec: {kinds: server}}}
`

const objective = `
apiVersion: openslo/v1
kind: SLO
metadata: {name: shop}
spec:
  service: shop
  indicatorRef: success
  timeWindow: [{duration: 30d, isRolling: true}]
  budgetingMethod: Occurrences
  objectives: [{targetPercent: 99.9}]
`

func TestLoad(t *testing.T) {
	folder := t.TempDir()
	for name, content := range map[string]string{
		"a/slo.yaml": objective, "b/sli.yaml": indicator, "c/[x].yaml": indicator,
	} {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(folder, name)), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	at := func(names ...string) []string {
		for i := range names {
			names[i] = filepath.Join(folder, names[i])
		}
		return names
	}
	for name, c := range map[string]struct {
		patterns []string
		problem  string // "" for none
	}{
		"a reference is followed across files":       {at("a/*.yaml", "b/*.yaml"), ""},
		"in any order, and each file once":           {at("b/sli.yaml", "*/sl?.yaml"), ""},
		"a reference into a file that isn't read":    {at("a/*.yaml"), "refers to no SLI"},
		"a pattern that names nothing":               {at("a/*.yaml", "b/*.yaml", "d/*.yaml"), "no such file"},
		"a name that looks like a pattern is a name": {at("a/*.yaml", "c/[x].yaml"), ""},
		"a pattern that is none":                     {at("a/*.yaml", "b/*.yaml", "[x"), "isn't a pattern"},
		"a folder":                                   {at("a/*.yaml", "b/*.yaml", "a"), "can't be read"},
	} {
		t.Run(name, func(t *testing.T) {
			set := Load(c.patterns...)
			switch err := set.Err(); {
			case c.problem == "" && err != nil:
				t.Error(err)
			case c.problem == "" && len(set.Objectives) != 1:
				t.Errorf("%d objectives", len(set.Objectives))
			case c.problem != "" && (err == nil || !strings.Contains(err.Error(), c.problem)):
				t.Errorf("got %v, want %q", err, c.problem)
			}
		})
	}
}

func TestPercentIsTheDecimalNumberThatIsWritten(t *testing.T) {
	for v, want := range map[float64]float64{99.9: 0.999, 99.95: 0.9995, 99.999: 0.99999, 90: 0.9, 0.1: 0.001, 97.3: 0.973} {
		if got := percent(v); got != want {
			t.Errorf("%v %% is %v, want %v", v, got, want)
		}
	}
}

// A definition changes with what is counted and with nothing else.
func TestDefinition(t *testing.T) {
	of := func(changes ...string) string {
		set := Parse(File{"a", []byte(strings.NewReplacer(changes...).Replace(objective + "---" + indicator))})
		if err := set.Err(); err != nil {
			t.Fatal(err)
		}
		return set.Objectives[0].Definition
	}
	first := of("", "")
	for name, same := range map[string][]string{
		"target": {"99.9", "99"}, "window": {"30d", "7d"}, "name": {"{name: shop}", "{name: shop-2}"},
	} {
		if of(same...) != first {
			t.Errorf("another %s changes the definition", name)
		}
	}
	for name, other := range map[string][]string{
		"status": {"status: ok", "status: error"}, "kind": {"kinds: server", "kinds: client"}, "service": {"service: shop", "service: cart"},
	} {
		if of(other...) == first {
			t.Errorf("another %s does not change the definition", name)
		}
	}
}

// A single failure among so many requests is at the factor and not above it,
// among one fewer it is above.
func TestLeastRequests(t *testing.T) {
	for _, target := range []float64{0.9, 0.95, 0.99, 0.995, 0.999, 0.9995, 0.9999, 0.99999} {
		for _, a := range schemas.DefaultBurnAlerts(30 * 24 * time.Hour) {
			n := leastRequests(target, a.Factor)
			burn := func(n int64) float64 { return 1 / float64(n) / (1 - target) }
			if burn(n) > a.Factor*(1+1e-9) || n > 1 && burn(n-1) <= a.Factor*(1+1e-9) {
				t.Errorf("%v at %v: %d requests burn at %v, one fewer at %v", target, a.Factor, n, burn(n), burn(n-1))
			}
		}
	}
	if n := leastRequests(0.999, 1); n != 1000 {
		t.Errorf("a factor of 1 at 99.9 %% needs %d requests, want 1000", n)
	}
}

func TestAllowedDowntime(t *testing.T) {
	const d = 24 * time.Hour
	for _, c := range []struct {
		target float64
		period time.Duration
		want   time.Duration
	}{
		{0.99999, 30 * d, 25920 * time.Millisecond},
		{0.99999, 31 * d, 26784 * time.Millisecond},
		{0.99999, d, 864 * time.Millisecond},
		{0.999, 30 * d, 43*time.Minute + 12*time.Second},
		{0.9995, 365 * d, 4*time.Hour + 22*time.Minute + 48*time.Second},
		{0.9, 365 * d, 36*d + 12*time.Hour},
	} {
		if got := AllowedDowntime(c.target, c.period); got != c.want {
			t.Errorf("%v of %s leaves %s, want %s", c.target, schemas.Shorthand(c.period), got, c.want)
		}
	}
}

// FuzzParse: no bytes may bring the reader down, what it refuses has a line,
// and what it accepts is sound.
func FuzzParse(f *testing.F) {
	files, err := filepath.Glob("testdata/files/*.yaml")
	if err != nil || len(files) == 0 {
		f.Fatal("no seeds", err)
	}
	for _, file := range files {
		content, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(content)
	}
	for _, seed := range []string{"", "---", "- - - -\n", "{a: {b: {c: [", "&a *a", "a: &a [*a, *a]", "? [a, b]\n: c", "!!binary aGk=", "\t: x", ".inf: .nan"} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, content []byte) {
		set := Parse(File{"f", content})
		for _, p := range set.Lint(&schemas.Catalog{Services: []schemas.Service{{Name: "shop"}}}) {
			if p.File != "f" || p.Message == "" || p.String() == "" {
				t.Errorf("a problem that says nothing: %#v", p)
			}
		}
		seen := map[string]bool{}
		for _, o := range set.Objectives {
			if seen[o.Key] || o.Key == "" || o.SLO == "" || o.Service == "" || o.Definition == "" {
				t.Errorf("objective %q is accepted", o.Key)
			}
			seen[o.Key] = true
			if !(o.Target > 0 && o.Target < 1) || o.Window.Length() < minWindow || o.Window.Length() > maxWindow {
				t.Errorf("target %v, window %s of %s", o.Target, o.Window, o.Key)
			}
			now := time.Date(2026, 3, 29, 1, 30, 0, 0, time.UTC)
			if from, to := o.Window.At(now); !from.Before(to) || to.Before(now) {
				t.Errorf("window %s of %s at %s is [%s, %s)", o.Window, o.Key, now, from, to)
			}
			for _, a := range o.BurnAlerts() {
				if a.Name == "" || a.Short <= 0 || a.Short > a.Long || !(a.Factor > 0 || a.NoData) || math.IsInf(a.Factor, 0) {
					t.Errorf("alert %+v of %s", a, o.Key)
				}
			}
			i := o.Indicator
			counted := i.Total != nil && (i.Good != nil || i.Bad != nil || i.Threshold != nil)
			if n := len(o.Parts); n == 0 && counted == i.Reported || n == 1 || n > 1 && (counted || i.Reported) {
				content, err := json.Marshal(o)
				t.Errorf("nothing to count: %s %v", content, err)
			}
		}
	})
}
