package simulation

import (
	"encoding/binary"
	"encoding/hex"
	"iter"
	"strconv"
	"time"

	"github.com/fivekeys/fivekeys/schemas"
)

// loadSource is the source of a Load's events.
const loadSource = "simulation/load"

// Events gives the Load as domain events, in order of time. Encoding is by
// hand: a benchmark should measure the pipeline, not its input.
func (l Load) Events() iter.Seq[schemas.Event] {
	l = l.withDefaults()
	return func(yield func(schemas.Event) bool) {
		names := make([]string, l.Services)
		for i := range names {
			names[i] = loadName(i)
		}
		for b := range l.beats() {
			if !yield(l.event(b, names[b.service])) {
				return
			}
		}
	}
}

func (l Load) event(b beat, name string) schemas.Event {
	e := schemas.Event{ID: name + "/" + strconv.Itoa(b.number), Source: loadSource, Time: b.at, Subject: name}
	data := make([]byte, 0, 320)
	data = append(data, `{"service":"`...)
	data = append(data, name...)
	switch b.kind {
	case landed:
		e.Type = schemas.TypeChange
		data = append(data, `","branch":"main","sha":"`...)
		data = l.appendSHA(data, b.service, b.change)
		data = append(data, `","push":"`...)
		data = l.appendSHA(data, b.service, b.change)
		data = append(data, `","committed_at":"`...)
		data = b.authored().AppendFormat(data, time.RFC3339)
		data = append(data, `","author":"dev-`...)
		data = strconv.AppendUint(data, b.change%7, 10)
		data = append(data, `","message":"Change `...)
		data = strconv.AppendUint(data, b.change, 10)
		data = append(data, `","files":["src/main.go"]}`...)
	case deploying, deployed:
		e.Type = schemas.TypeDeployment
		data = append(data, `","environment":"production","deployment_id":"`...)
		data = strconv.AppendInt(data, b.deploymentID(), 10)
		data = append(data, `","sha":"`...)
		data = l.appendSHA(data, b.service, b.change)
		data = append(data, `","status":"`...)
		if b.kind == deployed {
			data = append(data, `succeeded"}`...)
		} else {
			data = append(data, `started"}`...)
		}
	case opened, acknowledged, resolved:
		e.Type = schemas.TypeIncident
		data = append(data, `","incident_id":"`...)
		data = append(data, name...)
		data = append(data, '#')
		data = strconv.AppendInt(data, b.issueNumber(), 10)
		data = append(data, `","severity":"sev2","title":"Errors","status":"`...)
		data = append(data, [...]string{opened: "opened", acknowledged: "acknowledged", resolved: "resolved"}[b.kind]...)
		data = append(data, `"}`...)
	}
	e.Data = data
	return e
}

// authored is when a landed change was written: hours before.
func (b beat) authored() time.Time {
	return b.at.Add(-time.Duration(1+(b.change*7+uint64(b.service))%40) * 17 * time.Minute)
}

// Ids have a fixed number of digits, so that payloads can be filled in place.

func (b beat) deploymentID() int64 {
	return 2_000_000_000 + int64(b.service)*100_000 + int64(b.release)
}

func (b beat) statusID() int64 {
	return 13_000_000_000 + 4_000_000_000*int64(b.kind-deploying) + int64(b.service)*100_000 + int64(b.release)
}

func (b beat) issueNumber() int64 { return 1_000_000 + int64(b.incident) }

func (b beat) issueID() int64 {
	return 2_000_000_000 + int64(b.service)*100_000 + int64(b.incident)
}

// appendSHA writes the SHA of a service's n-th change; 0 is the commit before
// the first.
func (l Load) appendSHA(to []byte, service int, n uint64) []byte {
	var raw [24]byte
	x := mix(l.Seed ^ uint64(service)<<40 ^ n)
	for i := 0; i < len(raw); i += 8 {
		x = mix(x)
		binary.BigEndian.PutUint64(raw[i:], x)
	}
	return hex.AppendEncode(to, raw[:20])
}
