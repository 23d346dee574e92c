package dashboards

import (
	"fmt"
	"os"
	"path/filepath"

	"github.com/google/renameio/v2"
)

// Write writes the JSON of all dashboards into a folder, which it makes where
// it is missing, and gives the files' paths. Grafana watches such folders, so
// no file is ever half written.
func Write(folder string) ([]string, error) {
	files, err := Files()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil { //nolint:gosec // Grafana runs as another user
		return nil, fmt.Errorf("make folder for dashboards: %w (name one you may write to with --out)", err)
	}
	var paths []string
	for _, f := range files {
		path := filepath.Join(folder, f.Name)
		if err := renameio.WriteFile(path, f.JSON, 0o644); err != nil {
			return paths, fmt.Errorf("write dashboard %s: %w", path, err)
		}
		paths = append(paths, path)
	}
	return paths, nil
}
