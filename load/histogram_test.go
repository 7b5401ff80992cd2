package load

import (
	"math/rand/v2"
	"slices"
	"testing"
	"time"
)

// A bucket's upper edge is its largest value, and buckets follow each other without a hole.
func TestBuckets(t *testing.T) {
	for _, d := range []time.Duration{0, 1, 63, 64, 65, 1000, time.Millisecond, time.Second, time.Hour, 1<<62 - 1} {
		b := bucket(d)
		if u := upper(b); u < d || float64(u) > float64(d)*(1+1./sub) {
			t.Errorf("%d is in a bucket up to %d", d, u)
		}
		if bucket(upper(b)) != b || bucket(upper(b)+1) != b+1 {
			t.Errorf("bucket %d ends at %d, which is in %d; the next is in %d", b, upper(b), bucket(upper(b)), bucket(upper(b)+1))
		}
	}
	if bucket(-time.Second) != 0 {
		t.Error("a negative duration is none")
	}
}

func TestLatencyAgainstSorting(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	var h histogram
	earlier := h.now()
	ds := make([]time.Duration, 10_000)
	for i := range ds {
		ds[i] = time.Duration(random.ExpFloat64() * float64(10*time.Millisecond))
		h.add(ds[i])
	}
	slices.Sort(ds)
	l := h.now().since(earlier).latency()
	if l.Count != uint64(len(ds)) {
		t.Errorf("%d were added, %d counted", len(ds), l.Count)
	}
	for share, got := range map[float64]float64{0.5: l.P50, 0.99: l.P99, 0.999: l.P999, 1: l.Max} {
		want := float64(ds[int(share*float64(len(ds)))-1]) / float64(time.Millisecond)
		if got < want || got > want*(1+1./sub)+1e-6 {
			t.Errorf("%g of all are below %g ms, want %g", share, got, want)
		}
	}
	if none := earlier.latency(); none != (Latency{}) {
		t.Errorf("of nothing: %+v", none)
	}
}
