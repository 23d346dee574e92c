package provision

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

// The marker is a hidden constant variable of each dashboard we save: the hash
// of what we made it from and the version it has once saved. Grafana raises the
// version with each save, so a version above the marker's is somebody's edit.
// It lives in the dashboard because a dashboard is all that Grafana keeps for us.
const markerName = "fivekeys_provisioned"

type marker struct {
	hash    string
	version int64
}

func (m marker) String() string { return fmt.Sprintf("%s@%d", m.hash, m.version) }

func parseMarker(s string) (marker, bool) {
	hash, version, ok := strings.Cut(s, "@")
	n, err := strconv.ParseInt(version, 10, 64)
	return marker{hash, n}, ok && err == nil
}

// hashOf names a dashboard's content.
func hashOf(model map[string]any) (string, error) {
	text, err := json.Marshal(model)
	if err != nil {
		return "", fmt.Errorf("encode dashboard: %w", err)
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:8]), nil
}

func variables(model map[string]any) []any {
	templating, _ := model["templating"].(map[string]any)
	list, _ := templating["list"].([]any)
	return list
}

// markerOf finds the marker of a dashboard; one without was not made by us.
func markerOf(model map[string]any) (marker, bool) {
	for _, v := range variables(model) {
		variable, _ := v.(map[string]any)
		if variable["name"] == markerName {
			text, _ := variable["query"].(string)
			return parseMarker(text)
		}
	}
	return marker{}, false
}

// withMarker gives a copy that carries the marker.
func withMarker(model map[string]any, m marker) map[string]any {
	out := make(map[string]any, len(model))
	for k, v := range model {
		out[k] = v
	}
	out["templating"] = map[string]any{"list": append(withoutMarker(variables(model)), map[string]any{
		"type": "constant", "name": markerName, "query": m.String(), "hide": 2, "skipUrlSync": true,
	})}
	return out
}

func withoutMarker(list []any) []any {
	out := make([]any, 0, len(list)+1)
	for _, v := range list {
		if variable, _ := v.(map[string]any); variable["name"] != markerName {
			out = append(out, v)
		}
	}
	return out
}

// plain is a dashboard without what Grafana and the marker add, for comparing.
func plain(model map[string]any) map[string]any {
	out := make(map[string]any, len(model))
	for k, v := range model {
		out[k] = v
	}
	delete(out, "id")
	delete(out, "version")
	if list := variables(model); list != nil {
		out["templating"] = map[string]any{"list": withoutMarker(list)}
	}
	return out
}

func versionOf(model map[string]any) int64 {
	switch v := model["version"].(type) {
	case float64:
		return int64(v)
	case int64:
		return v
	case int:
		return int64(v)
	}
	return 0
}
