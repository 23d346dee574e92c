package schemas

import "time"

// Vital is one figure that a process of the pipeline says of itself.
type Vital struct {
	At      time.Time
	Process string
	Metric  string // as in /metrics
	Label   string // name=value, separated by commas
	Value   float64
}
