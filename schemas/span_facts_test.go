package schemas_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/fivekeys/fivekeys/schemas"
)

func TestABucketsMiddleIsWithinTwoPercentOfItsValues(t *testing.T) {
	values := []int64{0, 1, 31, 32, 63, 64, 65, 127, 128, 1_000_000, math.MaxInt64}
	rng := rand.New(rand.NewPCG(1, 1))
	for range 100_000 {
		values = append(values, rng.Int64()>>rng.IntN(63))
	}
	slices.Sort(values)
	last := uint16(0)
	for _, v := range values {
		i := schemas.BucketIndex(v)
		if i < last {
			t.Fatalf("the bucket of %d is %d, a smaller value's %d", v, i, last)
		}
		last = i
		if low := schemas.BucketLower(i); low > v || schemas.BucketIndex(low) != i {
			t.Fatalf("bucket %d of %d begins at %d", i, v, low)
		}
		if off := math.Abs(float64(schemas.BucketValue(i)-v)) / math.Max(float64(v), 1); off > 0.02 {
			t.Fatalf("bucket %d stands for %d, %d is %.3f off", i, schemas.BucketValue(i), v, off)
		}
	}
}

func TestMergedHistogramsAreTheHistogramOfAll(t *testing.T) {
	var all, even, odd schemas.Histogram
	for i := range int64(1000) {
		all.Add(i * i)
		if i%2 == 0 {
			even.Add(i * i)
		} else {
			odd.Add(i * i)
		}
	}
	odd.Merge(even)
	if diff := cmp.Diff(all, odd); diff != "" {
		t.Error(diff)
	}
	if all.Count() != 1000 {
		t.Errorf("%d", all.Count())
	}
	for q, want := range map[float64]float64{0.5: 499 * 499, 0.99: 989 * 989, 1: 999 * 999, 0: 0} {
		if got := float64(all.Quantile(q)); math.Abs(got-want) > 0.02*want {
			t.Errorf("quantile %v is %v, want %v", q, got, want)
		}
	}
	if (schemas.Histogram)(nil).Quantile(0.5) != 0 {
		t.Error("an empty histogram has a median")
	}
}
