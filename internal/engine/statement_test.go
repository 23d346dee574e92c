package engine

import (
	"bytes"
	"strings"
	"testing"
)

func TestParseStatement(t *testing.T) {
	type want struct {
		keyword, format, head, data, localFile, outside string
		insert, several                                 bool
	}
	for text, w := range map[string]want{
		"":                  {},
		"SELECT 1":          {keyword: "SELECT"},
		"  (( select 1))":   {keyword: "SELECT"},
		"-- note\nSELECT 1": {keyword: "SELECT"},
		"/* a /* nested */ comment */ SELECT 1; -- end": {keyword: "SELECT"},
		"SELECT 1;;":         {keyword: "SELECT"},
		"SELECT 1; SELECT 2": {keyword: "SELECT", several: true},
		"SELECT ';', `;`, \";\", $$;$$, $tag$;$tag$ -- ;":          {keyword: "SELECT"},
		"SELECT 'it''s; \\'; x'":                                   {keyword: "SELECT"},
		"SELECT 1 FORMAT JSON":                                     {keyword: "SELECT", format: "JSON"},
		"SELECT 1 format `CSV` SETTINGS a = 1;":                    {keyword: "SELECT", format: "CSV"},
		"SELECT 'FORMAT TSV' AS format":                            {keyword: "SELECT"},
		"SELECT t.format x FROM (SELECT 1 FORMAT) t":               {keyword: "SELECT"},
		"WITH 1 AS x SELECT x":                                     {keyword: "WITH"},
		"SELECT 1 INTO OUTFILE 'x'":                                {keyword: "SELECT", localFile: "INTO OUTFILE"},
		"SELECT 1 INTO/**/outfile 'x'":                             {keyword: "SELECT", localFile: "INTO OUTFILE"},
		"SELECT 'INTO OUTFILE'":                                    {keyword: "SELECT"},
		"SELECT file('/etc/passwd')":                               {keyword: "SELECT", outside: "file()"},
		"SELECT `file` ('/etc/passwd')":                            {keyword: "SELECT", outside: "file()"},
		"SELECT file, profile(1), 'file(1)' FROM t":                {keyword: "SELECT"},
		"CREATE TABLE file (a Int8)":                               {keyword: "CREATE"},
		"CREATE DICTIONARY d (a Int8) SOURCE(EXECUTABLE(x))":       {keyword: "CREATE", outside: "SOURCE(EXECUTABLE(…))"},
		"CREATE DICTIONARY d (a Int8) SOURCE(CLICKHOUSE(TABLE t))": {keyword: "CREATE"},

		"INSERT INTO t VALUES (1), (';')":                        {keyword: "INSERT", insert: true, format: "Values", head: "INSERT INTO t", data: " (1), (';')"},
		"insert into t(a, b) values(1,2)":                        {keyword: "INSERT", insert: true, format: "Values", head: "insert into t(a, b)", data: "(1,2)"},
		"INSERT INTO values VALUES (1)":                          {keyword: "INSERT", insert: true, format: "Values", head: "INSERT INTO values", data: " (1)"},
		"INSERT INTO db.format (`values`, format) FORMAT CSV\n1": {keyword: "INSERT", insert: true, format: "CSV", head: "INSERT INTO db.format (`values`, format)", data: "1"},
		"INSERT INTO `a.b`.\"c d\" FORMAT Native":                {keyword: "INSERT", insert: true, format: "Native", head: "INSERT INTO `a.b`.\"c d\""},
		"INSERT INTO t SETTINGS x = 'FORMAT y' FORMAT TSV \r\n1": {keyword: "INSERT", insert: true, format: "TSV", head: "INSERT INTO t SETTINGS x = 'FORMAT y'", data: "1"},
		"INSERT INTO t FORMAT TSV\n\n;1":                         {keyword: "INSERT", insert: true, format: "TSV", head: "INSERT INTO t", data: "\n;1"},
		"INSERT INTO t FORMAT JSONEachRow {\"a\":1}":             {keyword: "INSERT", insert: true, format: "JSONEachRow", head: "INSERT INTO t", data: "{\"a\":1}"},
		"INSERT INTO t FORMAT RowBinary;":                        {keyword: "INSERT", insert: true, format: "RowBinary", head: "INSERT INTO t"},
		"INSERT INTO TABLE FUNCTION null('a Int8') VALUES (1)":   {keyword: "INSERT", insert: true, format: "Values", head: "INSERT INTO TABLE FUNCTION null('a Int8')", data: " (1)"},
		"INSERT INTO t":                                {keyword: "INSERT", insert: true, format: "Values", head: "INSERT INTO t"},
		"INSERT INTO t; DROP TABLE t":                  {keyword: "INSERT", insert: true, several: true, format: "Values", head: "INSERT INTO t", data: "; DROP TABLE t"},
		"INSERT INTO t SELECT 1":                       {keyword: "INSERT"},
		"INSERT INTO t (a) SELECT 1 FORMAT Null":       {keyword: "INSERT", format: "Null"},
		"INSERT INTO t (SELECT 1)":                     {keyword: "INSERT"},
		"INSERT INTO t WITH 1 AS x SELECT x; SELECT 2": {keyword: "INSERT", several: true},
		"INSERT INTO t FROM INFILE 'x' FORMAT CSV":     {keyword: "INSERT", format: "CSV", localFile: "FROM INFILE"},
	} {
		t.Run(text, func(t *testing.T) {
			st := parseStatement([]byte(text))
			got := want{st.keyword, st.format, st.head, "", st.localFile, st.outside, st.insert, st.several}
			if st.insert {
				got.data = text[st.data:]
			}
			if got.several {
				got.data = w.data // nobody reads it
			}
			if got != w {
				t.Errorf("\n got %+v\nwant %+v", got, w)
			}
		})
	}
}

