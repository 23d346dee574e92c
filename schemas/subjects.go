package schemas

import (
	"cmp"
	"fmt"
	"hash/fnv"
	"strings"
)

// The NATS subjects a delivery passes: deliveries.<source>, then
// events.<kind>.<partition>; what can't be processed goes to deadletters.<stage>.

// DeliverySubject is where the gateway publishes a source's raw deliveries.
func DeliverySubject(source string) string { return "deliveries." + source }

// EventSubject is where a domain event is published.
func EventSubject(t EventType, partition int) string {
	return fmt.Sprintf("events.%s.%d", t.Kind(), partition)
}

// SpanSubject is where chunks of spans are published, partitioned by trace so
// that a trace is whole within one partition and no busy service overloads one.
func SpanSubject(partition int) string { return fmt.Sprintf("spans.%d", partition) }

// SpanPartitions is how many ways spans are split. It is no setting: intake and
// processors must agree, each partition takes more than a process can count, and
// every figure has a row for each.
const SpanPartitions = 4

// TracePartition assigns a trace to one of n partitions.
func TracePartition(id TraceID, n int) int {
	h := fnv.New32a()
	_, _ = h.Write(id[:])
	return int(h.Sum32() % uint32(n))
}

// AlertSubject is where signals about a service's alerts go.
func AlertSubject(service string) string { return "signals.alert." + subjectToken(service) }

// BudgetSubject is where signals about a service's budgets go.
func BudgetSubject(service string) string { return "signals.budget." + subjectToken(service) }

// subjectToken makes one token of a name: the characters that NATS gives a
// meaning become underscores. The payload holds the name as it is.
func subjectToken(name string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || strings.ContainsRune(".*>", r) {
			return '_'
		}
		return r
	}, cmp.Or(name, "_"))
}

// DeadLetterSubject is where a stage publishes what it can't process.
func DeadLetterSubject(stage string) string { return "deadletters." + stage }

// Partition assigns a service to one of n partitions. All events of a service
// share one, so one processor at a time folds it.
func Partition(service string, n int) int {
	h := fnv.New32a()
	_, _ = h.Write([]byte(service))
	return int(h.Sum32() % uint32(n))
}
