package report

import (
	"encoding/json"
	"fmt"
	"io"
)

// JSON writes the report as one JSON document, and nothing else. Its shape is
// that of the type Report; lists are never null, and "no data" always is.
func JSON(w io.Writer, r Report) error {
	e := json.NewEncoder(w)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	if err := e.Encode(r); err != nil {
		return fmt.Errorf("write report as JSON: %w", err)
	}
	return nil
}
