package engine_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/ext"
)

func TestParametersReachTheQuery(t *testing.T) {
	conn, ctx := open(t, shared(t), writer), context.Background()
	awkward := "tab\t newline\n quote' back\\slash {x:String} ; DROP"
	var text string
	var number uint64
	var list []string
	err := conn.QueryRow(ctx, "SELECT {text:String}, {number:UInt64}, {list:Array(String)}",
		clickhouse.Named("text", awkward), clickhouse.Named("number", uint64(1)<<63), clickhouse.Named("list", []string{"a'b", "c"})).Scan(&text, &number, &list)
	if err != nil {
		t.Fatal(err)
	}
	if text != awkward || number != 1<<63 || strings.Join(list, "|") != "a'b|c" {
		t.Fatalf("got %q %d %q", text, number, list)
	}
	run(t, conn, "CREATE TABLE params (a UInt64, b String) ENGINE = MergeTree ORDER BY a")
	if err := conn.Exec(ctx, "INSERT INTO params VALUES ({a:UInt64}, {b:String})", clickhouse.Named("a", 7), clickhouse.Named("b", awkward)); err != nil {
		t.Fatal(err)
	}
	if n := count(t, conn, "SELECT count() FROM params WHERE a = 7 AND b LIKE 'tab%DROP'"); n != 1 {
		t.Fatalf("got %d rows", n)
	}
}

func TestSettingsHoldForOneRequest(t *testing.T) {
	conn, ctx := open(t, shared(t), writer), context.Background()
	with := clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"max_block_size": 1234}))
	read := func(ctx context.Context) (n uint64) {
		if err := conn.QueryRow(ctx, "SELECT toUInt64(getSetting('max_block_size'))").Scan(&n); err != nil {
			t.Fatal(err)
		}
		return n
	}
	if n := read(with); n != 1234 {
		t.Fatalf("setting of the request is %d", n)
	}
	if n := read(ctx); n == 1234 {
		t.Fatal("the setting leaked into the next request")
	}
}

func TestErrorsAreTyped(t *testing.T) {
	e, ctx := shared(t), context.Background()
	settings := func(s clickhouse.Settings) context.Context {
		return clickhouse.Context(ctx, clickhouse.WithSettings(s))
	}
	for name, c := range map[string]struct {
		ctx    context.Context
		sql    string
		code   int32
		status int
	}{
		"an unknown table":                   {ctx, "SELECT * FROM nowhere", 60, 404},
		"an unknown column":                  {ctx, "SELECT nothing FROM system.one", 47, 400},
		"a syntax error":                     {ctx, "SELEC 1", 62, 400},
		"an unknown setting":                 {settings(clickhouse.Settings{"no_such_setting": 1}), "SELECT 1", 115, 400},
		"a setting of the wrong type":        {settings(clickhouse.Settings{"max_threads": "many"}), "SELECT 1", 27, 400},
		"a setting that is SQL":              {settings(clickhouse.Settings{"max_threads = 1, max_block_size": "1"}), "SELECT 1", 115, 400},
		"more memory than allowed":           {settings(clickhouse.Settings{"max_memory_usage": 1 << 40}), "SELECT 1", 452, 400},
		"a query beyond its memory":          {settings(clickhouse.Settings{"max_memory_usage": 10 << 20}), "SELECT groupArray(number) FROM numbers(10000000)", 241, 500},
		"a function that throws":             {ctx, "SELECT throwIf(number = 5) FROM numbers(10)", 395, 500},
		"several statements":                 {ctx, "SELECT 1; SELECT 2", 62, 400},
		"several statements, the last wrong": {ctx, "CREATE TABLE several (a Int8) ENGINE = Memory; nonsense", 62, 400},
		"a missing parameter":                {ctx, "SELECT {a:UInt8}", 456, 500},
	} {
		t.Run(name, func(t *testing.T) {
			for _, method := range compressions {
				conn := open(t, e, writer, compressed(method))
				rows, err := conn.Query(c.ctx, c.sql)
				if err == nil {
					for rows.Next() {
					}
					err = errors.Join(rows.Err(), rows.Close())
				}
				if got := code(t, err); got != c.code {
					t.Errorf("code %d, want %d: %v", got, c.code, err)
				}
				var status *clickhouse.HTTPError
				if !errors.As(err, &status) || status.StatusCode != c.status {
					t.Errorf("want status %d: %v", c.status, err)
				}
			}
		})
	}
	if n := count(t, open(t, e, writer), "SELECT count() FROM system.tables WHERE name = 'several'"); n != 0 {
		t.Error("the first of two statements was run")
	}
}

