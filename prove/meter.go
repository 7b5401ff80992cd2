// Meter: how much is done in each second, and how long it takes.

package prove

import (
	"slices"
	"sync"
	"time"
)

// samples of a second's latencies are kept at most.
const samples = 512

// meter counts by seconds since the beginning. It is safe for concurrent use.
type meter struct {
	mu   sync.Mutex
	secs []second // guarded by mu
}

// second is one of a run.
type second struct {
	answers    int // requests that were done
	refusals   int // requests that were refused, and may be made again
	deliveries int // messages that were given to readers
	sends      int // messages that were acknowledged
	took       []time.Duration
	late       []time.Duration // by how much this process was: the machine's doing, not the server's
	usage      usage           // as of its end; zero if there was no process
}

// usage is what a process has.
type usage struct {
	memory      int64 // bytes, resident
	descriptors int
}

func (m *meter) at(at int64, f func(s *second)) {
	i := int(at / int64(time.Second))
	m.mu.Lock()
	defer m.mu.Unlock()
	for len(m.secs) <= i {
		m.secs = append(m.secs, second{})
	}
	f(&m.secs[i])
}

func (m *meter) answered(at int64)  { m.at(at, func(s *second) { s.answers++ }) }
func (m *meter) refused(at int64)   { m.at(at, func(s *second) { s.refusals++ }) }
func (m *meter) delivered(at int64) { m.at(at, func(s *second) { s.deliveries++ }) }

func (m *meter) sent(at int64, took time.Duration) {
	m.at(at, func(s *second) {
		s.sends++
		if len(s.took) < samples {
			s.took = append(s.took, took)
		}
	})
}

func (m *meter) late(at int64, by time.Duration) {
	m.at(at, func(s *second) {
		if len(s.late) < samples {
			s.late = append(s.late, by)
		}
	})
}

func (m *meter) used(at int64, u usage) { m.at(at, func(s *second) { s.usage = u }) }

// seconds are all so far.
func (m *meter) seconds() []second {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Clone(m.secs)
}

// sums are the totals so far.
func (m *meter) sums() (t second) {
	for _, s := range m.seconds() {
		t.answers += s.answers
		t.refusals += s.refusals
		t.deliveries += s.deliveries
		t.sends += s.sends
	}
	return t
}

// quantile returns the latency that a part q of the second's messages did not exceed.
func (s *second) quantile(q float64) time.Duration { return quantile(s.took, q) }

func quantile(times []time.Duration, q float64) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(q*float64(len(sorted))))]
}
