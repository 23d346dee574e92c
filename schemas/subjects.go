package schemas

import (
	"fmt"
	"hash/fnv"
)

// The NATS subjects a delivery passes: deliveries.<source>, then
// events.<kind>.<partition>; what can't be processed goes to deadletters.<stage>.

// DeliverySubject is where the gateway publishes a source's raw deliveries.
func DeliverySubject(source string) string { return "deliveries." + source }

// EventSubject is where a domain event is published.
func EventSubject(t EventType, partition int) string {
	return fmt.Sprintf("events.%s.%d", t.Kind(), partition)
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
