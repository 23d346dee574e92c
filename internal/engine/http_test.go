package engine_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/ClickHouse/ch-go/compress"
	"github.com/ClickHouse/ch-go/proto"

	"github.com/fivekeys/fivekeys/internal/engine"
)

// curl runs the real one against the TCP listener.
func curl(t *testing.T, e *engine.Engine, stdin string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath("curl")
	if err != nil {
		t.Skip("curl is not installed")
	}
	cmd := exec.Command(path, append([]string{"--silent", "--show-error"}, args...)...)
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Sprintf("%s%v", out, err)
	}
	return string(out)
}

func TestCurl(t *testing.T) {
	e := shared(t)
	base := "http://" + e.HTTPAddr() + "/"
	as := func(c engine.Credentials) string { return c.User + ":" + c.Password }
	run(t, open(t, e, writer), "CREATE TABLE curl (a UInt64, b String) ENGINE = MergeTree ORDER BY a")
	upload := filepath.Join(t.TempDir(), "rows.csv")
	if err := os.WriteFile(upload, []byte("5,five\n6,six\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	w := []string{"-u", as(writer)}
	for _, c := range []struct {
		name, stdin string
		args        []string
		want        string
	}{
		{"ping needs no password", "", []string{base + "ping"}, "Ok.\n"},
		{"a health check at the root", "", []string{base}, "Ok.\n"},
		{"replicas status", "", []string{base + "replicas_status"}, "Ok.\n"},
		{"a query in the body", "", append(w, base, "-d", "SELECT 1, 'a'"), "1\ta\n"},
		{"a query in the URL", "", append(w, "-G", base, "--data-urlencode", "query=SELECT 1 FORMAT JSONCompact"), `"data":`},
		{"a query on standard input", "SELECT 40 + 2", append(w, base, "--data-binary", "@-"), "42\n"},
		{"a query begun in the URL and continued in the body", "", append(w, base+"?query=SELECT%201", "-d", "+ 2"), "3\n"},
		{"user and password in the URL", "", []string{base + "?user=" + reader.User + "&password=" + reader.Password, "-d", "SELECT 7"}, "7\n"},
		{"user and password in headers", "", []string{"-H", "X-ClickHouse-User: " + reader.User, "-H", "X-ClickHouse-Key: " + reader.Password, base, "-d", "SELECT 7"}, "7\n"},
		{"the default format in the URL", "", append(w, base+"?default_format=CSVWithNames", "-d", "SELECT 1 AS a"), "\"a\"\n1\n"},
		{"a header with the format", "", append(w, "-H", "X-ClickHouse-Format: CSV", base, "-d", "SELECT 'a'"), "\"a\"\n"},
		{"a parameter", "", append(w, base+"?param_x=5", "-d", "SELECT {x:UInt8} + 1"), "6\n"},
		{"VALUES in the body", "", append(w, base, "-d", "INSERT INTO curl VALUES (1, 'one'), (2, 'two;--')"), ""},
		{"INSERT in the URL, rows in the body", "", append(w, base+"?query=INSERT%20INTO%20curl%20FORMAT%20JSONEachRow", "-d", `{"a":3,"b":"three"} {"a":4,"b":"four"}`), ""},
		{"INSERT in the URL, rows from a file", "", append(w, base+"?query=INSERT%20INTO%20curl%20FORMAT%20CSV", "--data-binary", "@"+upload), ""},
		{"INSERT and rows in the body", "", append(w, base, "--data-binary", "INSERT INTO curl (b, a) FORMAT TSV\nseven\t7\neight\t8\n"), ""},
		{"INSERT without a format", "", append(w, base+"?query=INSERT%20INTO%20curl", "-d", "(9, 'nine')"), ""},
		{"what was inserted", "", append(w, base, "-d", "SELECT sum(a), count(), groupArray(b)[2] FROM (SELECT * FROM curl ORDER BY a)"), "45\t9\ttwo;--\n"},
		{"a wrong password", "", []string{"-u", writer.User + ":wrong", "-w", "%{http_code}", base, "-d", "SELECT 1"}, "(AUTHENTICATION_FAILED)"},
		{"no password", "", []string{"-o", "/dev/null", "-w", "%{http_code} %header{X-ClickHouse-Exception-Code}", base, "-d", "SELECT 1"}, "401 516"},
		{"an error's status and code", "", append(w, "-o", "/dev/null", "-w", "%{http_code} %header{X-ClickHouse-Exception-Code}", base, "-d", "SELECT * FROM nowhere"), "404 60"},
		{"headers", "", append(w, "-i", base+"?query_id=q-1", "-d", "SELECT number FROM numbers(3)"), "X-Clickhouse-Query-Id: q-1"},
		{"GET does not change data", "", append(w, "-G", base, "--data-urlencode", "query=TRUNCATE TABLE curl"), "(READONLY)"},
		{"a broken result is an error for curl", "", append(w, base, "-d", "SELECT throwIf(number = 3000000) FROM numbers(4000000)", "-o", "/dev/null"), "exit status 18"},
		{"an unknown path", "", append(w, base+"play"), "There is no handle /play"},
		{"compression that was asked for twice", "", append(w, "--compressed", base+"?enable_http_compression=1", "-d", "SELECT 'long' FROM numbers(1000)"), "long\nlong\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := curl(t, e, c.stdin, c.args...)
			if c.want == "" && got != "" || !strings.Contains(got, c.want) {
				t.Errorf("curl %q\n gives %q\nwant %q", c.args, got, c.want)
			}
		})
	}
}

// post sends one request over the unix socket.
func post(t testing.TB, e *engine.Engine, c engine.Credentials, params url.Values, header http.Header, body io.Reader) (int, string, http.Header) {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{
		DisableCompression: true, DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return new(net.Dialer).DialContext(ctx, "unix", e.SocketPath())
		},
	}}
	req, err := http.NewRequest(http.MethodPost, "http://localhost/?"+params.Encode(), body)
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	req.SetBasicAuth(c.User, c.Password)
	res, err := client.Do(req)
	if err != nil {
		return 0, err.Error(), nil
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return res.StatusCode, string(b) + err.Error(), res.Header
	}
	return res.StatusCode, string(b), res.Header
}

