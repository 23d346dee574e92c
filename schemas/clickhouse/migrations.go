// Package clickhouse holds the store's tables and the public views as SQL, one
// idempotent statement a file (ClickHouse's DDL is not transactional).
//
// Files below 100 are tables. Each is applied once, so a released one is never
// edited: a change is a new file. Files from 100 on are the views, which are the
// contract with analysts. A view is applied again whenever its text differs from
// what the store has, in the order of the numbers, so a view reads only tables
// and views with lower numbers. The same files serve a single server and a
// cluster: {{engine …}} and {{on_cluster}} differ.
package clickhouse

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"text/template"
)

//go:embed migrations/*.sql
var files embed.FS

// Layout says what kind of ClickHouse the tables are for.
type Layout struct {
	// Cluster is the cluster's name; empty for a single server. With it, tables
	// are replicated and every statement runs ON CLUSTER.
	Cluster string
}

// Migration is one rendered statement.
type Migration struct {
	Version int64
	Name    string
	SQL     string
}

// FirstView is the lowest version of a view.
const FirstView = 100

// View is the name of the view that the statement makes; empty for a table's.
func (m Migration) View() string {
	if m.Version < FirstView {
		return ""
	}
	found := viewName.FindStringSubmatch(m.SQL)
	if found == nil {
		return ""
	}
	return found[1]
}

var viewName = regexp.MustCompile(`(?m)^CREATE OR REPLACE VIEW ([a-z_]+) `)

// Digest tells one text of a statement from another.
func (m Migration) Digest() string {
	sum := sha256.Sum256([]byte(m.SQL))
	return hex.EncodeToString(sum[:12])
}

// Migrations renders all statements in the order of their versions.
func Migrations(layout Layout) ([]Migration, error) {
	entries, err := files.ReadDir("migrations")
	if err != nil {
		return nil, fmt.Errorf("list migrations: %w", err)
	}
	out := make([]Migration, 0, len(entries))
	for _, entry := range entries {
		m, err := layout.render(entry.Name())
		if err != nil {
			return nil, fmt.Errorf("render migration %s: %w", entry.Name(), err)
		}
		out = append(out, m)
	}
	return out, nil
}

func (l Layout) render(name string) (Migration, error) {
	number, _, _ := strings.Cut(name, "_")
	version, err := strconv.ParseInt(number, 10, 64)
	if err != nil {
		return Migration{}, err
	}
	text, err := files.ReadFile(path.Join("migrations", name))
	if err != nil {
		return Migration{}, err
	}
	t, err := template.New(name).Funcs(template.FuncMap{
		"engine":     l.engine,
		"on_cluster": l.onCluster,
		"settings":   settings,
	}).Parse(string(text))
	if err != nil {
		return Migration{}, err
	}
	var sql bytes.Buffer
	if err := t.Execute(&sql, nil); err != nil {
		return Migration{}, err
	}
	m := Migration{Version: version, Name: strings.TrimSuffix(name, ".sql"), SQL: strings.TrimSpace(sql.String())}
	if version >= FirstView && m.View() == "" {
		return Migration{}, fmt.Errorf("it makes no view; files from %d on begin with CREATE OR REPLACE VIEW", FirstView)
	}
	return m, nil
}

func (l Layout) engine(family string, args ...string) string {
	if l.Cluster == "" {
		return family + "(" + strings.Join(args, ", ") + ")"
	}
	replica := []string{"'/clickhouse/tables/{shard}/{database}/{table}'", "'{replica}'"}
	return "Replicated" + family + "(" + strings.Join(append(replica, args...), ", ") + ")"
}

func (l Layout) onCluster() string {
	if l.Cluster == "" {
		return ""
	}
	return "ON CLUSTER `" + strings.ReplaceAll(l.Cluster, "`", "") + "`"
}

// settings makes an insert durable before it is answered: an event is
// acknowledged to NATS on the strength of that answer.
func settings() string {
	return "SETTINGS fsync_after_insert = 1, fsync_part_directory = 1"
}
