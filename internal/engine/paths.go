package engine

import (
	"regexp"
	"strings"
)

// storedFile is the engine's own name for a file of a table.
var storedFile = regexp.MustCompile(`(?:\./)?store/[0-9a-f]{3}/[^\s,:;'")\]]+`)

// withoutPaths keeps the server's folders out of what the reader is told.
func (s *server) withoutPaths(err error) error {
	if err == nil {
		return nil
	}
	e := *asException(err)
	e.message = strings.ReplaceAll(e.message, s.orders.Library, "(library)")
	e.message = strings.ReplaceAll(e.message, s.orders.DataDir+"/", "")
	e.message = strings.ReplaceAll(e.message, s.orders.DataDir, ".")
	e.message = storedFile.ReplaceAllString(e.message, "(file)")
	return &e
}
