package openslo

import (
	"fmt"
	"math"
	"time"

	"github.com/OpenSLO/go-sdk/pkg/openslo"
	v1 "github.com/OpenSLO/go-sdk/pkg/openslo/v1"

	"github.com/fivekeys/fivekeys/schemas"
)

// fivekeysSource is the metricSource.type that works.
const fivekeysSource = "fivekeys"

// indicator reads an SLI for an objective of a service. A threshold's Limit is
// only its unit yet.
func (r *reader) indicator(at source, spec v1.SLISpec, service string) schemas.Indicator {
	var i schemas.Indicator
	switch {
	case spec.ThresholdMetric != nil:
		m, ok := r.metric(at.in("thresholdMetric.metricSource"), spec.ThresholdMetric.MetricSource, service, true)
		if !ok {
			return i
		}
		if m.reported {
			at.refuse(join(at.path, "thresholdMetric.metricSource.spec"), "can't be reported: counts have no duration", "write a ratioMetric with good and total reported")
			return i
		}
		i.Total, i.Threshold = m.selector, &schemas.Threshold{Limit: m.unit}
	case spec.RatioMetric != nil:
		return r.ratio(at.in("ratioMetric"), *spec.RatioMetric, service)
	}
	return i
}

func (r *reader) ratio(at source, spec v1.SLIRatioMetric, service string) schemas.Indicator {
	var i schemas.Indicator
	if spec.Raw != nil {
		at.refuseAt("raw", "isn't known here: a ratio without counts has no weight", "write good (or bad) and total; counts of your own are sent as fivekeys.sli.v1 events")
		return i
	}
	if spec.Total == nil || (spec.Good == nil) == (spec.Bad == nil) {
		return i // the SDK has said so
	}
	total, ok := r.metric(at.in("total.metricSource"), spec.Total.MetricSource, service, false)
	key, part := "good", spec.Good
	if part == nil {
		key, part = "bad", spec.Bad
	}
	share, sound := r.metric(at.in(key+".metricSource"), part.MetricSource, service, false)
	if !ok || !sound {
		return i
	}
	if total.reported || share.reported {
		if total.reported != share.reported {
			at.refuse(at.path, "has one metric reported and the other counted from spans", "write reported: true in both")
		}
		if key == "bad" {
			at.refuseAt("bad", "can't be reported", "a fivekeys.sli.v1 event tells good and total; write good")
		}
		i.Reported = true
		return i
	}
	i.Total = total.selector
	// What a good or bad request is told of as little as it differs from total.
	narrow := share.selector
	if !share.named {
		narrow.Service = i.Total.Service
	}
	if len(narrow.Kinds) == 0 {
		narrow.Kinds = i.Total.Kinds
	}
	if why := contradiction(i.Total, narrow); why != "" {
		at.refuseAt(key, "selects nothing of total: "+why, key+" is a part of total")
	}
	if key == "good" {
		i.Good = narrow
	} else {
		i.Bad = narrow
	}
	return i
}

// metric reads one metric source.
func (r *reader) metric(at source, m v1.SLIMetricSource, service string, threshold bool) (metric, bool) {
	kind, key := m.Type, "type"
	if m.MetricSourceRef != "" && (kind == "" || kind == fivekeysSource) {
		o := r.find(at.object, join(at.path, "metricSourceRef"), openslo.KindDataSource, m.MetricSourceRef)
		if o == nil {
			return metric{}, false
		}
		if ds, ok := o.value.(*v1.DataSource); ok {
			if kind != "" && kind != ds.Spec.Type {
				at.refuseAt("type", fmt.Sprintf("is %q, that of %s is %q", clip(kind), o, clip(ds.Spec.Type)), "leave it out")
				return metric{}, false
			}
			kind, key = ds.Spec.Type, "metricSourceRef"
		}
	}
	switch kind {
	case fivekeysSource:
	case "":
		at.refuse(at.path, "has neither type nor metricSourceRef", "write type: fivekeys")
		return metric{}, false
	default:
		at.refuseAt(key, fmt.Sprintf("is %q, which fivekeys doesn't query", clip(kind)), "write type: fivekeys and select spans; other counts are sent as fivekeys.sli.v1 events, with spec: {reported: true} here")
		return metric{}, false
	}
	s := &selecting{source: at.in("spec"), threshold: threshold}
	return s.read(m.Spec, service), !s.failed
}

// threshold completes a threshold with what the objective says. Its Limit holds
// the unit until then.
func threshold(at source, spec *v1.SLOObjective, into *schemas.Threshold) {
	if spec.Operator == "" {
		at.refuseAt("op", "is missing: the indicator is a threshold", "write op: lt, and value: in milliseconds")
		return
	}
	if spec.Value == nil {
		at.refuseAt("value", "is missing: the indicator is a threshold", "write it in milliseconds, or say unit: in the indicator")
		return
	}
	limit := *spec.Value * float64(into.Limit)
	if limit < 0 || limit > float64(24*time.Hour) || limit == 0 && spec.Operator == v1.OperatorLT {
		at.refuseAt("value", fmt.Sprintf("is %g × %s, which no request or every one can take", *spec.Value, into.Limit), "write it in milliseconds, or say unit: in the indicator")
		return
	}
	into.Op, into.Limit = schemas.ThresholdOp(spec.Operator), time.Duration(math.Round(limit))
}
