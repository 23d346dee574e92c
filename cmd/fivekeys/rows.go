package main

import (
	"bufio"
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"reflect"
	"strings"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/jedib0t/go-pretty/v6/table"

	"github.com/fivekeys/fivekeys/internal/spreadsheet"
)

// printRows writes the rows of any query. Only table holds them in memory, to
// align its columns.
func printRows(w io.Writer, format string, rows driver.Rows) error {
	out := bufio.NewWriter(w)
	var err error
	switch format {
	case "json":
		err = printJSON(out, rows)
	case "csv":
		err = printCSV(out, rows)
	default:
		err = printTable(out, rows)
	}
	if err != nil {
		return err
	}
	return out.Flush()
}

// eachRow calls f with each row's values; a NULL is nil.
func eachRow(rows driver.Rows, f func(values []any) error) error {
	types := rows.ColumnTypes()
	for rows.Next() {
		targets := make([]any, len(types))
		for i, t := range types {
			targets[i] = reflect.New(t.ScanType()).Interface()
		}
		if err := rows.Scan(targets...); err != nil {
			return err
		}
		values := make([]any, len(targets))
		for i, target := range targets {
			v := reflect.ValueOf(target).Elem()
			for v.Kind() == reflect.Pointer && !v.IsNil() {
				v = v.Elem()
			}
			if v.Kind() != reflect.Pointer {
				values[i] = v.Interface()
			}
			// A day has no hour to print.
			if day, ok := values[i].(time.Time); ok && isDay(types[i].DatabaseTypeName()) {
				values[i] = day.Format(time.DateOnly)
			}
		}
		if err := f(values); err != nil {
			return err
		}
	}
	return rows.Err()
}

func printJSON(w *bufio.Writer, rows driver.Rows) error {
	names := rows.Columns()
	keys := make([][]byte, len(names))
	for i, name := range names {
		key, err := json.Marshal(name)
		if err != nil {
			return err
		}
		keys[i] = key
	}
	// bufio keeps the first error for Flush to report.
	_, _ = w.WriteString("[")
	first := true
	err := eachRow(rows, func(values []any) error {
		if !first {
			_, _ = w.WriteString(",")
		}
		first = false
		_, _ = w.WriteString("\n{")
		for i, v := range values {
			if i > 0 {
				_ = w.WriteByte(',')
			}
			if f, ok := v.(float64); ok && (math.IsNaN(f) || math.IsInf(f, 0)) {
				v = nil // JSON has no such number
			}
			value, err := json.Marshal(v)
			if err != nil {
				return fmt.Errorf("encode column %s: %w", names[i], err)
			}
			_, _ = w.Write(keys[i])
			_ = w.WriteByte(':')
			_, _ = w.Write(value)
		}
		_ = w.WriteByte('}')
		return nil
	})
	_, _ = w.WriteString("\n]\n")
	return err
}

func printCSV(w io.Writer, rows driver.Rows) error {
	out := csv.NewWriter(w)
	if err := out.Write(fields(rows.Columns())); err != nil {
		return err
	}
	if err := eachRow(rows, func(values []any) error {
		record := make([]string, len(values))
		for i, v := range values {
			record[i] = plain(v)
			if isText(v) {
				record[i] = spreadsheet.Field(record[i])
			}
		}
		return out.Write(record)
	}); err != nil {
		return err
	}
	out.Flush()
	return out.Error()
}

func printTable(w io.Writer, rows driver.Rows) error {
	t := newFullTable(w)
	header := table.Row{}
	for _, name := range rows.Columns() {
		header = append(header, name)
	}
	t.AppendHeader(header)
	n := 0
	if err := eachRow(rows, func(values []any) error {
		row := make(table.Row, len(values))
		for i, v := range values {
			row[i] = plain(v)
		}
		t.AppendRow(row)
		n++
		return nil
	}); err != nil {
		return err
	}
	if n == 0 {
		_, err := fmt.Fprintln(w, "No rows.")
		return err
	}
	_, err := fmt.Fprintf(w, "%s\n", t.Render())
	return err
}

// plain is a value as people and spreadsheets read it.
func plain(v any) string {
	switch v := v.(type) {
	case nil:
		return ""
	case string:
		return v
	case time.Time:
		return v.UTC().Format("2006-01-02 15:04:05.000")
	case []byte:
		return string(v)
	case fmt.Stringer:
		return v.String()
	}
	if k := reflect.TypeOf(v).Kind(); k == reflect.Slice || k == reflect.Map {
		var b bytes.Buffer
		if err := json.NewEncoder(&b).Encode(v); err == nil {
			return string(bytes.TrimSpace(b.Bytes()))
		}
	}
	return fmt.Sprint(v)
}

// isText says of a value that somebody may have written it, which nobody can of
// a number or a time.
func isText(v any) bool {
	switch v.(type) {
	case string, []byte:
		return true
	}
	return false
}

// fields are the titles of columns, which whoever wrote the SQL chose.
func fields(titles []string) []string {
	out := make([]string, len(titles))
	for i, title := range titles {
		out[i] = spreadsheet.Field(title)
	}
	return out
}

func isDay(kind string) bool {
	switch strings.TrimSuffix(strings.TrimPrefix(kind, "Nullable("), ")") {
	case "Date", "Date32":
		return true
	}
	return false
}
