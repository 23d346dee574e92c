package engine_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ClickHouse/clickhouse-go/v2"

	"github.com/fivekeys/fivekeys/internal/engine"
)

func TestReaderOnlyReads(t *testing.T) {
	e := shared(t)
	w, r := open(t, e, writer), open(t, e, reader)
	run(t, w, "CREATE TABLE facts (a UInt64) ENGINE = MergeTree ORDER BY a", "INSERT INTO facts VALUES (1)")
	if n := count(t, r, "SELECT sum(a) FROM facts"); n != 1 {
		t.Fatalf("the reader reads %d", n)
	}
	for _, sql := range []string{
		"INSERT INTO facts VALUES (2)",
		"INSERT INTO facts SELECT 2",
		"WITH 2 AS x INSERT INTO facts SELECT x",
		"CREATE TABLE readers (a UInt64) ENGINE = Memory",
		"CREATE TEMPORARY TABLE readers (a UInt64)",
		"CREATE VIEW readers AS SELECT 1",
		"DROP TABLE facts",
		"TRUNCATE TABLE facts",
		"ALTER TABLE facts DELETE WHERE 1",
		"OPTIMIZE TABLE facts",
		"RENAME TABLE facts TO fictions",
		"EXCHANGE TABLES facts AND facts",
		"KILL QUERY WHERE 1",
		"SYSTEM STOP MERGES",
		"SET readonly = 0",
		"BACKUP TABLE facts TO File('x')",
		"GRANT ALL ON *.* TO default",
		"EXPLAIN ANALYZE INSERT INTO facts VALUES (2)",
		"SELECT 1 SETTINGS readonly = 0",
		"SELECT 1 SETTINGS max_memory_usage = 1000000000000",
	} {
		if err := r.Exec(context.Background(), sql); err == nil {
			t.Errorf("the reader may %s", sql)
		}
	}
	for _, setting := range []string{"readonly", "profile"} {
		ctx := clickhouse.Context(context.Background(), clickhouse.WithSettings(clickhouse.Settings{setting: map[string]string{"readonly": "0", "profile": "default"}[setting]}))
		if err := r.Exec(ctx, "INSERT INTO facts VALUES (3)"); err == nil {
			t.Errorf("the reader writes with the setting %s", setting)
		}
	}
	if n := count(t, w, "SELECT count() FROM facts"); n != 1 {
		t.Errorf("the table has %d rows", n)
	}
}

func TestReaderIsHeldToBoundsAndMayTightenThem(t *testing.T) {
	r := open(t, shared(t), reader)
	for asked, want := range map[string]uint64{"30": 30, "100000": 120, "0": 120} {
		ctx := clickhouse.Context(context.Background(), clickhouse.WithSettings(clickhouse.Settings{"max_execution_time": asked}))
		var got uint64
		if err := r.QueryRow(ctx, "SELECT toUInt64(getSetting('max_execution_time'))").Scan(&got); err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("max_execution_time %s becomes %d, want %d", asked, got, want)
		}
	}
	rows, err := r.Query(context.Background(), "SELECT number FROM numbers(10000000)")
	for err == nil && rows.Next() {
	}
	if err == nil {
		err = rows.Err()
	}
	if got := code(t, err); got != 396 {
		t.Errorf("code %d for too many rows: %v", got, err)
	}
}

