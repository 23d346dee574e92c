package dora

import (
	"cmp"
	"slices"
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

// fix is a deployment that shipped a revert or a hotfix, and what that is
// evidence against.
type fix struct {
	method  schemas.FailureMethod
	failed  *deployment
	shipped *deployment
}

// fixes holds what deployed changes put right.
type fixes struct {
	// list is evidence by itself, in the order of shipping.
	list []*fix
	// naming are the reverts and hotfixes that name an incident.
	naming map[*incident][]*fix
	// closing are the deployments that shipped anything that names an incident,
	// in order.
	closing map[*incident][]*deployment
}

func compareFixes(a, b *fix) int {
	return cmp.Or(cmp.Compare(a.shipped.order, b.shipped.order), cmp.Compare(strength(a.method), strength(b.method)),
		cmp.Compare(a.failed.order, b.failed.order))
}

// findFixes reads the deployed changes for what they put right and marks the
// deployments that shipped them as rework.
//
// What a baseline holds was shipped before we looked: years of old hotfixes in
// it say nothing about the deployment.
func findFixes(h *history, incidents []*incident, rules *schemas.Service) *fixes {
	found := &fixes{naming: map[*incident][]*fix{}, closing: map[*incident][]*deployment{}}
	reverts := newReverts(h)
	names := newIncidentNames(h, incidents)
	listed := map[fix]bool{}
	for _, c := range h.changes {
		first := c.deployment
		if first == nil || first.baseline {
			continue
		}
		named := names.namedBy(c)
		for _, i := range named {
			found.closing[i] = append(found.closing[i], first)
			c.shippedAs(schemas.MethodExplicit, always)
		}
		targets, hasTarget := reverts.undone(c)
		var evidence []*fix
		for _, t := range targets {
			// A change that was never live without its revert broke nothing.
			if t.deployment != nil && t.deployment.before(first) {
				evidence = append(evidence, &fix{schemas.MethodRevert, t.deployment, first})
				c.shippedAs(schemas.MethodRevert, func(d *deployment) bool { return d == first || t.liveBefore(d) })
			}
		}
		hotfix := !hasTarget && c.isHotfix(rules)
		if hotfix {
			c.shippedAs(schemas.MethodHotfix, always)
			if broken := first.brokenBefore(); broken != nil {
				evidence = append(evidence, &fix{schemas.MethodHotfix, broken, first})
			}
		}
		for _, f := range evidence {
			for _, i := range named {
				found.naming[i] = append(found.naming[i], f)
			}
			// A hotfix that names its incident points at what broke then, which
			// need not be the deployment just before it.
			if (hotfix && len(named) > 0) || listed[*f] {
				continue
			}
			listed[*f] = true
			found.list = append(found.list, f)
		}
	}
	slices.SortFunc(found.list, compareFixes)
	for _, shipped := range found.closing {
		slices.SortFunc(shipped, func(a, b *deployment) int { return cmp.Compare(a.order, b.order) })
	}
	return found
}

// shippedAs marks the deployments that brought a change as rework. Bringing a
// fix to each of several production environments is unplanned work each time;
// the failure it is evidence of is one.
func (c *change) shippedAs(reason schemas.FailureMethod, where func(*deployment) bool) {
	for _, d := range c.shipped {
		if !d.baseline && where(d) {
			d.rework = stronger(d.rework, reason)
		}
	}
}

func always(*deployment) bool { return true }

// liveBefore says whether a change had reached a deployment's environment before.
func (c *change) liveBefore(d *deployment) bool {
	return slices.ContainsFunc(c.shipped, func(s *deployment) bool {
		return s.before(d) && strings.EqualFold(s.environment, d.environment)
	})
}

// brokenBefore gives the deployment that a hotfix shipped with this one is
// evidence against: the one before it in its environment. Where that one rolled
// back, it is what was rolled back and not the cure.
func (d *deployment) brokenBefore() *deployment {
	d = d.previous
	for d != nil && d.rollback {
		d = d.rolledBack
	}
	return d
}