func TestErrorInTheMiddleOfAStreamIsTyped(t *testing.T) {
	e, ctx := shared(t), context.Background()
	for name, method := range compressions {
		t.Run(name, func(t *testing.T) {
			conn := open(t, e, writer, compressed(method))
			rows, err := conn.Query(ctx, "SELECT number, throwIf(number = 3000000, 'half way') FROM numbers(4000000)")
			if err != nil {
				t.Fatal(err)
			}
			n := 0
			for rows.Next() {
				n++
			}
			err = errors.Join(rows.Err(), rows.Close())
			if got := code(t, err); got != 395 || !strings.Contains(err.Error(), "half way") {
				t.Errorf("got code %d: %v", got, err)
			}
			if n == 0 || n > 3000000 {
				t.Errorf("got %d rows before the error", n)
			}
		})
	}
	t.Run("in a format", func(t *testing.T) {
		conn := open(t, e, writer)
		r, err := conn.QueryFormat(ctx, "JSONEachRow", "SELECT number, throwIf(number = 3000000, 'half way') FROM numbers(4000000)")
		if err != nil {
			t.Fatal(err)
		}
		defer r.Close()
		_, err = io.Copy(io.Discard, r)
		if got := code(t, err); got != 395 {
			t.Errorf("got code %d: %v", got, err)
		}
	})
}

func TestCancelledQueryIsKilled(t *testing.T) {
	e := shared(t)
	conn, watch := open(t, e, writer), open(t, e, writer)
	for name, sql := range map[string]string{
		"before its first block":     "SELECT max(sipHash64(number)) AS cancel_me FROM numbers(1000000000000)",
		"in the middle of a stream":  "SELECT number AS cancel_me FROM numbers(1000000000000)",
		"while it makes a document":  "SELECT sum(sipHash64(number)) AS cancel_me FROM numbers(1000000000000) FORMAT JSON",
		"while it inserts a select":  "INSERT INTO FUNCTION null('a UInt64') SELECT sipHash64(number) AS cancel_me FROM numbers(1000000000000)",
		"while it is sorting itself": "SELECT number AS cancel_me FROM numbers(1000000000000) ORDER BY sipHash64(number) LIMIT 10",
	} {
		t.Run(name, func(t *testing.T) {
			const running = "SELECT count() FROM system.processes WHERE query LIKE '%cancel_me%' AND query NOT LIKE '%system.processes%'"
			ctx, cancel := context.WithCancel(context.Background())
			defer cancel()
			ended := make(chan error, 1)
			go func() {
				rows, err := conn.Query(ctx, sql)
				if err == nil {
					for rows.Next() {
					}
					err = errors.Join(rows.Err(), rows.Close())
				}
				ended <- err
			}()
			for count(t, watch, running) == 0 {
				select {
				case err := <-ended:
					t.Fatalf("ended by itself: %v", err)
				default:
				}
			}
			cancel()
			if err := <-ended; err == nil {
				t.Error("the client saw no error")
			}
			for count(t, watch, running) != 0 {
			}
		})
	}
}

