package main

import (
	"cmp"
	"io"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/alecthomas/kong"
)

// globals are the flags every command has.
type globals struct {
	Data          string           `help:"Folder of the embedded NATS and ClickHouse (default fivekeys-data)." env:"FIVEKEYS_DATA" placeholder:"DIR"`
	Config        string           `help:"Catalogue and settings (fivekeys.yaml where it exists)." env:"FIVEKEYS_CONFIG" placeholder:"FILE"`
	NATSURL       string           `name:"nats-url" help:"A NATS server or cluster instead of the embedded one." env:"FIVEKEYS_NATS_URL" placeholder:"URL"`
	ClickHouseURL string           `name:"clickhouse-url" help:"A ClickHouse server or cluster instead of the embedded one: clickhouse://user:password@host:9000/fivekeys" env:"FIVEKEYS_CLICKHOUSE_URL" placeholder:"URL"`
	LogLevel      string           `help:"What to log: ${enum}." enum:"debug,info,warn,error" default:"info" env:"FIVEKEYS_LOG_LEVEL"`
	ShowVersion   kong.VersionFlag `name:"version" help:"Print the version."`
	LogFormat     string           `help:"How to log: ${enum}." enum:"text,json" default:"text" env:"FIVEKEYS_LOG_FORMAT"`
}

const defaultConfigFile = "fivekeys.yaml"

func (g *globals) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(g.LogLevel)); err != nil {
		level = slog.LevelInfo // kong's enum allows nothing else
	}
	options := &slog.HandlerOptions{Level: level}
	if g.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// configFile is the file to read: the one that is named, the one here, or the
// one in the data folder; "" where there is none.
func (g *globals) configFile() string {
	if g.Config != "" {
		return g.Config
	}
	for _, path := range []string{defaultConfigFile, filepath.Join(cmp.Or(g.Data, defaultData), defaultConfigFile)} {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}
