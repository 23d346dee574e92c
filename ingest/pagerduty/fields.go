package pagerduty

import (
	"regexp"
	"strconv"
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

// customField is a field that the account has added to its incidents.
type customField struct {
	Name  string `json:"name"`
	Value any    `json:"value"`
}

// severity is the priority where the account uses priorities, else the urgency;
// in lower case, as other sources have it.
func (i *incident) severity() string {
	if i.Priority != nil && i.Priority.Summary != "" {
		return strings.ToLower(i.Priority.Summary)
	}
	return strings.ToLower(i.Urgency)
}

// field gives a custom field, or what the incident was created with.
func (i *incident) field(name string) string {
	for _, f := range i.CustomFields {
		if strings.EqualFold(f.Name, name) {
			if s := single(f.Value); s != "" {
				return s
			}
		}
	}
	details, _ := i.Body.Details.(map[string]any)
	return single(details[name])
}

// single gives a value as text, of a list of one its element.
func single(value any) string {
	switch v := value.(type) {
	case string:
		return strings.TrimSpace(v)
	case float64:
		return strconv.FormatFloat(v, 'f', -1, 64) // a deployment's number, without an exponent
	case []any:
		if len(v) == 1 {
			return single(v[0])
		}
	}
	return ""
}

var (
	sha = regexp.MustCompile(`(?i)^(?:https?://\S+/commits?/)?([0-9a-f]{7,64})$`)
	// causedBy finds "caused by 8c2f0e1" and "caused by: deployment 4711".
	causedBy = regexp.MustCompile("(?i)\\bcaused by:?\\s+(?:(deployment|deploy|commit)\\b[\\s:#]*)?`?(\\S+)")
)

// cause reads which deployment the incident blames: a field says so, or else its
// title or description in words. What doesn't look like a SHA or an id is no
// evidence: an incident with evidence that leads nowhere is attributed to nothing.
func (i *incident) cause() *schemas.Cause {
	found := schemas.Cause{DeploymentID: i.field("deployment_id")}
	if m := sha.FindStringSubmatch(i.field("caused_by_sha")); m != nil {
		found.SHA = strings.ToLower(m[1])
	}
	if found != (schemas.Cause{}) {
		return &found
	}
	text := i.Title
	if details, ok := i.Body.Details.(string); ok {
		text += "\n" + details
	}
	for _, m := range causedBy.FindAllStringSubmatch(text, -1) {
		word, what := strings.ToLower(m[1]), strings.Trim(m[2], "`<>()[]*_.,;:!?'\"")
		if !strings.ContainsAny(what, "0123456789") {
			continue // "caused by deployment failures", "caused by a defaced page"
		}
		if word == "deployment" || word == "deploy" {
			return &schemas.Cause{DeploymentID: what}
		}
		// "caused by 5000000 requests" is hexadecimal too.
		if m := sha.FindStringSubmatch(what); m != nil && (word == "commit" || strings.ContainsAny(strings.ToLower(m[1]), "abcdef")) {
			return &schemas.Cause{SHA: strings.ToLower(m[1])}
		}
	}
	return nil
}