func TestQueryTimeoutOfTheEngineIsTyped(t *testing.T) {
	conn := open(t, shared(t), writer)
	ctx := clickhouse.Context(context.Background(), clickhouse.WithSettings(clickhouse.Settings{"max_execution_time": 0.1}))
	err := conn.QueryRow(ctx, "SELECT max(sipHash64(number)) FROM numbers(1000000000000)").Err()
	if got := code(t, err); got != 159 {
		t.Errorf("got code %d: %v", got, err)
	}
}

func TestExternalTables(t *testing.T) {
	e := shared(t)
	for name, c := range map[string]struct{ conn clickhouse.Conn }{"writer": {open(t, e, writer)}, "reader": {open(t, e, reader)}} {
		t.Run(name, func(t *testing.T) {
			table, err := ext.NewTable("wanted", ext.Column("service", "String"), ext.Column("weight", "UInt8"))
			if err != nil {
				t.Fatal(err)
			}
			for i, s := range []string{"checkout", "search"} {
				if err := table.Append(s, uint8(i+1)); err != nil {
					t.Fatal(err)
				}
			}
			ctx := clickhouse.Context(context.Background(), clickhouse.WithExternalTable(table))
			var n uint64
			if err := c.conn.QueryRow(ctx, "SELECT sum(weight) FROM wanted WHERE service IN ('checkout', 'search')").Scan(&n); err != nil {
				t.Fatal(err)
			}
			if n != 3 {
				t.Errorf("sum is %d", n)
			}
		})
	}
}

func TestEmptyResultAndWideRangeOfStatements(t *testing.T) {
	conn, ctx := open(t, shared(t), writer), context.Background()
	run(t, conn,
		"CREATE TABLE wide (day Date, n UInt64) ENGINE = ReplacingMergeTree ORDER BY day",
		"CREATE VIEW wide_view AS SELECT day, sum(n) AS n FROM wide GROUP BY day",
		"CREATE TABLE wide_sum (day Date, n UInt64) ENGINE = SummingMergeTree ORDER BY day",
		"CREATE MATERIALIZED VIEW wide_mv TO wide_sum AS SELECT day, n FROM wide",
		"INSERT INTO wide SELECT toDate('2025-10-01') + number % 10, number FROM numbers(1000)",
		"WITH 5 AS x INSERT INTO wide SELECT toDate('2025-11-01'), x",
		"OPTIMIZE TABLE wide FINAL",
		"ALTER TABLE wide ADD COLUMN note String DEFAULT ''",
		"ALTER TABLE wide DELETE WHERE n = 0 SETTINGS mutations_sync = 1",
		"CREATE DICTIONARY wide_dict (day Date, n UInt64) PRIMARY KEY day SOURCE(CLICKHOUSE(TABLE 'wide' DB 'fivekeys')) LIFETIME(0) LAYOUT(COMPLEX_KEY_HASHED())",
	)
	if n := count(t, conn, "SELECT count() FROM wide_view"); n != 11 {
		t.Errorf("view has %d rows", n)
	}
	if n := count(t, conn, "SELECT sum(n) FROM wide_sum"); n != 499505 {
		t.Errorf("materialized view sums to %d", n)
	}
	rows, err := conn.Query(ctx, "SELECT * FROM wide WHERE n = 123456789")
	if err != nil {
		t.Fatal(err)
	}
	if rows.Next() {
		t.Error("a row from nowhere")
	}
	if err := errors.Join(rows.Err(), rows.Close()); err != nil {
		t.Error(err)
	}
	for _, sql := range []string{"SHOW TABLES", "DESCRIBE TABLE wide", "EXPLAIN SELECT 1", "SHOW CREATE TABLE wide", "EXISTS TABLE wide"} {
		rows, err := conn.Query(ctx, sql)
		if err != nil {
			t.Errorf("%s: %v", sql, err)
			continue
		}
		if !rows.Next() {
			t.Errorf("%s: no rows", sql)
		}
		if err := errors.Join(rows.Err(), rows.Close()); err != nil {
			t.Errorf("%s: %v", sql, err)
		}
	}
	var now time.Time
	var zone string
	if err := conn.QueryRow(ctx, "SELECT now(), timezone()").Scan(&now, &zone); err != nil {
		t.Fatal(err)
	}
	if now.Location() != time.UTC && zone != "UTC" {
		t.Errorf("the engine's time zone is %s", zone)
	}
}

