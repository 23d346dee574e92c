package grafanatest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// Token is that of the service account.
const Token = "glsa_test"

// Server behaves as Grafana's HTTP API documents, as far as we use it: uids are
// identities, a dashboard has a version that each save raises, a save over
// another version than the newest is refused with 412, and what Grafana does not
// take it does not take. Its fields are for between the requests.
type Server struct {
	URL string

	Folders     map[string]string // uid → title
	Sources     map[string]map[string]any
	Secrets     map[string]string // data source → password
	Dashboards  map[string]map[string]any
	Homes       map[string]string         // dashboard → folder
	Rules       map[string]map[string]any // folder/group → the group
	Teams       map[string]int64
	Permissions []string

	// Writes counts the requests that may change something.
	Writes int
	// Fail answers in place of the server, unless its status is 0.
	Fail func(r *http.Request) (status int, message string)

	t  testing.TB
	mu sync.Mutex
}

// New starts an empty Grafana that ends with the test.
func New(t testing.TB) *Server {
	g := &Server{
		t: t, Folders: map[string]string{}, Sources: map[string]map[string]any{}, Secrets: map[string]string{},
		Dashboards: map[string]map[string]any{}, Homes: map[string]string{}, Rules: map[string]map[string]any{}, Teams: map[string]int64{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /api/health", func(w http.ResponseWriter, _ *http.Request) {
		g.answer(w, map[string]any{"commit": "0123456789", "database": "ok", "version": "12.4.1"})
	})
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
		// Anybody may ask how it is.
		if r.URL.Path != "/api/health" && r.Header.Get("Authorization") != "Bearer "+Token {
			refuse(w, http.StatusUnauthorized, "Invalid API key")
			return
		}
		if g.Fail != nil {
			if status, message := g.Fail(r); status != 0 {
				refuse(w, status, message)
				return
			}
		}
		if r.Method != http.MethodGet {
			g.Writes++
		}
		mux.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	g.URL = server.URL
	return g
}

func refuse(w http.ResponseWriter, status int, message string) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(map[string]string{"message": message})
}

func (g *Server) answer(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	if err := json.NewEncoder(w).Encode(v); err != nil {
		g.t.Error(err)
	}
}

func (g *Server) read(r *http.Request) map[string]any {
	var body map[string]any
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		g.t.Errorf("%s %s: %v", r.Method, r.URL, err)
	}
	return body
}

func (g *Server) getFolder(w http.ResponseWriter, r *http.Request) {
	uid := r.PathValue("uid")
	title, ok := g.Folders[uid]
	if !ok {
		refuse(w, http.StatusNotFound, "folder not found")
		return
	}
	g.answer(w, map[string]any{"id": 1, "uid": uid, "title": title})
}

func (g *Server) postFolder(w http.ResponseWriter, r *http.Request) {
	body := g.read(r)
	title, _ := body["title"].(string)
	if err := uid("folder "+title, body["uid"]); err != nil || title == "" {
		refuse(w, http.StatusBadRequest, fmt.Sprint("invalid folder: ", err))
		return
	}
	for _, t := range g.Folders {
		if t == title {
			refuse(w, http.StatusConflict, "a folder with the same name already exists")
			return
		}
	}
	g.Folders[text(body["uid"])] = title
	g.answer(w, map[string]any{"id": 1, "uid": body["uid"], "title": title})
}

func (g *Server) getSource(w http.ResponseWriter, r *http.Request) {
	s, ok := g.Sources[r.PathValue("uid")]
	if !ok {
		refuse(w, http.StatusNotFound, "Data source not found")
		return
	}
	g.answer(w, s)
}

func (g *Server) postSource(w http.ResponseWriter, r *http.Request) {
	body := g.read(r)
	if err := uid("data source", body["uid"]); err != nil || text(body["name"]) == "" || text(body["type"]) == "" {
		refuse(w, http.StatusBadRequest, fmt.Sprint("bad request data: ", err))
		return
	}
	uid := text(body["uid"])
	if secure, ok := body["secureJsonData"].(map[string]any); ok {
		g.Secrets[uid], _ = secure["password"].(string)
	}
	delete(body, "secureJsonData")
	jsonData, _ := body["jsonData"].(map[string]any)
	jsonData["version"] = "4.14.1" // the plugin adds keys of its own
	g.Sources[uid] = body
	g.answer(w, map[string]any{"id": 7, "message": "Datasource added"})
}

