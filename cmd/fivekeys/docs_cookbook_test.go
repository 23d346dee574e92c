package main

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"

	"github.com/fivekeys/fivekeys/internal/clickhouse"
)

const cookbookDocs = "../../docs/cookbook.md"

// approx is a figure that the SQL rounds to so many digits.
type approx struct {
	value  float64
	digits int
}

// Every statement of the cookbook runs, and answers what the data's story says.
func testCookbook(t *testing.T, d *docsData) {
	answers := d.answers()
	text := readDocs(t, cookbookDocs)
	questions := 0
	for _, b := range blocks(t, cookbookDocs) {
		if b.language != "sql" {
			continue
		}
		questions++
		number := strconv.Itoa(questions)
		t.Run(b.heading, func(t *testing.T) {
			if !strings.HasPrefix(b.heading, number+". ") {
				t.Fatalf("the statement in line %d is number %s, and stands under %q", b.line, number, b.heading)
			}
			header, got := ask(t, d.reader, b.text)
			if want, known := answers[questions]; known {
				compareAnswers(t, got, want)
			} else {
				t.Error("nobody knows the answer: add it to docs_answers_test.go")
			}
			if len(got) == 0 {
				t.Error("an answer without rows shows nothing")
			}
			replaceGenerated(t, cookbookDocs, number, markdown(header, got))
		})
	}
	if questions != len(answers) || !strings.Contains(text, "Twenty-five") || questions != 25 {
		t.Errorf("%d questions, %d answers; the text says twenty-five", questions, len(answers))
	}
}

// present puts the documentation's present in the place of the clock.
func present(sql string) string {
	return strings.NewReplacer(
		"today()", "toDate('"+docsNow.Format("2006-01-02")+"')",
		"now()", "toDateTime('"+docsNow.Format("2006-01-02 15:04:05")+"', 'UTC')",
	).Replace(sql)
}

// ask runs a statement and gives its answer as text.
func ask(t *testing.T, store *clickhouse.Store, sql string) (header []string, answer [][]string) {
	t.Helper()
	rows, err := store.Conn().Query(t.Context(), present(sql))
	if err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	defer func() { _ = rows.Close() }()
	if err := eachRow(rows, func(values []any) error {
		row := make([]string, len(values))
		for i, v := range values {
			row[i] = strings.TrimSuffix(strings.TrimSuffix(plain(v), ".000"), " 00:00:00")
		}
		answer = append(answer, row)
		return nil
	}); err != nil {
		t.Fatalf("%v\n%s", err, sql)
	}
	return rows.Columns(), answer
}

func compareAnswers(t *testing.T, got [][]string, want [][]any) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%d rows, want %d:\n%v\n%v", len(got), len(want), got, want)
	}
	for i := range want {
		if len(got[i]) != len(want[i]) {
			t.Fatalf("row %d has %d columns, want %d", i, len(got[i]), len(want[i]))
		}
		for j, w := range want[i] {
			if !answersEqual(got[i][j], w) {
				t.Errorf("row %d, column %d is %s, want %v\n%v\n%v", i+1, j+1, got[i][j], w, got[i], want[i])
			}
		}
	}
}

func answersEqual(got string, want any) bool {
	switch w := want.(type) {
	case approx:
		if math.IsNaN(w.value) {
			return got == "" || got == "NaN"
		}
		g, err := strconv.ParseFloat(got, 64)
		return err == nil && math.Abs(g-w.value) <= 0.5*math.Pow10(-w.digits)+1e-9*math.Abs(w.value)
	case nil:
		return got == ""
	default:
		return got == fmt.Sprint(w)
	}
}

func markdown(header []string, rows [][]string) string {
	var b strings.Builder
	b.WriteString("| " + strings.Join(header, " | ") + " |\n|" + strings.Repeat("---|", len(header)) + "\n")
	for _, row := range rows {
		cells := make([]string, len(row))
		for i, c := range row {
			cells[i] = cell(c)
		}
		b.WriteString("| " + strings.Join(cells, " | ") + " |\n")
	}
	return b.String()
}
