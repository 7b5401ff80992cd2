// Histogram: how often something took how long.

package load

import (
	"math/bits"
	"sync/atomic"
	"time"
)

// A power of two is cut into 32 buckets: a value is known to 3 %.
const (
	subBits = 5
	sub     = 1 << subBits
	buckets = (64 - subBits) * sub
)

// histogram counts durations; any number of goroutines may add. 15 KiB.
type histogram struct {
	counts [buckets]atomic.Uint64
}

func (h *histogram) add(d time.Duration) { h.counts[bucket(d)].Add(1) }

func bucket(d time.Duration) int {
	v := uint64(max(d, 0))
	shift := max(bits.Len64(v)-subBits-1, 0)
	return shift*sub + int(v>>shift)
}

// upper is the largest value of a bucket.
func upper(bucket int) time.Duration {
	if bucket < 2*sub {
		return time.Duration(bucket)
	}
	shift := bucket/sub - 1
	return time.Duration(uint64(bucket%sub+sub+1)<<shift - 1)
}

// counts are a histogram at a moment.
type counts [buckets]uint64

func (h *histogram) now() *counts {
	c := new(counts)
	for i := range h.counts {
		c[i] = h.counts[i].Load()
	}
	return c
}

// since returns what has come after an earlier moment.
func (c *counts) since(earlier *counts) *counts {
	d := new(counts)
	for i := range c {
		d[i] = c[i] - earlier[i]
	}
	return d
}

// Latency is how long something took, in milliseconds, to 3 % above: half of all took at most P50, and
// so on. All are zero where nothing happened.
type Latency struct {
	Count uint64  `json:"count"`
	P50   float64 `json:"p50"`
	P99   float64 `json:"p99"`
	P999  float64 `json:"p999"`
	Max   float64 `json:"max"`
}

func (c *counts) latency() Latency {
	var l Latency
	for _, n := range c {
		l.Count += n
	}
	l.P50, l.P99, l.P999, l.Max = c.at(l.Count, 0.5), c.at(l.Count, 0.99), c.at(l.Count, 0.999), c.at(l.Count, 1)
	return l
}

// at returns the value, in milliseconds, that a share of all n are not above.
func (c *counts) at(n uint64, share float64) float64 {
	rank := max(uint64(share*float64(n)+0.5), 1)
	var seen uint64
	for i, k := range c {
		if seen += k; seen >= rank {
			return float64(upper(i)) / float64(time.Millisecond)
		}
	}
	return 0
}
