package verify

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/cli"
	"github.com/compose-spec/compose-go/v2/types"
)

const root = "../.."

func loadCompose(t *testing.T) *types.Project {
	t.Helper()
	options, err := cli.NewProjectOptions([]string{filepath.Join(root, "docker-compose.yml")}, cli.WithProfiles([]string{"*"}), cli.WithResolvedPaths(true))
	if err != nil {
		t.Fatal(err)
	}
	project, err := options.LoadProject(t.Context())
	if err != nil {
		t.Fatalf("docker-compose.yml: %v", err)
	}
	return project
}

func TestComposeFileIsValidAndCareful(t *testing.T) {
	project := loadCompose(t)
	for _, want := range []string{"nats", "clickhouse", "grafana", "fivekeys", "demo"} {
		if _, ok := project.Services[want]; !ok {
			t.Errorf("no service %s", want)
		}
	}
	for name, s := range project.Services {
		if !slices.Contains(s.SecurityOpt, "no-new-privileges:true") || !slices.Equal(s.CapDrop, []string{"ALL"}) {
			t.Errorf("%s may gain privileges", name)
		}
		if !s.ReadOnly && name != "clickhouse" {
			t.Errorf("%s: its root file system is writable", name)
		}
		if s.Image == "" || !strings.Contains(s.Image, ":") || (strings.HasSuffix(s.Image, ":latest") && !strings.HasPrefix(s.Image, "fivekeys:")) {
			t.Errorf("%s: image %q is not pinned", name, s.Image)
		}
		if s.HealthCheck == nil && name != "demo" {
			t.Errorf("%s has no health check", name)
		}
		for _, use := range s.Secrets {
			if _, ok := project.Secrets[use.Source]; !ok {
				t.Errorf("%s uses the unknown secret %s", name, use.Source)
			}
		}
		for key, value := range s.Environment {
			if value != nil && strings.Contains(strings.ToUpper(key), "PASSWORD") && !strings.HasSuffix(key, "_FILE") {
				t.Errorf("%s: %s holds a password in the environment", name, key)
			}
		}
		for _, v := range s.Volumes {
			if v.Type != types.VolumeTypeBind {
				continue
			}
			if _, err := os.Stat(v.Source); err != nil {
				t.Errorf("%s mounts what does not exist: %v", name, err)
			}
			if !v.ReadOnly {
				t.Errorf("%s mounts %s writable", name, v.Source)
			}
		}
	}
}

// Grafana's provisioning needs the plugin, so it is installed before, not beside.
func TestComposeInstallsThePluginBeforeGrafanaProvisions(t *testing.T) {
	grafana := loadCompose(t).Services["grafana"]
	plugin := grafana.Environment["GF_PLUGINS_PREINSTALL_SYNC"]
	if plugin == nil || !strings.HasPrefix(*plugin, "grafana-clickhouse-datasource@") {
		t.Errorf("GF_PLUGINS_PREINSTALL_SYNC does not pin the plugin: %v", plugin)
	}
	for _, other := range []string{"GF_PLUGINS_PREINSTALL", "GF_INSTALL_PLUGINS"} {
		if _, ok := grafana.Environment[other]; ok {
			t.Errorf("%s installs while Grafana already provisions", other)
		}
	}
}

// What other machines reach does not start without a token for spans.
func TestSpansNeedATokenWhereverOthersReachThem(t *testing.T) {
	compose := loadCompose(t).Services["fivekeys"]
	if file := compose.Environment["FIVEKEYS_SPAN_TOKEN_FILE"]; file == nil || *file != "/run/secrets/span_token" {
		t.Error("docker-compose.yml gives no span token")
	}
	unit, err := os.ReadFile(filepath.Join(root, "deploy/systemd/fivekeys.service"))
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{"LoadCredential=span_token:/etc/fivekeys/span_token\n", "Environment=FIVEKEYS_SPAN_TOKEN_FILE=%d/span_token\n"} {
		if !strings.Contains(string(unit), line) {
			t.Errorf("the systemd unit has no %q", line)
		}
	}
}

// The script makes exactly the files that the compose file reads, and running it
// again changes none.
func TestSecretsScriptMakesEverySecret(t *testing.T) {
	dir := t.TempDir()
	read := func() map[string]string {
		run(t, filepath.Join(root, "deploy/docker/secrets.sh"), dir)
		files, err := filepath.Glob(filepath.Join(dir, "*"))
		if err != nil {
			t.Fatal(err)
		}
		contents := map[string]string{}
		for _, f := range files {
			text, err := os.ReadFile(f)
			if err != nil {
				t.Fatal(err)
			}
			contents[filepath.Base(f)] = string(text)
		}
		return contents
	}
	first := read()
	for name, secret := range loadCompose(t).Secrets {
		if first[filepath.Base(secret.File)] == "" {
			t.Errorf("secret %s: the script makes no %s", name, filepath.Base(secret.File))
		}
	}
	for name, text := range read() {
		if first[name] != text {
			t.Errorf("the second run changed %s", name)
		}
	}
}
