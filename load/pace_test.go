package load

import (
	"math"
	"math/rand/v2"
	"testing"
	"time"
)

// The same seed gives the same deeds; they come in order, a second after typing, at the asked rate.
func TestPace(t *testing.T) {
	config := Config{Seed: 7, Clients: 50, Rate: 200, Receipts: 10 * time.Second, Wave: 1, WaveEvery: 4 * time.Second, Waves: 2}
	p, again := newPace(config), newPace(config)
	counts := map[int]int{}
	typed := map[time.Duration]int{}
	for last := time.Duration(-time.Hour); ; {
		d := p.take()
		if other := again.take(); other != d {
			t.Fatalf("%+v and %+v", d, other)
		}
		if d.at < last {
			t.Fatalf("%+v after %v", d, last)
		}
		if last = d.at; d.at >= 100*time.Second {
			break
		}
		counts[d.what]++
		switch d.what {
		case types:
			typed[d.at+typing] = d.who
		case sends:
			if who, ok := typed[d.at]; !ok || who != d.who {
				t.Fatalf("%+v was not typed", d)
			}
		}
	}
	if n := counts[sends]; math.Abs(float64(n)-20_000) > 600 { // four standard deviations
		t.Errorf("%d messages in 100 s at 200 a second", n)
	}
	if n := counts[tells]; n < 499 || n > 500 {
		t.Errorf("%d receipts of 50 clients in 100 s, each every 10 s", n)
	}
	if counts[wave] != 2 {
		t.Errorf("%d waves, want 2", counts[wave])
	}
}

// Zipf's law: the k-th room has a k-th of the largest one's members.
func TestSizes(t *testing.T) {
	sizes := make([]int, 100)
	for _, k := range settle(rand.New(rand.NewPCG(1, 0)), 100_000, len(sizes)) {
		sizes[k]++
	}
	for k, n := range sizes {
		want := float64(sizes[0]) / float64(k+1)
		if math.Abs(float64(n)-want) > 5*math.Sqrt(want)+0.03*want {
			t.Errorf("room %d has %d members, want about %.0f", k, n, want)
		}
	}
}