func TestStreamedFormatsAreWhatOneDocumentWouldBe(t *testing.T) {
	e := shared(t)
	const sql = "SELECT number, toString(number) AS text, if(number % 3 = 0, NULL, 'a\\tb') AS maybe FROM numbers(1000) SETTINGS max_block_size = 100"
	for _, format := range []string{
		"Native", "TSV", "TabSeparated", "TSVRaw", "TabSeparatedRaw", "CSV", "JSONEachRow", "JSONLines", "NDJSON", "JSONStringsEachRow",
		"JSONCompactEachRow", "JSONCompactStringsEachRow", "RowBinary", "TSKV", "LineAsString", "RawBLOB",
		// These have headers or footers, and must not come in pieces.
		"TSVWithNames", "CSVWithNamesAndTypes", "JSON", "JSONCompact", "RowBinaryWithNames", "Values", "Pretty", "Vertical", "XML", "Markdown",
	} {
		t.Run(format, func(t *testing.T) {
			sql := sql
			if format == "LineAsString" || format == "RawBLOB" {
				sql = strings.Replace(sql, "number, toString(number) AS text, if(number % 3 = 0, NULL, 'a\\tb') AS maybe", "toString(number)", 1)
			}
			status, streamed, header := post(t, e, writer, url.Values{"default_format": {format}}, nil, strings.NewReader(sql))
			if status != http.StatusOK || header.Get("X-ClickHouse-Format") != format {
				t.Fatalf("%d %s %.300s", status, header.Get("X-ClickHouse-Format"), streamed)
			}
			whole := strings.Replace(sql, "max_block_size = 100", "max_block_size = 10000", 1)
			_, document, _ := post(t, e, writer, url.Values{"default_format": {format}, "wait_end_of_query": {"1"}}, nil, strings.NewReader(whole))
			if format == "Native" { // which keeps its blocks
				if len(streamed) < len(document) {
					t.Errorf("%d bytes in blocks, %d in one", len(streamed), len(document))
				}
				return
			}
			timings := regexp.MustCompile(`"elapsed": [0-9.e-]+|<elapsed>[^<]*|"bytes_read": \d+|"rows_read": \d+|<(rows|bytes)_read>\d+`)
			if a, b := timings.ReplaceAllString(streamed, ""), timings.ReplaceAllString(document, ""); a != b {
				t.Errorf("streamed %d bytes, whole %d:\n%.500s\n---\n%.500s", len(a), len(b), a, b)
			}
		})
	}
}

func TestDocumentsAreBoundedAndTheBoundIsAnError(t *testing.T) {
	e := shared(t)
	const sql = "SELECT number, repeat('x', 1000 + number % 10) FROM numbers(1000000) FORMAT JSON"
	for name, params := range map[string]url.Values{"by us": nil, "not lifted by the client": {"max_result_bytes": {"0"}}, "lower by the client": {"max_result_bytes": {"1000"}}} {
		t.Run(name, func(t *testing.T) {
			status, answer, header := post(t, e, writer, params, nil, strings.NewReader(sql))
			if status == http.StatusOK || header.Get("X-ClickHouse-Exception-Code") != "396" {
				t.Errorf("status %d, code %s: %.300s", status, header.Get("X-ClickHouse-Exception-Code"), answer)
			}
		})
	}
	if status, answer, _ := post(t, e, writer, url.Values{"readonly": {"1"}}, nil, strings.NewReader("SELECT 1 FORMAT JSON")); status != http.StatusOK {
		t.Errorf("a client that makes itself read-only: %d %s", status, answer)
	}
}
