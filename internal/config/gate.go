package config

import (
	"fmt"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/fivekeys/fivekeys/schemas"
)

// Bounds of the gate's MaxAge. Budgets are evaluated once a minute, and a minute
// is waited for until its spans are there: a budget that nothing is wrong with is
// up to a minute and a half old.
const (
	minMaxAge = 2 * time.Minute
	maxMaxAge = 7 * 24 * time.Hour
)

// maxAge refuses an age that every budget reaches by itself: the gate would
// answer by its fail mode half of the time.
func (d *decoder) maxAge(n ast.Node) {
	var age time.Duration
	d.duration(&age, "gate.max_age", 0, maxMaxAge)(n)
	switch {
	case age == 0:
	case age < minMaxAge:
		d.report(d.value(n), fmt.Sprintf("gate.max_age %q is less than the evaluation takes: budgets are up to 90s old by themselves", formatDuration(age)), "write "+formatDuration(minMaxAge)+" or more; 15m is the default")
	default:
		d.config.Policy.MaxAge = age
	}
}

func (d *decoder) gate(n ast.Node) {
	p := &d.config.Policy
	fail := "open"
	d.mapping(n, "gate", fields{
		"freeze":     func(n ast.Node) { d.boolean(&p.Freeze, "gate.freeze")(n) },
		"fail":       choice(d, &fail, "gate.fail", "open", "closed"),
		"max_age":    d.maxAge,
		"objectives": d.texts(&p.Objectives, "gate.objectives", nil),
		"exceptions": func(n ast.Node) { d.each(n, "gate.exceptions", d.exception) },
	})
	p.FailOpen = fail == "open"
	if v := d.value(n); v != nil && !p.Freeze && (len(p.Exceptions) > 0 || len(p.Objectives) > 0) {
		d.warn(v, "gate.freeze is false: objectives and exceptions mean nothing", "a gate that only tells allows everything")
	}
}

// exception reads one; whose it is, why and until when are required, or it
// would be a hole in the policy that nobody remembers.
func (d *decoder) exception(n ast.Node) {
	var e schemas.FreezeException
	var until ast.Node
	before := len(d.problems)
	d.mapping(n, "an exception", fields{
		"service": d.globText(&e.Service, "service"),
		"author":  d.text(&e.Author, "author"),
		"reason":  d.text(&e.Reason, "reason"),
		"until":   func(n ast.Node) { until = n; d.instant(&e.Until, "until")(n) },
	})
	if len(d.problems) > before {
		return
	}
	for _, required := range []struct {
		missing   bool
		key, hint string
	}{
		{e.Service == "", "service", "name a service, or a glob of services"},
		{e.Author == "", "author", "an exception is somebody's"},
		{e.Reason == "", "reason", "say why the service may deploy without a budget"},
		{e.Until.IsZero(), "until", "say when it ends, as 2026-12-01T00:00:00Z"},
	} {
		if required.missing {
			d.report(n, fmt.Sprintf("an exception has no %s", required.key), required.hint)
		}
	}
	if !d.now.IsZero() && !e.Until.IsZero() && !e.Until.After(d.now) {
		d.warn(d.value(until), "the exception for "+e.Service+" is over", "remove it")
	}
	d.config.Policy.Exceptions = append(d.config.Policy.Exceptions, e)
}

func (d *decoder) githubApp(n ast.Node) {
	a := &d.config.GitHubApp
	var id, installation int
	d.mapping(n, "github_app", fields{
		"id":               d.integer(&id, "github_app.id", maxID),
		"installation":     d.integer(&installation, "github_app.installation", maxID),
		"private_key_file": d.text(&a.PrivateKeyFile, "github_app.private_key_file"),
		"api":              d.webAddress(&a.API, "github_app.api", "the app authenticates with its private key"),
	})
	a.ID, a.Installation = int64(id), int64(installation)
	if v := d.value(n); v != nil && (a.ID == 0 || a.Installation == 0 || a.PrivateKeyFile == "") {
		d.report(v, "github_app needs id, installation and private_key_file together", "GitHub shows the first two in the app's and the installation's address")
	}
}

const maxID = 1 << 53 // what JSON carries exactly
