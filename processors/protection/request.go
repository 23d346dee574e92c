package protection

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/url"

	"github.com/fivekeys/fivekeys/schemas"
)

const (
	sourceGitHub    = "github"
	kindProtection  = "deployment_protection_rule"
	actionRequested = "requested"
)

// Request is GitHub asking whether a deployment may go ahead.
type Request struct {
	Repository   string // owner/name
	Environment  string
	Callback     string // where the answer goes
	Installation int64  // of the App in the repository's organisation
	Deployment   int64  // 0 where GitHub doesn't say
	// Delivery tells requests apart that name no deployment.
	Delivery string
}

// Key is the request's identity: a run that is tried again makes another
// deployment, and is another request.
func (q *Request) Key() string {
	if q.Deployment != 0 {
		return fmt.Sprintf("%s %d %s", q.Callback, q.Deployment, q.Environment)
	}
	return fmt.Sprintf("%s %s %s", q.Callback, q.Delivery, q.Environment)
}

// concerns says whether a delivery is for us at all.
func concerns(d *schemas.Delivery) bool { return d.Source == sourceGitHub && d.Kind == kindProtection }

// errPayload marks a payload that is not what GitHub documents.
var errPayload = errors.New("unexpected payload")

// parseRequest reads a delivery; asked is false for an action that wants no
// answer.
func parseRequest(d *schemas.Delivery) (q Request, asked bool, err error) {
	body, err := payload(d)
	if err != nil {
		return q, false, err
	}
	var v struct {
		Action      string `json:"action"`
		Environment string `json:"environment"`
		Callback    string `json:"deployment_callback_url"`
		Deployment  *struct {
			ID int64 `json:"id"`
		} `json:"deployment"`
		Repository struct {
			FullName string `json:"full_name"`
		} `json:"repository"`
		Installation struct {
			ID int64 `json:"id"`
		} `json:"installation"`
	}
	if err := json.Unmarshal(body, &v); err != nil {
		return q, false, fmt.Errorf("%w: %w", errPayload, err)
	}
	if v.Action != actionRequested {
		return q, false, nil
	}
	q = Request{
		Repository: v.Repository.FullName, Environment: v.Environment, Callback: v.Callback,
		Installation: v.Installation.ID, Delivery: d.ID,
	}
	if v.Deployment != nil {
		q.Deployment = v.Deployment.ID
	}
	for field, value := range map[string]string{
		"repository.full_name": q.Repository, "environment": q.Environment, "deployment_callback_url": q.Callback,
	} {
		if value == "" {
			return q, false, fmt.Errorf("%w: %s is missing", errPayload, field)
		}
	}
	return q, true, nil
}

// payload takes the JSON out of a form, which is how a hook sends it whose
// content type was left at its old default.
func payload(d *schemas.Delivery) ([]byte, error) {
	media, _, _ := mime.ParseMediaType(d.Header["Content-Type"])
	if media != "application/x-www-form-urlencoded" {
		return d.Body, nil
	}
	form, err := url.ParseQuery(string(d.Body))
	if err != nil {
		return nil, fmt.Errorf("%w: form: %w", errPayload, err)
	}
	return []byte(form.Get("payload")), nil
}
