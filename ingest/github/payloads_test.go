package github_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// payloadsFolder holds GitHub's published example payloads, pinned by the
// package.json two folders above.
const payloadsFolder = "testdata/octokit/node_modules/@octokit/webhooks-examples"

// servers are the folders of the package: github.com and versions of GitHub
// Enterprise Server.
var servers = []string{"api.github.com", "ghes-31", "ghes-32", "ghes-33", "ghes-34", "ghes-35"}

// example is one payload: the n-th of its event.
type example struct {
	server, event, action string
	n                     int
	body                  []byte
}

func (e example) name() string {
	return fmt.Sprintf("%s.%s.%d", e.event, e.action, e.n)
}

func (e example) delivery() schemas.Delivery {
	return schemas.Delivery{
		Source: "github", ID: e.server + "/" + e.name(), Kind: e.event, Body: e.body,
		Header:     map[string]string{"Content-Type": "application/json"},
		ReceivedAt: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
	}
}

// examples reads all payloads of a server.
func examples(t *testing.T, server string) []example {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(payloadsFolder, server, "index.json"))
	if err != nil {
		t.Fatalf("%v (hint: make payloads)", err)
	}
	var events []struct {
		Name     string            `json:"name"`
		Examples []json.RawMessage `json:"examples"`
	}
	if err := json.Unmarshal(raw, &events); err != nil {
		t.Fatalf("read the payloads of %s: %v", server, err)
	}
	var all []example
	for _, e := range events {
		for n, body := range e.Examples {
			var head struct {
				Action string `json:"action"`
			}
			_ = json.Unmarshal(body, &head) // some have no action, some are odd on purpose
			if head.Action == "" {
				head.Action = "none"
			}
			all = append(all, example{server, e.Name, head.Action, n, body})
		}
	}
	return all
}
