package dashboards

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/goccy/go-yaml"
	"github.com/google/go-cmp/cmp"
)

func TestWriteGivesTheCommittedFiles(t *testing.T) {
	folder := filepath.Join(t.TempDir(), "a", "b")
	for range 2 { // a second time over the first
		paths, err := Write(folder)
		if err != nil {
			t.Fatal(err)
		}
		if len(paths) != len(All()) {
			t.Errorf("wrote %v", paths)
		}
		for _, path := range paths {
			written, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			committed, err := os.ReadFile(filepath.Join("json", filepath.Base(path)))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(string(committed), string(written)); diff != "" {
				t.Errorf("%s:\n%s", path, diff)
			}
		}
	}
}

func TestJudgeOtherwiseTellsOfOtherBands(t *testing.T) {
	for name, c := range map[string]struct {
		version string
		minimum int
		differs bool
	}{
		"the defaults":             {"2023", 0, false},
		"the defaults, written":    {"2023", 5, false},
		"other thresholds":         {"2021", 5, true},
		"a larger minimum of data": {"2023", 20, true},
	} {
		t.Run(name, func(t *testing.T) {
			if got := JudgeOtherwise(c.version, c.minimum); (got != "") != c.differs {
				t.Errorf("says %q", got)
			}
		})
	}
}

func TestProvisioningIsWhatTheDashboardsNeed(t *testing.T) {
	load := func(name string, into any) {
		t.Helper()
		text, err := os.ReadFile("../deploy/grafana/provisioning/" + name)
		if err != nil {
			t.Fatal(err)
		}
		if err := yaml.UnmarshalWithOptions(text, into, yaml.Strict()); err != nil {
			t.Fatal(err)
		}
	}
	var sources struct {
		APIVersion  int `yaml:"apiVersion"`
		Datasources []struct {
			Name, UID, Type, Access string
			Editable                bool
			JSONData                struct {
				Host, Protocol, Username string
				Port                     int
				Secure                   bool
				DefaultDatabase          string `yaml:"defaultDatabase"`
			} `yaml:"jsonData"`
			SecureJSONData map[string]string `yaml:"secureJsonData"`
		}
	}
	load("datasources/fivekeys.yaml", &sources)
	if len(sources.Datasources) != 1 {
		t.Fatalf("%+v", sources)
	}
	if s := sources.Datasources[0]; s.Type != pluginID || s.JSONData.Username != "fivekeys_reader" || s.SecureJSONData["password"] != "${FIVEKEYS_READER_PASSWORD}" {
		t.Errorf("the data source is not the read-only role of the plugin with its password from the environment: %+v", s)
	}
	var providers struct {
		APIVersion int `yaml:"apiVersion"`
		Providers  []struct {
			Name                  string
			OrgID                 int `yaml:"orgId"`
			Type                  string
			DisableDeletion       bool `yaml:"disableDeletion"`
			AllowUIUpdates        bool `yaml:"allowUiUpdates"`
			UpdateIntervalSeconds int  `yaml:"updateIntervalSeconds"`
			Options               struct {
				Path                      string
				FoldersFromFilesStructure bool `yaml:"foldersFromFilesStructure"`
			}
		}
	}
	load("dashboards/fivekeys.yaml", &providers)
	if len(providers.Providers) != 1 {
		t.Fatalf("%+v", providers)
	}
	if p := providers.Providers[0]; p.Type != "file" || p.AllowUIUpdates || !p.Options.FoldersFromFilesStructure {
		t.Errorf("the dashboards are not read-only files in folders: %+v", p)
	}
}
