package config

import (
	"fmt"
	"net/url"
	"os"
	"regexp"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/fivekeys/fivekeys/schemas"
)

// receiverName is what can be part of a consumer's name, of an environment
// variable and of a label all at once.
var receiverName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

// receiver reads one entry of alerts.
func (d *decoder) receiver(n ast.Node) {
	var r schemas.Receiver
	at := d.value(n)
	var manager ast.Node
	before := len(d.problems)
	d.mapping(n, "a receiver", fields{
		"name": func(n ast.Node) {
			d.text(&r.Name, "name")(n)
			if v := d.value(n); v != nil {
				at = v
			}
		},
		"alertmanager": func(n ast.Node) {
			manager = n
			d.webAddress(&r.Alertmanager, "alertmanager", "put a bearer token into a file and name that as secret_file")(n)
		},
		"webhook":     d.webAddress(&r.Webhook, "webhook", "the receiver knows us by the signature: put its key into a file and name that as secret_file"),
		"secret_file": d.text(&r.SecretFile, "secret_file"),
		"severities":  choices(d, &r.Severities, "severities", schemas.SeverityPage, schemas.SeverityTicket),
		"services":    d.texts(&r.Services, "services", d.glob),
		"signals":     choices(d, &r.Signals, "signals", schemas.SignalAlert, schemas.SignalBudget),
	})
	if len(d.problems) > before {
		return
	}
	switch {
	case r.Name == "":
		d.report(at, "a receiver has no name", "add name: to it")
	case !receiverName.MatchString(r.Name):
		d.report(at, fmt.Sprintf("the receiver %q can't be called so", r.Name), "use letters, digits, _ and -, a letter first")
	case (r.Alertmanager == "") == (r.Webhook == ""):
		d.report(at, fmt.Sprintf("the receiver %q must have one address", r.Name), "write alertmanager: or webhook:")
	default:
		d.addReceiver(r, at, manager)
	}
}

func (d *decoder) addReceiver(r schemas.Receiver, at, manager ast.Node) {
	// a-b and a_b would share the variable of their secret.
	key := strings.ToUpper(strings.ReplaceAll(r.Name, "-", "_"))
	if first, ok := d.channels[key]; ok {
		d.report(at, fmt.Sprintf("the receiver %q stands twice", r.Name), fmt.Sprintf("the first is in line %d; give this one another name", line(first)))
		return
	}
	if d.channels == nil {
		d.channels = map[string]ast.Node{}
	}
	d.channels[key] = at
	if u, err := url.Parse(r.Alertmanager); err == nil {
		if root, _, deep := strings.Cut(u.Path, "/api/"); deep {
			d.warn(d.value(manager), "alertmanager is the address of its root, without "+strings.TrimPrefix(u.Path, root), "/api/v2/alerts is added to it")
		}
	}
	d.config.Receivers = append(d.config.Receivers, r)
}

// ReceiverSecrets reads a receiver's secrets: the keys that its webhook is signed
// with (FIVEKEYS_<NAME>_WEBHOOK_SECRET) or the bearer token of its Alertmanager
// (FIVEKEYS_<NAME>_ALERTMANAGER_TOKEN), from the environment or from the file
// that the configuration names. None is no error here.
func ReceiverSecrets(getenv func(string) string, r schemas.Receiver) ([]string, error) {
	name := receiverSecret(&r)
	if r.SecretFile == "" {
		return Secrets(getenv, name)
	}
	variable := secretPrefix + name
	if getenv(variable) != "" || getenv(variable+"_FILE") != "" {
		return nil, fmt.Errorf("read secret of receiver %s: both %s and secret_file are set; keep one of them", r.Name, variable)
	}
	text, err := os.ReadFile(r.SecretFile)
	if err != nil {
		return nil, fmt.Errorf("read secret of receiver %s: %w", r.Name, err)
	}
	secrets := values(string(text))
	if len(secrets) == 0 {
		return nil, fmt.Errorf("read secret of receiver %s: %s holds no value", r.Name, r.SecretFile)
	}
	return secrets, nil
}

func receiverSecret(r *schemas.Receiver) string {
	name := strings.ToUpper(strings.ReplaceAll(r.Name, "-", "_"))
	if r.Webhook != "" {
		return name + "_WEBHOOK_SECRET"
	}
	return name + "_ALERTMANAGER_TOKEN"
}
