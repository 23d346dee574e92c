package openslo

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/OpenSLO/go-sdk/pkg/openslo"
	v1 "github.com/OpenSLO/go-sdk/pkg/openslo/v1"

	"github.com/fivekeys/fivekeys/schemas"
)

// slo adds an SLO's objectives to the set, if nothing about it is refused.
func (r *reader) slo(o *object, slo *v1.SLO) {
	before := r.refusals
	base := schemas.Objective{
		Key: slo.Metadata.Name, SLO: slo.Metadata.Name, DisplayName: slo.Metadata.DisplayName,
		Description: slo.Spec.Description, Service: slo.Spec.Service, Budgeting: schemas.Budgeting(slo.Spec.BudgetingMethod),
		Alerts: r.alerts(o, slo.Spec.AlertPolicies),
	}
	if len(slo.Spec.AlertPolicies) > 0 && base.Alerts == nil {
		base.Alerts = []schemas.BurnAlert{} // all are refused; the default ones are not meant
	}
	if len(slo.Spec.TimeWindow) == 1 {
		base.Window = window(source{o, "spec.timeWindow[0]"}, slo.Spec.TimeWindow[0])
	}
	if len(slo.Spec.Objectives) == 0 {
		o.refuse("spec.objectives", "is empty", "write one: - target: 0.999")
	}
	composite := slo.Spec.HasCompositeObjectives() && len(slo.Spec.Objectives) > 1
	var parts []schemas.Objective
	var weights []float64
	for i := range slo.Spec.Objectives {
		spec, at := &slo.Spec.Objectives[i], source{o, fmt.Sprintf("spec.objectives[%d]", i)}
		part := base
		if len(slo.Spec.Objectives) > 1 {
			part.Key += "/" + slug(spec.DisplayName, i)
			part.DisplayName = strings.TrimPrefix(base.DisplayName+" – "+spec.DisplayName, " – ")
			if spec.DisplayName == "" {
				o.problem(Warning, at.path, fmt.Sprintf("has no displayName and is called %s", part.Key), "its figures would go to another one if the order changed; name it")
			}
		} else if part.DisplayName == "" {
			part.DisplayName = spec.DisplayName
		}
		r.objective(at, &part, spec, slo.Spec)
		weight := 1.0
		if spec.CompositeWeight != nil {
			weight = *spec.CompositeWeight
			if !composite {
				at.refuseAt("compositeWeight", "means nothing here", "only objectives that have an indicator each make a composite SLO")
			}
		}
		if other, twice := r.set.places[part.Key]; twice && !o.broken {
			at.refuse(at.path, fmt.Sprintf("is called %s, as another one is", part.Key), fmt.Sprintf("the other is in line %d; give them displayNames that differ", other.line))
		}
		if !o.broken {
			r.set.places[part.Key] = o.place(at.path)
		}
		parts, weights = append(parts, part), append(weights, weight)
	}
	if o.broken || r.refusals > before {
		for i := range parts {
			r.set.halves = append(r.set.halves, half{parts[i], o.place(fmt.Sprintf("spec.objectives[%d]", i))})
		}
		return
	}
	if composite {
		whole, ok := r.composite(o, base, parts, weights)
		if !ok {
			return
		}
		r.set.places[whole.Key] = o.place("spec.objectives")
		r.set.Objectives = append(r.set.Objectives, whole)
	}
	r.set.Objectives = append(r.set.Objectives, parts...)
}

// objective reads what an objective says itself.
func (r *reader) objective(at source, into *schemas.Objective, spec *v1.SLOObjective, slo v1.SLOSpec) {
	switch {
	case spec.Target != nil:
		into.Target = *spec.Target
	case spec.TargetPercent != nil:
		// 99.9 ÷ 100 is 0.9990000000000001 in binary; what was written is meant.
		into.Target = percent(*spec.TargetPercent)
	}
	if into.Target <= 0 && (spec.Target != nil || spec.TargetPercent != nil) {
		key := "target"
		if spec.Target == nil {
			key = "targetPercent"
		}
		at.refuseAt(key, "is 0: nothing could miss it", "write a target above 0")
	}
	timeSlices(at, into, spec)
	inline, ref, from := spec.Indicator, spec.IndicatorRef, at
	if inline == nil && ref == nil {
		inline, ref, from = slo.Indicator, slo.IndicatorRef, source{at.object, "spec"}
	}
	switch {
	case inline != nil:
		into.Indicator = r.indicator(from.in("indicator.spec"), inline.Spec, slo.Service)
	case ref != nil:
		o := r.find(at.object, join(from.path, "indicatorRef"), openslo.KindSLI, *ref)
		if o == nil {
			return
		}
		sli, ok := o.value.(*v1.SLI)
		if !ok {
			return
		}
		into.Indicator = r.indicator(source{o, "spec"}, sli.Spec, slo.Service)
	case at.broken:
		return // the SDK has said what is missing
	default:
		at.refuse(at.path, "has no indicator", "in a composite SLO each objective has its own indicator or indicatorRef")
		return
	}
	if into.Indicator.Total == nil && !into.Indicator.Reported {
		return // the indicator is refused
	}
	if into.Indicator.Threshold == nil {
		for key, given := range map[string]bool{"op": spec.Operator != "", "value": spec.Value != nil} {
			if given {
				at.problem(Warning, join(at.path, key), "means nothing for a ratio", "leave it out; the target alone says how good the ratio must be")
			}
		}
	} else {
		threshold(at, spec, into.Indicator.Threshold)
	}
	into.Definition = definition(into.Indicator)
}

