package schemas

import (
	"encoding/json"
	"errors"
	"testing"
	"time"
)

func TestValidateNamesTheField(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for _, c := range []struct {
		name  string
		event Event
		field string
	}{
		{"no id", Event{Source: "api", Type: TypeIncident, Time: at}, "id"},
		{"no source", Event{ID: "1", Type: TypeIncident, Time: at}, "source"},
		{"no time", Event{ID: "1", Source: "api", Type: TypeIncident}, "time"},
		{"a time no store takes", Event{ID: "1", Source: "api", Type: TypeIncident, Time: at.AddDate(3000, 0, 0)}, "time"},
		{"no data", Event{ID: "1", Source: "api", Type: TypeIncident, Time: at}, "data"},
		{"data of another shape", Event{ID: "1", Source: "api", Type: TypeIncident, Time: at, Data: json.RawMessage(`{"service":3}`)}, "data.service"},
		{"a field of the data missing", Event{ID: "1", Source: "api", Type: TypeIncident, Time: at, Data: json.RawMessage(`{"incident_id":"1","service":"s"}`)}, "data.status"},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := c.event.Validate()
			var fe *FieldError
			if !errors.As(err, &fe) || fe.Field != c.field {
				t.Errorf("got %v, want an error of %s", err, c.field)
			}
		})
	}
	unknown := Event{ID: "1", Source: "api", Type: "fivekeys.lunch.v1", Time: at, Data: json.RawMessage(`{}`)}
	if err := unknown.Validate(); !errors.Is(err, ErrUnknownType) {
		t.Errorf("an unknown type gives %v", err)
	}
}

func TestTheEventKnownFirstHasPrecedence(t *testing.T) {
	at := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	first := Event{ID: "1", Source: "api", Type: TypeIncident, Time: at, KnownAt: at, Data: json.RawMessage(`{"a":1}`)}
	later := first
	later.KnownAt = at.Add(time.Millisecond)
	other := first
	other.Data = json.RawMessage(`{"a":2}`)
	if first.Precedence() <= later.Precedence() {
		t.Error("the event known later wins")
	}
	if first.Precedence() == other.Precedence() {
		t.Error("different contents known at the same time are not told apart")
	}
	again := first
	if first.Precedence() != again.Precedence() {
		t.Error("equal events differ")
	}
}

func TestPartitionIsStable(t *testing.T) {
	// Stored in consumers' names and filters: another hash would move services
	// between partitions of a running system.
	if got := Partition("acme/shop", 16); got != 12 {
		t.Errorf("acme/shop is in partition %d of 16", got)
	}
}
