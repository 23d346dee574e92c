package openslo

import (
	"fmt"
	"strings"
	"time"

	"github.com/OpenSLO/go-sdk/pkg/openslo"
	v1 "github.com/OpenSLO/go-sdk/pkg/openslo/v1"

	"github.com/fivekeys/fivekeys/schemas"
)

// alerts reads an SLO's policies; nil, the default alerts, where it has none.
func (r *reader) alerts(o *object, policies []v1.SLOAlertPolicy) []schemas.BurnAlert {
	var all []schemas.BurnAlert
	for i, p := range policies {
		path := fmt.Sprintf("spec.alertPolicies[%d]", i)
		var alerts []schemas.BurnAlert
		switch {
		case p.SLOAlertPolicyInline != nil:
			alerts = r.policy(source{o, path + ".spec"}, p.Spec)
		case p.SLOAlertPolicyRef != nil:
			found := r.find(o, path+".alertPolicyRef", openslo.KindAlertPolicy, p.AlertPolicyRef)
			if found == nil {
				continue
			}
			if policy, ok := found.value.(*v1.AlertPolicy); ok {
				alerts = r.policy(source{found, "spec"}, policy.Spec)
			}
		}
		for _, a := range alerts {
			for _, other := range all {
				if other.Name == a.Name {
					o.refuse(path, fmt.Sprintf("has a condition %s, as another policy has", a.Name), "the condition's name tells alerts apart; rename one")
				}
			}
			all = append(all, a)
		}
	}
	return all
}

// policy reads the condition of a policy. When alerts are sent is not a
// policy's to say: they are told when they fire and when they are over.
func (r *reader) policy(at source, spec v1.AlertPolicySpec) []schemas.BurnAlert {
	said := func(key string) bool { _, ok := at.places[join(at.path, key)]; return ok }
	breaching := spec.AlertWhenBreaching || !said("alertWhenBreaching")
	if !breaching && !spec.AlertWhenNoData {
		at.refuseAt("alertWhenBreaching", "is false: such an alert would never fire", "remove the policy from the SLO, or write true")
	}
	if said("alertWhenResolved") && !spec.AlertWhenResolved {
		at.problem(Warning, join(at.path, "alertWhenResolved"), "is false and changes nothing", "that an alert is over is always published; who hears of it stands under alerts: in fivekeys.yaml")
	}
	for i, target := range spec.NotificationTargets {
		path := join(at.path, fmt.Sprintf("notificationTargets[%d]", i))
		if target.AlertPolicyNotificationTargetRef != nil {
			r.find(at.object, path+".targetRef", openslo.KindAlertNotificationTarget, target.TargetRef)
		}
		at.problem(Warning, path, "isn't used", "who hears of alerts stands under alerts: in fivekeys.yaml")
	}
	var alerts []schemas.BurnAlert
	take := func(a schemas.BurnAlert, sound bool) {
		if sound && breaching {
			alerts = append(alerts, a)
		}
		if sound && spec.AlertWhenNoData {
			alerts = append(alerts, schemas.BurnAlert{Name: a.Name + noDataSuffix, Severity: a.Severity, Long: a.Long, Short: a.Long, NoData: true})
		}
	}
	for i, c := range spec.Conditions {
		path := fmt.Sprintf("conditions[%d]", i)
		switch {
		case c.AlertPolicyConditionInline != nil:
			take(condition(at.in(path+".spec"), c.Metadata.Name, c.Spec))
		case c.AlertPolicyConditionRef != nil:
			found := r.find(at.object, join(at.path, path)+".conditionRef", openslo.KindAlertCondition, c.ConditionRef)
			if found == nil {
				continue
			}
			v, ok := found.value.(*v1.AlertCondition)
			if !ok {
				continue
			}
			take(condition(source{found, "spec"}, v.Metadata.Name, v.Spec))
		}
	}
	if len(spec.Conditions) == 0 {
		at.refuseAt("conditions", "is empty", "write one: - conditionRef: …")
	}
	return alerts
}

// noDataSuffix tells the alert of a condition for no data from that for burning.
const noDataSuffix = "-no-data"

// shortShare is how much shorter the second window of an alert is: what makes
// it end soon after the burning does.
const shortShare = 12

// condition maps a burn rate condition: lookbackWindow is the long window,
// threshold the factor, the short window a twelfth of the long one. alertAfter
// sets the short window instead: the rate is too high over all of that time.
func condition(at source, name string, spec v1.AlertConditionSpec) (schemas.BurnAlert, bool) {
	a := schemas.BurnAlert{Name: name, Severity: schemas.Severity(strings.ToLower(spec.Severity))}
	c := spec.Condition
	ok := true
	refuse := func(key, message, hint string) {
		ok = false
		at.refuseAt(key, message, hint)
	}
	if a.Severity != schemas.SeverityPage && a.Severity != schemas.SeverityTicket {
		refuse("severity", fmt.Sprintf("is %q and must be page or ticket", clip(spec.Severity)), "page wakes somebody up, ticket waits for the morning")
	}
	if c.Operator == v1.OperatorLT || c.Operator == v1.OperatorLTE {
		refuse("condition.op", fmt.Sprintf("is %s: it would alert while all is well", c.Operator), "write gt: alert while the burn rate is above the threshold")
	}
	if c.Threshold != nil {
		if a.Factor = *c.Threshold; a.Factor <= 0 {
			refuse("condition.threshold", "must be above 0", "14.4 spends 2 % of a budget of 30 days in an hour")
		}
	}
	long, sound := duration(c.LookbackWindow)
	if !sound || long < 5*time.Minute || long > maxWindow {
		refuse("condition.lookbackWindow", "must be from 5m to 366d", "write 1h")
	}
	// Counts are by the minute.
	a.Long, a.Short = long, max(time.Minute, (long/shortShare).Truncate(time.Minute))
	if c.AlertAfter != nil && c.AlertAfter.GetValue() > 0 {
		if a.Short, sound = duration(*c.AlertAfter); !sound || a.Short > long {
			refuse("condition.alertAfter", "is longer than lookbackWindow", "it becomes the short window, by default a twelfth of the long one")
		}
	}
	return a, ok
}