func TestNobodyLeavesTheEngine(t *testing.T) {
	e := shared(t)
	dir := t.TempDir()
	secret := filepath.Join(dir, "secret.txt")
	if err := os.WriteFile(secret, []byte("hidden-words\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	out := filepath.Join(dir, "out.txt")
	statements := []string{
		"SELECT * FROM file('" + secret + "', 'LineAsString')",
		"SELECT * FROM default.`" + secret + "`",
		"SELECT * FROM `" + secret + "`",
		"SELECT * FROM '" + secret + "'",
		"SELECT file('" + secret + "')",
		"SELECT `file`('" + secret + "')",
		"SELECT FILE ('" + secret + "')",
		"SELECT * APPLY(file) FROM (SELECT '" + secret + "' AS p)",
		"SELECT * APPLY file FROM (SELECT '" + secret + "' AS p)",
		// Only the kernel stops these two: the text is in a string.
		"SELECT * FROM format(JSONEachRow, concat('a Int8, b String DEFAULT fi', 'le(''" + secret + "'')'), '{\"a\":1}')",
		"SELECT * FROM values(concat('a Int8, b String DEFAULT fi', 'le(''" + secret + "'')'), (1))",
		"SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')",
		"SELECT * FROM s3('http://127.0.0.1:1/b/k', 'LineAsString')",
		"SELECT * FROM remote('127.0.0.1:1', 'system.one')",
		"SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')",
		"SELECT * FROM executable('cat', 'TSV', 'a String')",
		"SELECT * FROM filesystem('" + dir + "')",
		"SELECT 1 INTO OUTFILE '" + out + "'",
		"SELECT 1 INTO/**/OUTFILE '" + out + "'",
		"SELECT 1 into\noutfile '" + out + "' FORMAT CSV",
		"WITH 1 AS x SELECT x INTO OUTFILE '" + out + "'",
		"(SELECT 1) INTO OUTFILE '" + out + "'",
		"SHOW TABLES INTO OUTFILE '" + out + "'",
		"EXPLAIN SELECT 1 INTO OUTFILE '" + out + "'",
		"DESCRIBE TABLE system.one INTO OUTFILE '" + out + "'",
		"EXISTS TABLE system.one INTO OUTFILE '" + out + "'",
		"INSERT INTO FUNCTION file('" + out + "', 'TSV', 'a UInt8') VALUES (1)",
		"INSERT INTO FUNCTION file('" + out + "', 'TSV', 'a UInt8') SELECT 1",
		"INSERT INTO leaks FROM INFILE '" + secret + "' FORMAT LineAsString",
		"INSERT INTO leaks(a) from /* */ infile '" + secret + "'",
		"COPY leaks FROM '" + secret + "'",
		"COPY leaks TO '" + out + "'",
		"CREATE TABLE leak ENGINE = File(LineAsString, '" + secret + "')",
		"CREATE TABLE leak (a String) ENGINE = URL('http://127.0.0.1:1/', TSV)",
		"CREATE TABLE leak (a String) ENGINE = Distributed(default, system, one)",
		"CREATE TABLE leak (a String) ENGINE = MergeTree ORDER BY a SETTINGS disk = disk(type = local, path = '" + dir + "/')",
		"CREATE VIEW leak AS SELECT * FROM file('" + secret + "', 'LineAsString')",
		"CREATE DATABASE other",
		"CREATE DATABASE other ENGINE = Filesystem('" + dir + "')",
		"DROP DATABASE default",
		"DROP DATABASE fivekeys",
		"CREATE TABLE default.leak (a UInt8) ENGINE = Memory",
		"CREATE FUNCTION leak AS (a) -> a",
		"CREATE USER intruder",
		"CREATE NAMED COLLECTION leak AS a = 1",
		"EXECUTE AS intruder SELECT 1",
		"GRANT ALL ON *.* TO default WITH GRANT OPTION",
		"SYSTEM SHUTDOWN",
		"SYSTEM KILL",
		"SYSTEM DROP MARK CACHE",
		"SYSTEM RELOAD CONFIG",
		"BACKUP TABLE leaks TO File('" + out + "')",
		"RESTORE TABLE leaks FROM File('" + secret + "')",
		"ATTACH TABLE leak FROM '" + dir + "' (a UInt8) ENGINE = MergeTree ORDER BY a",
		"SELECT * FROM system.users",
		"SELECT * FROM system.query_log",
		"SELECT demangle(addressToSymbol(1))",
	}
	for name, c := range map[string]engine.Credentials{"writer": writer, "reader": reader} {
		t.Run(name, func(t *testing.T) {
			conn := open(t, e, writer)
			run(t, conn, "DROP TABLE IF EXISTS leaks SYNC", "CREATE TABLE leaks (a String) ENGINE = MergeTree ORDER BY a")
			for _, sql := range statements {
				status, answer, _ := post(t, e, c, nil, nil, strings.NewReader(sql))
				if status == http.StatusOK || strings.Contains(answer, "hidden-words") {
					t.Errorf("allowed: %s: %d %q", sql, status, answer)
				}
				if _, err := os.Stat(out); err == nil {
					t.Fatalf("a file was written by %s", sql)
				}
			}
			if n := count(t, conn, "SELECT count() FROM leaks"); n != 0 {
				t.Errorf("%d rows of a file were read", n)
			}
		})
	}
}

func TestWriterCannotReadFilesThroughADictionary(t *testing.T) {
	e := shared(t)
	secret := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(secret, []byte("hidden-words\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, source := range []string{
		"FILE(path '" + secret + "' format 'TSV')", "EXECUTABLE(command 'cat " + secret + "' format 'TSV')",
		"HTTP(url 'http://127.0.0.1:1/' format 'TSV')",
	} {
		for _, sql := range []string{
			"CREATE OR REPLACE DICTIONARY leak (a String, b String DEFAULT '') PRIMARY KEY a SOURCE(" + source + ") LIFETIME(0) LAYOUT(COMPLEX_KEY_HASHED())",
			"SELECT * FROM leak", "SYSTEM RELOAD DICTIONARY leak",
		} {
			if status, answer, _ := post(t, e, writer, nil, nil, strings.NewReader(sql)); strings.Contains(answer, "hidden-words") || status == http.StatusOK && strings.HasPrefix(sql, "S") {
				t.Errorf("allowed: %s: %d %q", sql, status, answer)
			}
		}
	}
	run(t, open(t, e, writer), "DROP DICTIONARY IF EXISTS leak")
}

func TestReaderDoesNotSeeStatementsOfOthers(t *testing.T) {
	e := shared(t)
	if n := count(t, open(t, e, writer), "SELECT count() FROM system.processes"); n == 0 {
		t.Error("the writer does not see its own query")
	}
	for _, sql := range []string{"SELECT count() FROM system.processes", "SHOW PROCESSLIST", "SELECT 1 IN system.processes"} {
		if got := code(t, open(t, e, reader).Exec(context.Background(), sql)); got != 497 {
			t.Errorf("code %d for the reader's %s", got, sql)
		}
	}
}

func TestStructureOfAnExternalTableIsNotSQL(t *testing.T) {
	e := shared(t)
	run(t, open(t, e, writer), "CREATE TABLE victim (a UInt8) ENGINE = Memory", "INSERT INTO victim VALUES (1)")
	for _, structure := range []string{
		"a UInt8) ENGINE = Memory; DROP TABLE victim --",
		"a UInt8) ENGINE = File(TSV, '/etc/hostname') --",
		"a UInt8) AS SELECT (1",
		"a UInt8 /*",
	} {
		body := "--b\r\nContent-Disposition: form-data; name=\"x\"; filename=\"\"\r\n\r\n1\n\r\n--b--\r\n"
		status, answer, _ := post(t, e, reader, url.Values{"query": {"SELECT * FROM x"}, "x_structure": {structure}},
			http.Header{"Content-Type": {"multipart/form-data; boundary=b"}}, strings.NewReader(body))
		if status == http.StatusOK {
			t.Errorf("accepted %q: %s", structure, answer)
		}
	}
	if n := count(t, open(t, e, writer), "SELECT count() FROM victim"); n != 1 {
		t.Error("the table is gone")
	}
}
