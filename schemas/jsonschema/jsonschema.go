// Package jsonschema publishes the contract of the event types as JSON Schema
// (draft 2020-12), one file a type, generated from the structs in package
// schemas by this package's test (go generate) and compared with them there, so
// that nothing drifts.
package jsonschema

import (
	"embed"
	"io/fs"
)

//go:generate go test . -run TestFilesEqualTheTypes -update

//go:embed *.json
var files embed.FS

// Files holds <type>.json for every event type, e.g. fivekeys.change.v1.json.
func Files() fs.FS { return files }