// timeSlices reads the two keys of the time-slice methods.
func timeSlices(at source, into *schemas.Objective, spec *v1.SLOObjective) {
	if into.Budgeting == schemas.Occurrences {
		if spec.TimeSliceWindow != nil {
			at.refuseAt("timeSliceWindow", "means nothing for Occurrences", "write budgetingMethod: Timeslices, or leave it out")
		}
		if spec.TimeSliceTarget != nil {
			at.refuseAt("timeSliceTarget", "means nothing for Occurrences", "write budgetingMethod: Timeslices, or leave it out")
		}
		return
	}
	if spec.TimeSliceTarget != nil {
		if into.Budgeting == schemas.RatioTimeslices {
			at.refuseAt("timeSliceTarget", "means nothing for RatioTimeslices", "write budgetingMethod: Timeslices, or leave it out")
		}
		into.SliceTarget = *spec.TimeSliceTarget
	}
	if spec.TimeSliceWindow == nil {
		return // the SDK has said so
	}
	d, ok := duration(*spec.TimeSliceWindow)
	switch {
	case !ok || d <= 0 || d > time.Hour || time.Hour%d != 0:
		at.refuseAt("timeSliceWindow", "is "+spec.TimeSliceWindow.String()+" and must divide an hour", "write 1m, 5m, 10m, 15m, 30m or 1h")
	case into.Window.Rolling > 0 && into.Window.Rolling%d != 0:
		at.refuseAt("timeSliceWindow", "doesn't fill the window with whole slices", "the window is "+into.Window.String())
	case into.Window.Rolling == 0 && into.Window.Start.Unix()%int64(d/time.Second) != 0:
		at.refuseAt("timeSliceWindow", "would be cut by the calendar: "+into.Window.Start.Format(time.DateTime)+" is within a slice", "write a shorter one")
	default:
		into.Slice = d
	}
}

// composite makes the objective over all others of an SLO. Its ratio is the
// mean of theirs by weight, and so is its target: it burns at 1 where all of
// them do. It alerts for its parts.
func (r *reader) composite(o *object, base schemas.Objective, parts []schemas.Objective, weights []float64) (schemas.Objective, bool) {
	whole := base
	whole.Slice, whole.SliceTarget = parts[0].Slice, parts[0].SliceTarget
	target, sum, hash := 0.0, 0.0, ""
	for i := range parts {
		p := &parts[i]
		if p.Slice != whole.Slice || p.SliceTarget != whole.SliceTarget {
			o.refuse(fmt.Sprintf("spec.objectives[%d]", i), "has other time slices than the first", "a composite SLO needs the same timeSliceWindow and timeSliceTarget in all objectives")
			return whole, false
		}
		whole.Parts = append(whole.Parts, schemas.WeightedPart{Objective: p.Key, Weight: weights[i]})
		target += weights[i] * p.Target
		sum += weights[i]
		hash += fmt.Sprintf("%s*%g ", p.Definition, weights[i])
		p.Alerts = []schemas.BurnAlert{}
	}
	whole.Target = target / sum
	whole.Definition = fingerprint([]byte(hash))
	return whole, true
}

// slug makes a name for keys from one for people.
func slug(name string, index int) string {
	var b strings.Builder
	for _, c := range strings.ToLower(name) {
		switch {
		case 'a' <= c && c <= 'z', '0' <= c && c <= '9', c == '.':
			b.WriteRune(c)
		case b.Len() > 0 && !strings.HasSuffix(b.String(), "-"):
			b.WriteByte('-')
		}
	}
	if s := strings.Trim(b.String(), "-."); s != "" {
		return s
	}
	return fmt.Sprintf("objective-%d", index+1)
}

// countingRules is part of each definition: another number where spans would
// be counted in another way for the same file.
const countingRules = "1"

// definition names what an indicator counts.
func definition(i schemas.Indicator) string {
	content, err := json.Marshal(i)
	if err != nil {
		panic(err) // a struct of strings and numbers always encodes
	}
	return fingerprint(content)
}

func fingerprint(content []byte) string {
	sum := sha256.Sum256(content)
	return countingRules + "-" + hex.EncodeToString(sum[:6])
}
