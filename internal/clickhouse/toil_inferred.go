package clickhouse

import (
	"strings"

	"github.com/fivekeys/fivekeys/schemas"
)

// inferredTable is stored beside what the toil is inferred from and by the same
// rules, so that nobody who asks for toil has to look through all of that.
var inferredTable = table[schemas.InferredToil]{
	name: "inferred_toil_facts",
	keys: []string{"kind", "subject"},
	columns: columns(`service Name
		team Name
		kind Name
		subject String
		at Time
		title String
		url String
		why String
		evidence String
		known_at Time`),
	key: func(t *schemas.InferredToil) []string { return []string{string(t.Kind), t.Subject} },
	of: func(service string, key []string) schemas.InferredToil {
		return schemas.InferredToil{Service: service, Kind: schemas.Inference(key[0]), Subject: key[1]}
	},
	row: func(to []any, t *schemas.InferredToil) []any {
		return append(to, t.Service, t.Team, string(t.Kind), t.Subject, instant(t.At), t.Title, t.URL, t.Why,
			strings.Join(t.Evidence, "\x00"), instant(t.KnownAt))
	},
}