func TestUploadThatBreaksOffCommitsNothing(t *testing.T) {
	e := shared(t)
	conn := open(t, e, writer)
	const rows = 3_000_000 // more than the engine commits at a time
	var native, rowBinary bytes.Buffer
	for from := 0; from < rows; from += 100_000 {
		var column proto.ColUInt64
		for i := from; i < from+100_000; i++ {
			column.Append(uint64(i))
		}
		var b proto.Buffer
		input := proto.Input{{Name: "a", Data: column}}
		if err := (proto.Block{Columns: 1, Rows: 100_000}).EncodeRawBlock(&b, 0, input); err != nil {
			t.Fatal(err)
		}
		w := compress.NewWriter(compress.LevelZero, compress.LZ4)
		if err := w.Compress(b.Buf); err != nil {
			t.Fatal(err)
		}
		native.Write(w.Data)
		b.Reset()
		column.EncodeColumn(&b)
		rowBinary.Write(b.Buf)
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	if _, err := z.Write(rowBinary.Bytes()); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	half := func(b []byte) []byte { return b[:len(b)/2+3] }
	for name, c := range map[string]struct {
		format string
		params url.Values
		header http.Header
		body   []byte
		broken bool // the connection breaks; otherwise the body ends too early
	}{
		"a connection that breaks":                  {"RowBinary", nil, nil, half(rowBinary.Bytes()), true},
		"a connection that breaks, compressed":      {"Native", url.Values{"decompress": {"1"}}, nil, half(native.Bytes()), true},
		"a connection that breaks between blocks":   {"RowBinary", nil, nil, rowBinary.Bytes()[:8*1000], true},
		"a gzip stream that stops":                  {"RowBinary", nil, http.Header{"Content-Encoding": {"gzip"}}, half(zipped.Bytes()[:40000]), false},
		"a block that stops":                        {"Native", url.Values{"decompress": {"1"}}, nil, native.Bytes()[:200_000], false},
		"a block that stops right behind its head":  {"Native", url.Values{"decompress": {"1"}}, nil, native.Bytes()[:25], false},
		"a body in an encoding nobody knows":        {"RowBinary", nil, http.Header{"Content-Encoding": {"rot13"}}, rowBinary.Bytes(), false},
		"a body that is not in the encoding it has": {"RowBinary", nil, http.Header{"Content-Encoding": {"zstd"}}, rowBinary.Bytes(), false},
	} {
		t.Run(name, func(t *testing.T) {
			run(t, conn, "DROP TABLE IF EXISTS cut", "CREATE TABLE cut (a UInt64) ENGINE = MergeTree ORDER BY a")
			params := url.Values{"query": {"INSERT INTO cut FORMAT " + c.format}}
			for k, v := range c.params {
				params[k] = v
			}
			body := io.Reader(bytes.NewReader(c.body))
			if c.broken {
				body = io.MultiReader(body, brokenReader{})
			}
			if status, answer, _ := post(t, e, writer, params, c.header, body); status == http.StatusOK {
				t.Errorf("the upload was accepted: %s", answer)
			}
			if n := count(t, conn, "SELECT count() FROM cut"); n != 0 {
				t.Errorf("%d rows were committed", n)
			}
		})
	}
	t.Run("whole", func(t *testing.T) {
		run(t, conn, "DROP TABLE IF EXISTS cut", "CREATE TABLE cut (a UInt64) ENGINE = MergeTree ORDER BY a")
		params := url.Values{"query": {"INSERT INTO cut FORMAT Native"}, "decompress": {"1"}}
		status, answer, header := post(t, e, writer, params, nil, &native)
		if status != http.StatusOK || !strings.Contains(header.Get("X-ClickHouse-Summary"), fmt.Sprintf(`"written_rows":"%d"`, rows)) {
			t.Errorf("status %d %s, summary %s", status, answer, header.Get("X-ClickHouse-Summary"))
		}
		if n := count(t, conn, "SELECT uniqExact(a) FROM cut"); n != rows {
			t.Errorf("%d rows", n)
		}
	})
}

type brokenReader struct{}

func (brokenReader) Read([]byte) (int, error) { return 0, io.ErrClosedPipe }
