package dashboards

import (
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/dashboards/grafanatest"
	"github.com/fivekeys/fivekeys/internal/testkit"
	"github.com/fivekeys/fivekeys/schemas"
)

const alertFile = "../deploy/grafana/provisioning/alerting/fivekeys.json"

func TestAlertFileIsUpToDate(t *testing.T) {
	built, err := AlertFile("fivekeys", "fivekeys")
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(alertFile, built, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	committed, err := os.ReadFile(alertFile)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(committed), string(built)); diff != "" {
		t.Errorf("run go generate ./dashboards\n-committed +built:\n%s", diff)
	}
}

// TestGrafanaTakesTheAlertFile: Grafana loads the rules of files before its
// dashboards, and one that it refuses keeps all that comes after away.
func TestGrafanaTakesTheAlertFile(t *testing.T) {
	committed, err := os.ReadFile(alertFile)
	if err != nil {
		t.Fatal(err)
	}
	if err := grafanatest.AlertFile(committed); err != nil {
		t.Error(err)
	}
	// That the check finds what is wrong.
	for name, w := range map[string]struct{ old, new string }{
		"a dashboard without a panel":        {`"__panelId__":`, `"panel":`},
		"a panel without a dashboard":        {`"__dashboardUid__":`, `"dashboard":`},
		"a panel that is no number":          {`"__panelId__": "`, `"__panelId__": "A`},
		"a UID with a blank":                 {`"uid": "fivekeys-burn-page"`, `"uid": "fivekeys burn"`},
		"a UID that is too long":             {`"uid": "fivekeys-burn-page"`, `"uid": "fivekeys-burn-page-and-forty-symbols-of-it"`},
		"a UID twice":                        {`"uid": "fivekeys-burn-page"`, `"uid": "fivekeys-burn-ticket"`},
		"a title twice in the folder":        {`"title": "Dead letters"`, `"title": "Toil is over its cap"`},
		"no title":                           {`"title": "Dead letters"`, `"title": ""`},
		"a title that is too long":           {`"title": "Dead letters"`, `"title": "` + strings.Repeat("Dead letters ", 15) + `"`},
		"an interval that the ticks miss":    {`"interval": "1m0s"`, `"interval": "1m5s"`},
		"no interval":                        {`"interval": "1m0s"`, `"interval": "0s"`},
		"a wait that is none":                {`"for": "10m0s"`, `"for": "ten minutes"`},
		"an unknown state without data":      {`"noDataState": "OK"`, `"noDataState": "Ok"`},
		"an unknown state of errors":         {`"execErrState": "Error"`, `"execErrState": "Failed"`},
		"a condition that is no step":        {`"condition": "C"`, `"condition": "D"`},
		"an expression over nothing":         {`"expression": "B"`, `"expression": "X"`},
		"an unknown reducer":                 {`"reducer": "last"`, `"reducer": "latest"`},
		"a range that ends before it begins": {`"from": 600`, `"from": 0`},
		"a data source that can't be":        {`"datasourceUid": "fivekeys"`, `"datasourceUid": "five keys"`},
		"a label of Grafana's":               {`"product": "fivekeys"`, `"alertname": "fivekeys"`},
		"no folder":                          {`"folder": "fivekeys"`, `"folder": ""`},
		"a group without a name":             {`"name": "Toil"`, `"name": ""`},
	} {
		wrong := strings.Replace(string(committed), w.old, w.new, 1)
		if wrong == string(committed) {
			t.Fatalf("%s: the file has no %s", name, w.old)
		}
		if grafanatest.AlertFile([]byte(wrong)) == nil {
			t.Errorf("%s is taken", name)
		}
	}
}

// TestGrafanaTakesTheDashboards: by the rules of its API, which those of files
// share.
func TestGrafanaTakesTheDashboards(t *testing.T) {
	files, err := Files()
	if err != nil {
		t.Fatal(err)
	}
	titles := map[any]string{}
	for _, f := range files {
		var model map[string]any
		if err := json.Unmarshal(f.JSON, &model); err != nil {
			t.Fatal(err)
		}
		if err := grafanatest.Dashboard(model, "fivekeys"); err != nil {
			t.Error(err)
		}
		if other, taken := titles[model["title"]]; taken {
			t.Errorf("%s and %s have one title", f.Name, other)
		}
		titles[model["title"]] = f.Name
	}
}

// TestRulesLeadToAPanelThatShowsThem holds the numbers to the titles.
func TestRulesLeadToAPanelThatShowsThem(t *testing.T) {
	for _, g := range Alerts() {
		for _, r := range g.Rules {
			annotations, err := r.Annotations()
			if err != nil {
				t.Error(err)
				continue
			}
			found := ""
			for i, d := range decodeAll(t) {
				for _, p := range d.Panels {
					if All()[i].UID == annotations["__dashboardUid__"] && strconv.Itoa(p.ID) == annotations["__panelId__"] {
						found = p.Title
					}
				}
			}
			if found != r.Panel {
				t.Errorf("%s leads to %q, want %q", r.UID, found, r.Panel)
			}
		}
	}
}

func TestAlertRulesAreComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, g := range Alerts() {
		for _, r := range g.Rules {
			if seen[r.UID] || len(r.UID) > 40 {
				t.Errorf("uid %s is taken or too long", r.UID)
			}
			seen[r.UID] = true
			if r.Summary == "" || r.Description == "" || r.Dashboard == "" || r.Severity != "page" && r.Severity != "ticket" {
				t.Errorf("%s lacks something people need", r.UID)
			}
		}
	}
}

// Every rule's SQL runs on the real engine: it says nothing of empty tables, and
// what it should of a pipeline that is unwell.
func TestAlertRulesOnTheRealEngine(t *testing.T) {
	store := testkit.Store(t)
	now := time.Now().UTC()
	ask := func(file string) map[string]float64 {
		sql, err := query(file)
		if err != nil {
			t.Fatal(err)
		}
		rows, err := store.Conn().Query(t.Context(), sql)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		defer func() { _ = rows.Close() }()
		types := rows.ColumnTypes()
		if len(types) == 0 {
			return nil // the engine sends no header where it has no rows
		}
		if types[len(types)-1].Name() != "value" {
			t.Fatalf("%s: its last column is %s", file, types[len(types)-1].Name())
		}
		got := map[string]float64{}
		for rows.Next() {
			labels := make([]string, len(types)-1)
			into := make([]any, 0, len(types))
			for i := range labels {
				into = append(into, &labels[i])
			}
			var value any
			var f float64
			var n int64
			switch kind := types[len(types)-1].DatabaseTypeName(); {
			case strings.Contains(kind, "Int64"):
				value = &n
			default:
				value = &f
			}
			if err := rows.Scan(append(into, value)...); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			got[strings.Join(labels, ",")] = f + float64(n)
		}
		if err := rows.Err(); err != nil {
			t.Fatal(err)
		}
		return got
	}
	for _, g := range Alerts() {
		for _, r := range g.Rules {
			if got := ask(r.Query); len(got) > 0 {
				t.Errorf("%s fires on empty tables: %v", r.UID, got)
			}
		}
	}
	vital := func(ago time.Duration, metric, label string, value float64) schemas.Vital {
		return schemas.Vital{At: now.Add(-ago), Process: "a/1", Metric: metric, Label: label, Value: value}
	}
	if err := store.AppendVitals(t.Context(), []schemas.Vital{
		vital(4*time.Minute, "fivekeys_backlog_messages", "stage=dora", 9000), vital(time.Minute, "fivekeys_backlog_messages", "stage=dora", 5000),
		vital(time.Hour, "fivekeys_backlog_messages", "stage=dora", 1), vital(time.Minute, "fivekeys_dead_letters", "", 3),
	}); err != nil {
		t.Fatal(err)
	}
	var deliveries []schemas.Delivery
	for i := range 20 { // one a day until eight days ago
		deliveries = append(deliveries, schemas.Delivery{
			Source: "github", ID: string(rune('a' + i)), Kind: "push", ReceivedAt: now.AddDate(0, 0, -8-i).Add(time.Minute), Body: []byte("{}"),
		})
	}
	if err := store.AppendDeliveries(t.Context(), deliveries); err != nil {
		t.Fatal(err)
	}
	if got := ask("alerts/lag.sql"); got["dora"] != 5000 {
		t.Errorf("lag: %v, want the least of five minutes", got)
	}
	if got := ask("alerts/dead_letters.sql"); got[""] != 3 {
		t.Errorf("dead letters: %v", got)
	}
	var events []schemas.Event
	event := func(source string, at, known time.Time) {
		events = append(events, schemas.Event{
			ID: fmt.Sprint(len(events)), Source: source, Type: schemas.TypeDeployment, Subject: "shop", Data: []byte("{}"), Time: at, KnownAt: known,
		})
	}
	for i := range 20 {
		known := now.AddDate(0, 0, -8-i).Add(time.Minute)
		event("jenkins", known.Add(-time.Hour), known)
		event("github/acme/shop", known, known)                         // what deliveries became
		event("fivekeys/slo", known, known)                             // what the product told itself
		event("git/shop", known.AddDate(0, -3, 0), known)               // imported
		event("batch", now.Add(-9*time.Hour), now.Add(-8*time.Hour))    // one request
		event("busy", now.Add(time.Minute), now.Add(-time.Duration(i))) // not silent
	}
	if err := store.AppendEvents(t.Context(), events); err != nil {
		t.Fatal(err)
	}
	got := ask("alerts/missing_deliveries.sql")
	for _, source := range []string{"github", "jenkins"} {
		if got[source] < 7.9 || got[source] > 8.1 {
			t.Errorf("missing deliveries of %s: %v, want eight times the gap of a day", source, got[source])
		}
	}
	for source, times := range got {
		if source != "github" && source != "jenkins" && times > 1 {
			t.Errorf("missing deliveries: %s, %v", source, times)
		}
	}
	if got := ask("alerts/silent.sql"); got[""] < 60 || got[""] > 120 {
		t.Errorf("silent: %v, want a minute", got)
	}
}
