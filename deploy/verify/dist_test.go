package verify

import (
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// archive packs what make build and make engine left as make dist does, and
// unpacks it into an empty folder: the folder it holds.
func archive(t *testing.T, into string) string {
	t.Helper()
	libraries, err := filepath.Glob(filepath.Join(root, "deploy/engine/node_modules/@chdb/lib-*/libchdb.so"))
	if err != nil || len(libraries) == 0 {
		t.Fatalf("no engine; run make engine (%v)", err)
	}
	packed := filepath.Join(t.TempDir(), "fivekeys-1.2.3-linux-amd64.tar.gz")
	t.Setenv("COMPRESS", "cat") // compressing half a gigabyte takes long, and shows nothing
	run(t, filepath.Join(root, "deploy/dist.sh"), packed, binary, libraries[0])
	run(t, "tar", "-xf", packed, "-C", into)
	found, err := os.ReadDir(into)
	if err != nil || len(found) != 1 || found[0].Name() != "fivekeys-1.2.3-linux-amd64" {
		t.Fatalf("the archive holds %v (%v)", found, err)
	}
	return filepath.Join(into, found[0].Name())
}

// bare runs a program of an unpacked archive without any environment.
func bare(t *testing.T, folder, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir, cmd.Env = folder, []string{}
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s", name, args, err, out)
	}
	return string(out)
}

func TestTheArchiveRunsWithoutAnyEnvironment(t *testing.T) {
	folder := archive(t, t.TempDir())
	if out := bare(t, folder, "./fivekeys", "version"); !strings.Contains(out, "fivekeys") {
		t.Errorf("version says %q", out)
	}
	// From anywhere, and through a link.
	link := filepath.Join(t.TempDir(), "fivekeys")
	if err := os.Symlink(filepath.Join(folder, "fivekeys"), link); err != nil {
		t.Fatal(err)
	}
	elsewhere := t.TempDir()
	bare(t, elsewhere, link, "migrate") // a folder without data is not queried
	if out := bare(t, elsewhere, link, "query", "SELECT 6 * 7 AS answer", "--format", "csv"); out != "answer\n42\n" {
		t.Errorf("the engine answers %q", out)
	}
	for _, name := range []string{"LICENSE", "README.md", "fivekeys.example.yaml", "fivekeys.service", "slos/checkout.yaml", "docs/operations.md", "dashboards/fivekeys-five-keys.json"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			t.Error(err)
		}
	}
	bare(t, folder, "./fivekeys", "check", "fivekeys.example.yaml")
}

// libc are the files of Debian's package libc6, which is always there.
var libc = regexp.MustCompile(`^(ld-linux-x86-64\.so\.2|lib(c|m|dl|rt|pthread|resolv)\.so\.\d+)$`)

// TestTheArchiveRunsTheDemoOnABareDebian has nothing but libc, a /proc, a /tmp
// and the device files that every kernel has.
func TestTheArchiveRunsTheDemoOnABareDebian(t *testing.T) {
	if os.Getuid() != 0 {
		t.Skip("chroot and device files need root")
	}
	system := t.TempDir()
	folder := archive(t, system)
	for _, line := range strings.Split(run(t, "ldd", filepath.Join(folder, "fivekeys"), filepath.Join(folder, "libchdb.so")), "\n") {
		path := regexp.MustCompile(`/[^ :]+`).FindString(line)
		if path == "" || strings.HasSuffix(line, ":") {
			continue
		}
		if !libc.MatchString(filepath.Base(path)) {
			t.Errorf("%s is not of libc", path)
		}
		to := filepath.Join(system, path)
		if err := os.MkdirAll(filepath.Dir(to), 0o755); err != nil {
			t.Fatal(err)
		}
		run(t, "cp", "-L", path, to)
	}
	mountKernel(t, system)
	tmp := filepath.Join(system, "tmp")
	if err := os.Mkdir(tmp, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(tmp, 0o777|os.ModeSticky); err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(system, 0o755); err != nil { //nolint:gosec // the user in it must pass
		t.Fatal(err)
	}
	inside := "/" + filepath.Base(folder) + "/fivekeys"
	out := bare(t, "/", "/usr/sbin/chroot", "--userspec=10001:10001", system, inside, "demo", "--days", "7")
	if !strings.Contains(out, "all equal") || !strings.Contains(out, "Error budgets") || !strings.Contains(out, inside+" demo --keep") {
		t.Errorf("the demo says %s", out)
	}
	if left, err := os.ReadDir(tmp); err != nil || len(left) > 0 {
		t.Errorf("it leaves %v (%v)", left, err)
	}
}

// mountKernel gives a file system what the kernel and a container runtime bring.
func mountKernel(t *testing.T, system string) {
	t.Helper()
	for name, minor := range map[string]int{"null": 3, "random": 8, "urandom": 9} {
		if err := os.MkdirAll(filepath.Join(system, "dev"), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := syscall.Mknod(filepath.Join(system, "dev", name), syscall.S_IFCHR|0o666, 1<<8|minor); err != nil {
			t.Skipf("make device files: %v", err)
		}
		if err := os.Chmod(filepath.Join(system, "dev", name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	proc := filepath.Join(system, "proc")
	if err := os.Mkdir(proc, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("proc", proc, "proc", 0, ""); err != nil {
		t.Skipf("mount proc: %v", err)
	}
	t.Cleanup(func() {
		if err := syscall.Unmount(proc, 0); err != nil {
			t.Errorf("unmount proc: %v", err)
		}
	})
}
