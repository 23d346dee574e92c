package config

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"time"
	"unicode/utf8"

	"github.com/fivekeys/fivekeys/schemas"
)

// Config is what the file says. Zero values are what it doesn't say; whoever
// uses a setting knows its default. What can be meant to be zero (a share of
// spans to keep, a gate that doesn't freeze) begins as in Default instead.
type Config struct {
	Catalog schemas.Catalog
	// Bands is the version of the performance bands.
	Bands string
	// MinimumSample is the smallest sample that gets a band.
	MinimumSample int
	NATS          NATS
	ClickHouse    ClickHouse
	Listen        string // address of the intake
	Data          string // folder of the embedded NATS and ClickHouse
	Partitions    int
	Replicas      int
	// SLOFiles are the OpenSLO files; Load expands globs, Parse leaves them as
	// they are written.
	SLOFiles []string
	Spans    schemas.SpanRules
	// OTLPGRPC is the address of OTLP over gRPC; empty for none.
	OTLPGRPC  string
	Receivers []schemas.Receiver
	Policy    schemas.Policy
	GitHubApp GitHubApp
	Toil      Toil
	// Warnings are what is allowed and probably not meant.
	Warnings Problems
}

// NATS says where a server is and how to log in, by at most one kind of
// credentials. Paths are as written, relative to the working directory.
type NATS struct {
	URL          string
	User         string
	PasswordFile string
	TokenFile    string
	NKeyFile     string
	CredsFile    string
	TLS          TLS
}

// TLS names certificate files.
type TLS struct {
	CA         string
	Cert       string
	Key        string
	ServerName string
}

// ClickHouse says where a server is. URL holds no password.
type ClickHouse struct {
	URL     string
	Cluster string
}

// GitHubApp says as whom the protection of deployments answers GitHub.
type GitHubApp struct {
	ID             int64 // 0 for no app
	Installation   int64
	PrivateKeyFile string
	API            string
}

// Default is what an empty file says.
func Default() Config {
	return Config{
		Spans:     schemas.DefaultSpanRules(),
		Policy:    schemas.DefaultPolicy(),
		GitHubApp: GitHubApp{API: "https://api.github.com"},
		Toil:      Toil{Default: schemas.DefaultToilRules(), Labels: []string{"toil", "toil/*"}},
	}
}

// maxSize bounds the file: ten thousand services are about a megabyte.
const maxSize = 4 << 20

// Load reads a file. The error is of type Problems where it could be read; then
// nothing is in the configuration but the names of the SLO files, whose mistakes
// can be told beside.
func Load(path string) (Config, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return Config{}, fmt.Errorf("read configuration: %w", err)
	}
	return (&decoder{file: path, folder: filepath.Dir(path), now: time.Now()}).parse(text)
}

// parse gives the configuration, or all that is wrong with it in the order of
// the file.
func (d *decoder) parse(text []byte) (Config, error) {
	name := d.file
	d.config = Default()
	switch {
	case len(text) > maxSize:
		d.problems = append(d.problems, Problem{File: name, Message: fmt.Sprintf("is larger than %d MiB", maxSize>>20), Hint: "is it the right file?"})
	case !utf8.Valid(text):
		d.problems = append(d.problems, Problem{File: name, Message: "isn't UTF-8 text", Hint: "is it the right file?"})
	default:
		d.decode(bytes.TrimPrefix(text, []byte("\ufeff")))
	}
	if len(d.problems) > 0 {
		return Config{SLOFiles: d.config.SLOFiles}, d.problems.sorted()
	}
	d.config.Warnings = d.warnings.sorted()
	return d.config, nil
}
