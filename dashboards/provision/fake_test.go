package provision_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// grafana behaves as Grafana's HTTP API documents, as far as we use it: uids are
// identities, a dashboard has a version that each save raises, a save over
// another version than the newest is refused with 412.
type grafana struct {
	t  *testing.T
	mu sync.Mutex

	folders     map[string]string
	sources     map[string]map[string]any
	secrets     map[string]string
	dashboards  map[string]map[string]any
	homes       map[string]string // dashboard → folder
	rules       map[string]map[string]any
	teams       map[string]int64
	permissions []string

	writes int
	fail   func(r *http.Request) (status int, message string)
	url    string
}

const token = "glsa_test"

func newGrafana(t *testing.T) *grafana {
	g := &grafana{
		t: t, folders: map[string]string{}, sources: map[string]map[string]any{}, secrets: map[string]string{},
		dashboards: map[string]map[string]any{}, homes: map[string]string{}, rules: map[string]map[string]any{}, teams: map[string]int64{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/folders/{uid}", g.getFolder)
	mux.HandleFunc("POST /api/folders", g.postFolder)
	mux.HandleFunc("GET /api/datasources/uid/{uid}", g.getSource)
	mux.HandleFunc("POST /api/datasources", g.postSource)
	mux.HandleFunc("PUT /api/datasources/uid/{uid}", g.postSource)
	mux.HandleFunc("GET /api/dashboards/uid/{uid}", g.getDashboard)
	mux.HandleFunc("POST /api/dashboards/db", g.postDashboard)
	mux.HandleFunc("GET /api/v1/provisioning/folder/{folder}/rule-groups/{group}", g.getRules)
	mux.HandleFunc("PUT /api/v1/provisioning/folder/{folder}/rule-groups/{group}", g.putRules)
	mux.HandleFunc("GET /api/teams/search", g.searchTeams)
	mux.HandleFunc("POST /api/access-control/folders/{folder}", g.permit)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		if r.Header.Get("Authorization") != "Bearer "+token {
			refuse(w, http.StatusUnauthorized, "Invalid API key")
			return
		}
		if g.fail != nil {
			if status, message := g.fail(r); status != 0 {
				refuse(w, status, message)
				return
			}
		}
		if r.Method != http.MethodGet {
			g.writes++
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	g.url = server.URL
	return g
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}

func (g *grafana) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		g.t.Error(err)
	}
}

func (g *grafana) read(r *http.Request) map[string]any {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		g.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	return body
}

func (g *grafana) getFolder(w http.ResponseWriter, r *http.Request) {
	uid := r.PathValue("uid")
	title, ok := g.folders[uid]
	if !ok {
		refuse(w, http.StatusNotFound, "folder not found")
		return
	}
	g.answer(w, map[string]any{"id": 1, "uid": uid, "title": title})
}

func (g *grafana) postFolder(w http.ResponseWriter, r *http.Request) {
	body := g.read(r)
	title, _ := body["title"].(string)
	uid, _ := body["uid"].(string)
	for _, t := range g.folders {
		if t == title {
			refuse(w, http.StatusConflict, "a folder with the same name already exists")
			return
		}
	}
	g.folders[uid] = title
	g.answer(w, map[string]any{"id": 1, "uid": uid, "title": title})
}

func (g *grafana) getSource(w http.ResponseWriter, r *http.Request) {
	s, ok := g.sources[r.PathValue("uid")]
	if !ok {
		refuse(w, http.StatusNotFound, "Data source not found")
		return
	}
	g.answer(w, s)
}

func (g *grafana) postSource(w http.ResponseWriter, r *http.Request) {
	body := g.read(r)
	uid, _ := body["uid"].(string)
	if secure, ok := body["secureJsonData"].(map[string]any); ok {
		g.secrets[uid], _ = secure["password"].(string)
	}
	delete(body, "secureJsonData")
	jsonData, _ := body["jsonData"].(map[string]any)
	jsonData["version"] = "4.14.1" // the plugin adds keys of its own
	g.sources[uid] = body
	g.answer(w, map[string]any{"id": 7, "message": "Datasource added"})
}

func (g *grafana) getDashboard(w http.ResponseWriter, r *http.Request) {
	uid := r.PathValue("uid")
	d, ok := g.dashboards[uid]
	if !ok {
		refuse(w, http.StatusNotFound, "Dashboard not found")
		return
	}
	g.answer(w, map[string]any{"dashboard": d, "meta": map[string]any{"folderUid": g.homes[uid]}})
}

func (g *grafana) postDashboard(w http.ResponseWriter, r *http.Request) {
	body := g.read(r)
	model, _ := body["dashboard"].(map[string]any)
	uid, _ := model["uid"].(string)
	folder, _ := body["folderUid"].(string)
	overwrite, _ := body["overwrite"].(bool)
	given, _ := model["version"].(float64)
	if _, ok := g.folders[folder]; !ok {
		refuse(w, http.StatusBadRequest, "folder not found")
		return
	}
	version := 0.0
	if have, ok := g.dashboards[uid]; ok {
		version, _ = have["version"].(float64)
		if !overwrite && given != version {
			refuse(w, http.StatusPreconditionFailed, "The dashboard has been changed by someone else")
			return
		}
	}
	for other, d := range g.dashboards {
		if other != uid && d["title"] == model["title"] && g.homes[other] == folder {
			refuse(w, http.StatusPreconditionFailed, "A dashboard with the same name in the folder already exists")
			return
		}
	}
	model["version"], model["id"] = version+1, 42.0
	g.dashboards[uid], g.homes[uid] = model, folder
	g.answer(w, map[string]any{"uid": uid, "status": "success", "version": version + 1})
}

func (g *grafana) getRules(w http.ResponseWriter, r *http.Request) {
	group, ok := g.rules[r.PathValue("folder")+"/"+r.PathValue("group")]
	if !ok {
		refuse(w, http.StatusNotFound, "rule group not found")
		return
	}
	g.answer(w, group)
}

func (g *grafana) putRules(w http.ResponseWriter, r *http.Request) {
	body := g.read(r)
	if _, ok := g.folders[r.PathValue("folder")]; !ok {
		refuse(w, http.StatusNotFound, "folder not found")
		return
	}
	rules, _ := body["rules"].([]any)
	for _, rule := range rules {
		m, _ := rule.(map[string]any)
		for _, key := range []string{"uid", "title", "condition", "data", "noDataState", "execErrState", "for", "folderUID", "ruleGroup"} {
			if m[key] == nil && m["folderUid"] == nil {
				refuse(w, http.StatusBadRequest, "invalid alert rule: no "+key)
				return
			}
		}
		data, _ := m["data"].([]any)
		for _, q := range data {
			query, _ := q.(map[string]any)
			window, _ := query["relativeTimeRange"].(map[string]any)
			if from, _ := window["from"].(float64); query["datasourceUid"] == "fivekeys" && from != 600 {
				refuse(w, http.StatusBadRequest, fmt.Sprintf("a time range of %v seconds", from))
				return
			}
		}
	}
	g.rules[r.PathValue("folder")+"/"+r.PathValue("group")] = body
	g.answer(w, body)
}

func (g *grafana) searchTeams(w http.ResponseWriter, r *http.Request) {
	var found []any
	for name, id := range g.teams {
		if strings.Contains(strings.ToLower(name), strings.ToLower(r.URL.Query().Get("query"))) {
			found = append(found, map[string]any{"id": id, "name": name})
		}
	}
	g.answer(w, map[string]any{"totalCount": len(found), "teams": found, "page": 1, "perPage": 1000})
}

func (g *grafana) permit(w http.ResponseWriter, r *http.Request) {
	body := g.read(r)
	items, _ := body["permissions"].([]any)
	for _, i := range items {
		item, _ := i.(map[string]any)
		g.permissions = append(g.permissions, fmt.Sprintf("%s %v %v", r.PathValue("folder"), item["teamId"], item["permission"]))
	}
	g.answer(w, map[string]any{"message": "Permission updated"})
}
