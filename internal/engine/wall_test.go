package engine_test

import (
	"context"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/internal/engine"
)

// The engine's folder is the one place that its process has to be able to read,
// so what lies there is what only the wall keeps from the reader.
func hidden(t *testing.T, e *engine.Engine) (path string) {
	t.Helper()
	path = filepath.Join(filepath.Dir(e.SocketPath()), "hidden.txt")
	if err := os.WriteFile(path, []byte("77 hidden-words\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	link := filepath.Join(filepath.Dir(path), "link.txt")
	_ = os.Remove(link)
	if err := os.Symlink(path, link); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestReaderReadsNoFileWhereverItsNameIsWritten(t *testing.T) {
	e := shared(t)
	path := hidden(t, e)
	quoted := "''" + path + "''"
	for _, sql := range []string{
		// A structure is a text with SQL in it.
		"SELECT * FROM generateRandom('a UInt8 DEFAULT toUInt8(file(" + quoted + "))') LIMIT 1",
		"SELECT * FROM generateRandom('a String DEFAULT file(''hidden.txt'')') LIMIT 1",
		"SELECT * FROM generateRandom('a String MATERIALIZED file(" + quoted + ")') LIMIT 1",
		"SELECT * FROM format(JSONEachRow, 'a Int8, b String DEFAULT file(" + quoted + ")', '{\"a\":1}')",
		"SELECT * FROM format('TSV', concat('a Int8, b String DEFAULT fi', 'le(" + quoted + ")'), '1')",
		"SELECT * FROM values('a Int8, b UInt8 DEFAULT toUInt8(file(" + quoted + "))', (1, 2))",
		"SELECT * FROM null('a UInt8 DEFAULT toUInt8(file(" + quoted + "))')",
		"SELECT * FROM input('a UInt8 DEFAULT toUInt8(file(" + quoted + "))')",
		"SELECT * FROM viewIfPermitted(SELECT 1 AS a ELSE null('a UInt8 DEFAULT toUInt8(file(" + quoted + "))'))",
		"SELECT * FROM view(SELECT * FROM generateRandom('a String DEFAULT file(" + quoted + ")') LIMIT 1)",
		"SELECT * FROM loop(generateRandom('a String DEFAULT file(" + quoted + ")')) LIMIT 1",
		"SELECT * FROM eval('SELECT file(" + quoted + ")')",
		"SELECT * FROM fuzzJSON('a', 'b')",
		"DESCRIBE TABLE generateRandom('a UInt8 DEFAULT toUInt8(file(" + quoted + "))')",
		"EXPLAIN SELECT * FROM generateRandom('a UInt8 DEFAULT toUInt8(file(" + quoted + "))')",
		"EXPLAIN QUERY TREE SELECT * FROM (SELECT * FROM generateRandom('a UInt8 DEFAULT toUInt8(file(" + quoted + "))'))",
		"WITH x AS (SELECT * FROM generateRandom('a String DEFAULT file(" + quoted + ")') LIMIT 1) SELECT * FROM x",
		"SELECT (SELECT a FROM generateRandom('a String DEFAULT file(" + quoted + ")') LIMIT 1)",
		"SELECT 1 UNION ALL SELECT a FROM generateRandom('a UInt8 DEFAULT toUInt8(file(" + quoted + "))') LIMIT 1",
		// The function by any name and in any place.
		"SELECT file('" + path + "')", "SELECT `file`('link.txt')", "SELECT \"FILE\"('" + path + "')",
		"SELECT * APPLY(file) FROM (SELECT '" + path + "' AS p)", "SELECT * APPLY(p -> file(p)) FROM (SELECT '" + path + "' AS p)",
		"SELECT * REPLACE(file(p) AS p) FROM (SELECT '" + path + "' AS p)",
		"SELECT COLUMNS('p') APPLY `file` FROM (SELECT '" + path + "' AS p)",
		"SELECT arrayMap(p -> file(p), ['" + path + "'])", "SELECT 1 ORDER BY file('" + path + "')",
		"SELECT sum(1) OVER (PARTITION BY file('" + path + "'))", "SELECT 1 WHERE 1 IN (SELECT toUInt8(file('" + path + "')))",
		"SELECT 1 LIMIT toUInt8(file('" + path + "'))", "SELECT 1 FORMAT `Template`",
		// Everything else that leaves the data.
		"SELECT * FROM file('" + path + "', 'LineAsString')", "SELECT * FROM '" + path + "'", "SELECT * FROM default.`" + path + "`",
		"SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString')", "SELECT * FROM executable('cat', 'TSV', 'a String')",
		"SELECT * FROM mysql('127.0.0.1:1', 'd', 't', 'u', 'p')", "SELECT * FROM remote('127.0.0.1:1', 'system.one')",
		"SELECT * FROM sqlite('" + path + "', 't')", "SELECT * FROM icebergLocal('" + path + "')", "SELECT * FROM deltaLakeLocal('" + path + "')",
		"SELECT * FROM paimonLocal('" + path + "')", "SELECT * FROM filesystem('.')", "SELECT * FROM s3(some_collection)",
		"SELECT * FROM dictionary('d')", "SELECT * FROM merge('fivekeys', '.*')", "SELECT * FROM cluster('default', system.one)",
		"SELECT dictGet('d', 'a', file('" + path + "'))", "SELECT aiGenerate('a', 'b')", "SELECT getServerSetting('max_server_memory_usage')",
		"SELECT getMacro('a')", "SELECT filesystemCapacity()", "KILL QUERY WHERE 1", "SHOW PROCESSLIST", "SHOW GRANTS", "CHECK TABLE x",
		// Settings, in the statement and beside it.
		"SELECT 1 SETTINGS max_parser_depth = 0",
		"SELECT * FROM (SELECT 1 SETTINGS max_memory_usage = 0)",
		"SELECT * FROM (SELECT 1 SETTINGS additional_result_filter = 'file(" + quoted + ")')",
		"EXPLAIN SELECT * FROM (SELECT 1 SETTINGS max_threads = 64)",
		"SET max_parser_depth = 0",
	} {
		status, answer, _ := post(t, e, reader, nil, nil, strings.NewReader(sql))
		if status == http.StatusOK || strings.Contains(answer, "77") || strings.Contains(answer, "hidden-words") {
			t.Errorf("allowed: %s: %d %q", sql, status, answer)
		}
	}
}

func TestReaderGivesOnlySettingsThatAreHarmless(t *testing.T) {
	e := shared(t)
	path := hidden(t, e)
	for _, s := range []struct{ name, value string }{
		{"max_parser_depth", "0"}, {"max_parser_backtracks", "0"}, {"max_query_size", "0"}, {"max_ast_depth", "0"},
		{"format_template_resultset", path}, {"format_template_row", path}, {"format_schema", path}, {"format_schema_source", "string"},
		{"output_format_schema", path}, {"format_regexp", "."}, {"additional_result_filter", "file('" + path + "')"},
		{"additional_table_filters", "{'system.one': 'file(''" + path + "'')'}"}, {"allow_introspection_functions", "1"},
		{"allow_fuzz_query_functions", "1"}, {"stream_like_engine_allow_direct_select", "1"}, {"max_memory_usage_for_user", "1"},
		{"max_execution_speed", "1"}, {"dialect", "kusto"}, {"workload", "w"}, {"os_thread_priority", "-20"}, {"nosuch", "1"},
	} {
		status, answer, header := post(t, e, reader, url.Values{s.name: {s.value}}, nil, strings.NewReader("SELECT 1"))
		if status == http.StatusOK || header.Get("X-ClickHouse-Exception-Code") != "164" || !strings.Contains(answer, "docs/connect.md") {
			t.Errorf("%s=%s: %d %s", s.name, s.value, status, answer)
		}
	}
	for _, format := range []string{"Template", "CustomSeparated"} {
		if _, answer, _ := post(t, e, reader, url.Values{"default_format": {format}}, nil, strings.NewReader("SELECT 1")); strings.Contains(answer, "hidden") {
			t.Errorf("%s: %s", format, answer)
		}
	}
	// Each that the reader may give is one that the engine has.
	for _, name := range engine.ReaderSettings() {
		if n := count(t, open(t, e, writer), "SELECT count() FROM system.settings WHERE name = '"+name+"'"); n != 1 {
			t.Errorf("the engine has no setting %s", name)
		}
	}
	if n := count(t, open(t, e, reader), "SELECT count() FROM system.settings WHERE name = 'format_schema'"); n != 0 {
		t.Error("the reader sees settings that it may not give")
	}
}

func TestReadersStatementOfAnyDepthDoesNotEndTheEngine(t *testing.T) {
	e := start(t, t.TempDir())
	for _, sql := range []string{
		"SELECT " + strings.Repeat("NOT ", 300_000) + "1", "SELECT " + strings.Repeat("(", 100_000) + "1" + strings.Repeat(")", 100_000),
		"SELECT " + strings.Repeat("-", 100_001) + "1", "SELECT " + strings.Repeat("[", 100_000), "SELECT 1" + strings.Repeat(" UNION ALL SELECT 1", 10_000),
		"SELECT * FROM " + strings.Repeat("(SELECT * FROM ", 20_000) + "system.one" + strings.Repeat(")", 20_000),
		"SELECT CAST(1, '" + strings.Repeat("Array(", 50_000) + "UInt8" + strings.Repeat(")", 50_000) + "')",
	} {
		for _, settings := range []url.Values{nil, {"max_parser_depth": {"0"}}} {
			_, _, _ = post(t, e, reader, settings, nil, strings.NewReader(sql)) // the answer is no matter: there is one
		}
	}
	if e.Restarts() != 0 {
		t.Errorf("the engine was started again %d times", e.Restarts())
	}
}

func TestReaderSeesViewsAndNotWhatIsTheWritersAlone(t *testing.T) {
	c := config(t.TempDir())
	c.Private = []string{"bodies"}
	e, err := engine.Start(context.Background(), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = e.Close(context.Background()) })
	w, r := open(t, e, writer), open(t, e, reader)
	run(t, w, "CREATE TABLE bodies (id UInt8, body String) ENGINE = MergeTree ORDER BY id", "INSERT INTO bodies VALUES (1, 'hidden-words')",
		"CREATE VIEW heads AS SELECT id FROM bodies")
	if n := count(t, r, "SELECT count() FROM heads WHERE id = 1"); n != 1 {
		t.Errorf("the view has %d rows", n)
	}
	for _, sql := range []string{
		"SELECT * FROM bodies", "SELECT * FROM fivekeys.bodies", "SELECT * FROM `fivekeys`.`bodies` AS b", "SELECT 'hidden-words' IN bodies",
		"SELECT 1 IN (SELECT id FROM bodies)", "SELECT ('1', 'hidden-words') IN fivekeys.bodies", "WITH b AS (SELECT * FROM bodies) SELECT * FROM b",
		"SELECT * FROM heads JOIN bodies USING id", "SELECT * FROM merge('fivekeys', 'bod.*')", "SELECT * FROM merge('bod.*')",
		"SELECT * FROM loop('fivekeys', 'bodies') LIMIT 1", "SELECT * FROM mergeTreeIndex('fivekeys', 'bodies')", "DESCRIBE TABLE bodies",
		"SELECT * FROM {t:Identifier}", "SELECT * FROM {d:Identifier}.{t:Identifier}",
	} {
		status, answer, _ := post(t, e, reader, url.Values{"param_t": {"bodies"}, "param_d": {"fivekeys"}}, nil, strings.NewReader(sql))
		if status == http.StatusOK || strings.Contains(answer, "hidden-words") {
			t.Errorf("allowed: %s: %d %q", sql, status, answer)
		}
	}
}

func TestReaderLearnsNothingOfTheServer(t *testing.T) {
	e := shared(t)
	for _, table := range []string{
		"processes", "query_log", "disks", "errors", "macros", "build_options", "server_settings", "stack_trace", "metrics", "events",
		"asynchronous_metrics", "parts", "detached_parts", "merges", "mutations", "dictionaries", "users", "user_processes", "clusters",
		"named_collections", "warnings", "storage_policies", "merge_tree_settings", "text_log", "certificates", "backups",
	} {
		status, answer, _ := post(t, e, reader, nil, nil, strings.NewReader("SELECT * FROM system."+table))
		if status == http.StatusOK {
			t.Errorf("system.%s: %q", table, answer)
		}
	}
	run(t, open(t, e, writer), "CREATE TABLE IF NOT EXISTS told (a UInt8) ENGINE = MergeTree ORDER BY a", "INSERT INTO told VALUES (1)")
	folder := filepath.Dir(e.SocketPath())
	for _, sql := range []string{
		"SELECT * FROM system.tables", "SELECT * FROM system.databases", "SELECT * FROM system.columns", "SELECT * FROM system.functions",
		"SELECT * FROM system.settings", "SHOW CREATE DATABASE fivekeys", "SELECT * FROM told WHERE a = toUInt8('x')", "SELECT * FROM nosuch",
		"SELECT * FROM information_schema.tables", "SELECT _path, _part FROM told", "SHOW SETTINGS LIKE '%path%'",
	} {
		if _, answer, _ := post(t, e, reader, nil, nil, strings.NewReader(sql)); strings.Contains(answer, folder) || strings.Contains(answer, "libchdb") {
			t.Errorf("%s tells where the engine is: %.300s", sql, answer)
		}
	}
}

func TestWhatToolsAskFirstIsAnswered(t *testing.T) {
	e := shared(t)
	run(t, open(t, e, writer), "CREATE TABLE IF NOT EXISTS told (a UInt8) ENGINE = MergeTree ORDER BY a")
	for _, sql := range []string{
		"SELECT version(), timezone(), currentUser(), currentDatabase(), hostName() != ''",
		"SELECT name, value, readonly FROM system.settings LIMIT 10000",
		"SELECT ifNull((SELECT toInt32(value) FROM system.settings WHERE name = 'readonly'), 0) AS ro",
		"SELECT name FROM system.databases ORDER BY name", "SELECT name, engine, comment FROM system.tables WHERE database = 'fivekeys'",
		"SELECT t.name, d.name FROM system.tables AS t INNER JOIN system.databases AS d ON t.database = d.name",
		"SELECT name, type, comment, default_kind FROM system.columns WHERE table = 'told'", "SELECT name, is_aggregate FROM system.functions",
		"SELECT name, case_insensitive FROM system.data_type_families", "SELECT keyword FROM system.keywords", "SELECT * FROM system.table_functions",
		"SELECT table_name, table_type FROM information_schema.tables", "SELECT column_name FROM INFORMATION_SCHEMA.COLUMNS",
		"SELECT schema_name FROM information_schema.schemata", "SHOW DATABASES", "SHOW TABLES FROM fivekeys", "SHOW FULL COLUMNS FROM told",
		"SHOW CREATE TABLE told", "DESCRIBE TABLE told", "DESC told", "DESCRIBE (SELECT 1 AS a)", "EXISTS TABLE told", "EXPLAIN SELECT * FROM told",
		"EXPLAIN indexes = 1 SELECT * FROM told", "EXPLAIN ESTIMATE SELECT * FROM told", "SHOW FUNCTIONS LIKE 'sum'", "SHOW INDEXES FROM told",
		"SELECT format('{}-{}', 'a', 'b')", "SELECT * FROM (VALUES (1, 2), (3, 4))", "SELECT * FROM numbers(3) WHERE number IN (1, 2)",
		"SELECT * EXCEPT (a), * REPLACE (a + 1 AS a) FROM told", "SELECT COLUMNS('a') FROM told", "SELECT 1 INTERSECT SELECT 1", "FROM told SELECT a",
		"WITH RECURSIVE r AS (SELECT 1 AS n UNION ALL SELECT n + 1 FROM r WHERE n < 3) SELECT * FROM r", "SELECT 1 AS `a b` FORMAT JSON",
		"SELECT sum(a) OVER (ORDER BY a ROWS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM told WINDOW w AS (PARTITION BY a)",
		"SELECT number AS n FROM numbers(2) ORDER BY n WITH FILL FROM 0 TO 5 INTERPOLATE", "SELECT DISTINCT ON (a) a FROM told LIMIT 1",
		"SELECT a FROM told ARRAY JOIN [1, 2] AS b", "SELECT a, count() FROM told GROUP BY GROUPING SETS ((a), ()) HAVING count() > 0 QUALIFY 1",
	} {
		if status, answer, _ := post(t, e, reader, nil, nil, strings.NewReader(sql)); status != http.StatusOK {
			t.Errorf("refused: %s: %d %s", sql, status, answer)
		}
	}
	for _, settings := range []string{
		"max_result_rows=200&result_overflow_mode=break", "max_execution_time=30", "join_use_nulls=1", "enable_http_compression=1",
		"session_timezone=Europe/Berlin", "wait_end_of_query=1", "output_format_json_quote_64bit_integers=0", "use_client_time_zone=1",
		"log_comment=x", "date_time_input_format=best_effort", "session_id=abc&session_timeout=60", "compress=1", "readonly=2", "max_block_size=65409",
		"param_x=1", "send_progress_in_http_headers=1", "cancel_http_readonly_queries_on_client_close=1", "max_memory_usage=100000000",
	} {
		values, err := url.ParseQuery(settings)
		if err != nil {
			t.Fatal(err)
		}
		if status, answer, _ := post(t, e, reader, values, nil, strings.NewReader("SELECT 1")); status != http.StatusOK {
			t.Errorf("refused: %s: %d %s", settings, status, answer)
		}
	}
}

func TestStructureOfAReadersTableIsNamesAndTypes(t *testing.T) {
	e := shared(t)
	path := hidden(t, e)
	for structure, want := range map[string]int{
		"a UInt8": http.StatusOK, "a Nullable(Decimal(10, 2)), `b c` Array(Tuple(x String, y Enum8('a' = 1, ')' = 2)))": http.StatusOK,
		"a UInt8, b String DEFAULT file('" + path + "')": http.StatusBadRequest, "a UInt8 DEFAULT toUInt8(file('" + path + "'))": http.StatusBadRequest,
		"a DEFAULT (file('" + path + "'))": http.StatusBadRequest, "a UInt8 ALIAS 1": http.StatusBadRequest, "a UInt8 CODEC(NONE)": http.StatusBadRequest,
		"a UInt8, CONSTRAINT c CHECK file('" + path + "')": http.StatusBadRequest, "a UInt8, INDEX i file('') TYPE minmax": http.StatusBadRequest,
		"a": http.StatusBadRequest, "a UInt8,": http.StatusBadRequest,
	} {
		body := "--b\r\nContent-Disposition: form-data; name=\"x\"; filename=\"\"\r\n\r\n\r\n--b--\r\n"
		status, answer, _ := post(t, e, reader, url.Values{"query": {"SELECT count() FROM x"}, "x_structure": {structure}},
			http.Header{"Content-Type": {"multipart/form-data; boundary=b"}}, strings.NewReader(body))
		if status != want || strings.Contains(answer, "hidden-words") {
			t.Errorf("%q: %d, want %d: %s", structure, status, want, answer)
		}
	}
}
