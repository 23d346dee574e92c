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
	Config        string           `help:"Catalogue and settings (fivekeys.yaml where it exists, in the folder of --data or here)." env:"FIVEKEYS_CONFIG" placeholder:"FILE"`
	NATSURL       string           `name:"nats-url" help:"A NATS server or cluster instead of the embedded one." env:"FIVEKEYS_NATS_URL" placeholder:"URL"`
	ClickHouseURL string           `name:"clickhouse-url" help:"A ClickHouse server or cluster instead of the embedded one: clickhouse://user:password@host:9000/fivekeys" env:"FIVEKEYS_CLICKHOUSE_URL" placeholder:"URL"`
	LogLevel      string           `help:"What to log: ${enum}; auto is info for serve, and warn for commands that end." enum:"auto,debug,info,warn,error" default:"auto" env:"FIVEKEYS_LOG_LEVEL"`
	LogFormat     string           `help:"How to log: ${enum}." enum:"text,json" default:"text" env:"FIVEKEYS_LOG_FORMAT"`
	ShowVersion   kong.VersionFlag `name:"version" help:"Print the version."`
}

const defaultConfigFile = "fivekeys.yaml"

func (g *globals) logger(w io.Writer) *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(g.LogLevel)); err != nil {
		level = slog.LevelInfo // auto, of a command that stays
	}
	options := &slog.HandlerOptions{Level: level}
	if g.LogFormat == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

// configFile is the file to read: the one that is named, the one in the data
// folder that is named, the one here, or the one in the data folder here; ""
// where there is none.
func (g *globals) configFile() string {
	if g.Config != "" {
		return g.Config
	}
	here, its := defaultConfigFile, filepath.Join(cmp.Or(g.Data, defaultData), defaultConfigFile)
	places := []string{here, its}
	if g.Data != "" {
		places = []string{its, here} // who names a folder means what is in it
	}
	for _, path := range places {
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	return ""
}
