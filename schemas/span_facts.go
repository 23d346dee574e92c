package schemas

import (
	"cmp"
	"math/bits"
	"slices"
	"time"
)

// ServiceMinute is what the spans of one operation of a service counted in one
// minute, the minute in which they ended.
type ServiceMinute struct {
	Service, Operation, Kind string
	Minute                   time.Time
	Requests, Errors         uint64
	Latency                  Histogram
}

// Dependency is what one service called of another in one minute.
type Dependency struct {
	Caller, Callee string
	Minute         time.Time
	Calls, Errors  uint64
	Latency        Histogram
}

// Histogram counts durations in buckets that grow with the value: exact below
// 64 ns, above 32 to each power of two, so that a bucket's middle is within
// 1.6 % of every value in it. Histograms of the same values are equal whatever
// the order, and merging them loses nothing. Sorted by Index; nil is empty.
type Histogram []Bucket

// Bucket is how many values fell between BucketLower of its index and the next.
type Bucket struct {
	Index uint16
	Count uint64
}

// bucketBits is how many bits behind the leading one choose a bucket.
const bucketBits = 5

// BucketIndex is the bucket of a duration in ns; negative ones count as 0.
func BucketIndex(ns int64) uint16 {
	v := uint64(max(ns, 0))
	shift := max(bits.Len64(v)-bucketBits-1, 0)
	return uint16(uint64(shift)<<bucketBits + v>>shift)
}

// BucketLower is the smallest duration in ns of a bucket.
func BucketLower(index uint16) int64 {
	shift := bucketShift(index)
	return (int64(index) - int64(shift)<<bucketBits) << shift
}

// BucketValue stands for all of a bucket: its middle, in ns.
func BucketValue(index uint16) int64 {
	return BucketLower(index) + (int64(1)<<bucketShift(index))/2
}

func bucketShift(index uint16) int { return max(int(index>>bucketBits)-1, 0) }

// Add counts a duration in ns.
func (h *Histogram) Add(ns int64) { h.add(BucketIndex(ns), 1) }

// Merge adds another histogram's counts.
func (h *Histogram) Merge(other Histogram) {
	for _, b := range other {
		h.add(b.Index, b.Count)
	}
}

func (h *Histogram) add(index uint16, n uint64) {
	i, found := slices.BinarySearchFunc(*h, index, func(b Bucket, index uint16) int { return cmp.Compare(b.Index, index) })
	if found {
		(*h)[i].Count += n
		return
	}
	*h = slices.Insert(*h, i, Bucket{index, n})
}

// Count is how many durations were added.
func (h Histogram) Count() uint64 {
	var n uint64
	for _, b := range h {
		n += b.Count
	}
	return n
}

// Quantile is the duration in ns below or at which the share q of all lie, by
// nearest rank; 0 where there are none.
func (h Histogram) Quantile(q float64) int64 {
	total := h.Count()
	if total == 0 {
		return 0
	}
	rank := q * float64(total)
	var seen uint64
	for _, b := range h {
		if seen += b.Count; float64(seen) >= rank {
			return BucketValue(b.Index)
		}
	}
	return BucketValue(h[len(h)-1].Index)
}