func (g *Server) getDashboard(w http.ResponseWriter, r *http.Request) {
	uid := r.PathValue("uid")
	d, ok := g.Dashboards[uid]
	if !ok {
		refuse(w, http.StatusNotFound, "Dashboard not found")
		return
	}
	g.answer(w, map[string]any{"dashboard": d, "meta": map[string]any{"folderUid": g.Homes[uid]}})
}

func (g *Server) postDashboard(w http.ResponseWriter, r *http.Request) {
	body := g.read(r)
	model, _ := body["dashboard"].(map[string]any)
	uid, _ := model["uid"].(string)
	folder, _ := body["folderUid"].(string)
	overwrite, _ := body["overwrite"].(bool)
	given, _ := model["version"].(float64)
	if _, ok := g.Folders[folder]; !ok {
		refuse(w, http.StatusBadRequest, "folder not found")
		return
	}
	if err := Dashboard(model, g.Folders[folder]); err != nil {
		refuse(w, http.StatusBadRequest, err.Error())
		return
	}
	version := 0.0
	if have, ok := g.Dashboards[uid]; ok {
		version, _ = have["version"].(float64)
		if !overwrite && given != version {
			refuse(w, http.StatusPreconditionFailed, "The dashboard has been changed by someone else")
			return
		}
	}
	for other, d := range g.Dashboards {
		if other != uid && d["title"] == model["title"] && g.Homes[other] == folder {
			refuse(w, http.StatusPreconditionFailed, "A dashboard with the same name in the folder already exists")
			return
		}
	}
	model["version"], model["id"] = version+1, 42.0
	g.Dashboards[uid], g.Homes[uid] = model, folder
	g.answer(w, map[string]any{"uid": uid, "status": "success", "version": version + 1})
}

func (g *Server) getRules(w http.ResponseWriter, r *http.Request) {
	group, ok := g.Rules[r.PathValue("folder")+"/"+r.PathValue("group")]
	if !ok {
		refuse(w, http.StatusNotFound, "rule group not found")
		return
	}
	g.answer(w, group)
}

func (g *Server) putRules(w http.ResponseWriter, r *http.Request) {
	body := g.read(r)
	if _, ok := g.Folders[r.PathValue("folder")]; !ok {
		refuse(w, http.StatusNotFound, "folder not found")
		return
	}
	here := r.PathValue("folder") + "/" + r.PathValue("group")
	var others []map[string]any
	for key, group := range g.Rules {
		if key != here && strings.HasPrefix(key, r.PathValue("folder")+"/") {
			others = append(others, maps(group["rules"])...)
		}
	}
	if err := RuleGroup(body, others); err != nil {
		refuse(w, http.StatusBadRequest, "invalid alert rule: "+err.Error())
		return
	}
	for _, rule := range maps(body["rules"]) {
		for _, step := range maps(rule["data"]) {
			if source := text(step["datasourceUid"]); source != expression && g.Sources[source] == nil {
				refuse(w, http.StatusBadRequest, "invalid alert rule: data source "+source+" not found")
				return
			}
		}
	}
	g.Rules[here] = body
	g.answer(w, body)
}

func (g *Server) searchTeams(w http.ResponseWriter, r *http.Request) {
	var found []any
	for name, id := range g.Teams {
		if strings.Contains(strings.ToLower(name), strings.ToLower(r.URL.Query().Get("query"))) {
			found = append(found, map[string]any{"id": id, "name": name})
		}
	}
	g.answer(w, map[string]any{"totalCount": len(found), "teams": found, "page": 1, "perPage": 1000})
}

func (g *Server) permit(w http.ResponseWriter, r *http.Request) {
	body := g.read(r)
	items, _ := body["permissions"].([]any)
	for _, i := range items {
		item, _ := i.(map[string]any)
		g.Permissions = append(g.Permissions, fmt.Sprintf("%s %v %v", r.PathValue("folder"), item["teamId"], item["permission"]))
	}
	g.answer(w, map[string]any{"message": "Permission updated"})
}
