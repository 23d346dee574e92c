package simulation

import (
	"crypto/sha1" //nolint:gosec // names things the way git does, protects nothing
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"time"
)

// chance is the only source of randomness; one per service, so that adding a
// service leaves the others' stories as they were.
type chance struct{ r *rand.Rand }

func newChance(seed, stream uint64) chance {
	return chance{rand.New(rand.NewPCG(seed, stream))}
}

func (c chance) happens(p float64) bool { return c.r.Float64() < p }

// count is a number from a to b, both included.
func (c chance) count(a, b int) int { return a + c.r.IntN(b-a+1) }

// span is a duration from a to b in whole seconds, GitHub's resolution.
func (c chance) span(a, b time.Duration) time.Duration {
	if b <= a {
		return a.Truncate(time.Second)
	}
	return (a + time.Duration(c.r.Int64N(int64(b-a)))).Truncate(time.Second)
}

func (c chance) spread(s span) time.Duration { return c.span(s.least, s.most) }

func pick[T any](c chance, of []T) T { return of[c.r.IntN(len(of))] }

// span is a range of durations.
type span struct{ least, most time.Duration }

func (s span) times(f float64) span {
	return span{scale(s.least, f), scale(s.most, f)}
}

func scale(d time.Duration, f float64) time.Duration {
	return time.Duration(float64(d) * f).Truncate(time.Second)
}

// digest names something for good: SHAs, GUIDs and node ids come from it.
func digest(parts ...any) string {
	sum := sha1.Sum([]byte(fmt.Sprint(parts...))) //nolint:gosec // see the import
	return hex.EncodeToString(sum[:])
}

// guid is a delivery's id in the form GitHub gives it.
func guid(parts ...any) string {
	d := digest(parts...)
	return d[0:8] + "-" + d[8:12] + "-11f0-8" + d[13:16] + "-" + d[16:28]
}