// FuzzParseStatement holds what the rest relies on: no text can make the scan
// leave its bounds, and what is quoted is never taken for SQL.
func FuzzParseStatement(f *testing.F) {
	for _, seed := range []string{
		"SELECT 1; SELECT 2", "INSERT INTO t (a) VALUES (1)", "INSERT INTO t FORMAT CSV\n1,2", "/* /* */", "$a$ $a", "'\\", "‘", "# x",
		"INSERT INTO `t`.`u` SETTINGS a='x' FORMAT", "SELECT 1 INTO OUTFILE 'x' FORMAT TSV", "INSERT", "INSERT INTO a.", "((((", "\x00\xff",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		st := parseStatement(text)
		if st.data < 0 || st.data > len(text) {
			t.Fatalf("data begins at %d of %d", st.data, len(text))
		}
		if st.insert && !bytes.HasPrefix(text, []byte(st.head)) {
			t.Fatalf("head %q is not the beginning of %q", st.head, text)
		}
		for name, quoted := range map[string]string{
			"a string": "SELECT " + quoteString(string(text)), "a name": "SELECT " + quoteName(string(text)),
		} {
			if st := parseStatement([]byte(quoted)); st.several || st.localFile != "" || st.outside != "" || st.format != "" || st.keyword != "SELECT" {
				t.Fatalf("%s was taken for SQL: %q gives %+v", name, quoted, st)
			}
		}
		values := "INSERT INTO t (a, b) VALUES " + string(text)
		if st := parseStatement([]byte(values)); !st.insert || values[st.data:] != " "+string(text) {
			t.Fatalf("the data of %q begins at %d", values, st.data)
		}
		types := &server{types: set("UInt8 String Nullable Array Tuple Enum8")}
		if !types.plainColumns(string(text)) {
			return
		}
		if st := parseStatement([]byte("CREATE TEMPORARY TABLE x (" + string(text) + ") ENGINE = Memory")); st.several {
			t.Fatalf("a structure ends its statement: %q", text)
		}
	})
}

func TestExceptionText(t *testing.T) {
	for text, want := range map[string]exception{
		"Code: 60. DB::Exception: Unknown table 'x'. (UNKNOWN_TABLE)":                                                                         {60, "UNKNOWN_TABLE", "Unknown table 'x'."},
		"Code: 241. DB::Exception: Code: 241. DB::Exception: Query memory limit. (MEMORY_LIMIT_EXCEEDED) (version 26.7.2.1 (official build))": {241, "MEMORY_LIMIT_EXCEEDED", "Query memory limit."},
		"Code: 117. DB::Exception: bad row (INCORRECT_DATA) (version 26.7.2.1). (INCORRECT_DATA)":                                             {117, "INCORRECT_DATA", "bad row"},
		"Error: Code: 1000. DB::NetException: gone (POCO)":                                                                                    {1000, "POCO", "gone"},
		"something else": {49, "LOGICAL_ERROR", "something else"},
	} {
		if got := *asException(exceptionFrom(text)); got != want {
			t.Errorf("%s\n got %+v\nwant %+v", text, got, want)
		}
	}
	if err := exceptionFrom(""); err != nil {
		t.Errorf("no text is %v", err)
	}
	if strings.Count((&exception{code: 1, name: "A", message: "b."}).Error(), ".") != 2 {
		t.Error("full stop twice")
	}
}
