// The schedule: which fault comes when, drawn before anything runs.

package prove

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"time"
)

// Strike is one fault of a schedule.
type Strike struct {
	Fault string
	At    time.Duration // since the beginning
	For   time.Duration // how long it lasts; what it takes to start a server again comes on top
	Seed  uint64        // of what else is left to chance in it
}

func (s Strike) String() string {
	return fmt.Sprintf("%8.3fs %-12s %v", s.At.Seconds(), s.Fault, s.For.Round(time.Millisecond))
}

// The first fault comes after the warm-up, in which latency is measured as it is without faults; the last one ends
// before the calm, in which it has to come back.
func warmUp(length time.Duration) time.Duration {
	return min(max(length/12, 3*time.Second), 10*time.Second)
}
func calm(length time.Duration) time.Duration {
	return min(max(length/8, 4*time.Second), 15*time.Second)
}

// pause is what lies between two faults of a track.
const (
	minPause = 1200 * time.Millisecond
	maxPause = 3500 * time.Millisecond
)

// Schedule draws the faults of a run, those of the names given, in the order of their time. Faults that strike the
// server come one after the other, and so do, at the same time, those of the network and the clients.
func Schedule(seed uint64, length time.Duration, names []string) []Strike {
	var all []Strike
	for t, track := range []track{onServer, onWay} {
		some := slices.DeleteFunc(slices.Clone(faults), func(f fault) bool {
			return f.track != track || !slices.Contains(names, f.name)
		})
		all = append(all, draw(rand.New(rand.NewPCG(seed, uint64(t))), length, some)...)
	}
	slices.SortStableFunc(all, func(a, b Strike) int { return int(a.At - b.At) })
	return all
}

func draw(r *rand.Rand, length time.Duration, some []fault) (ss []Strike) {
	if len(some) == 0 {
		return nil
	}
	end := length - calm(length)
	bag := deal(r, some)
	for at := warmUp(length); ; {
		if len(bag) == 0 {
			bag = deal(r, some)
		}
		f := bag[0]
		bag = bag[1:]
		s := Strike{Fault: f.name, At: at, For: between(r, f.least, f.most), Seed: r.Uint64()}
		if s.At+s.For+f.aftermath > end {
			return ss
		}
		ss = append(ss, s)
		at += s.For + f.aftermath + between(r, minPause, maxPause)
	}
}

// deal shuffles the faults, so that in a short run too each has its turn.
func deal(r *rand.Rand, some []fault) []fault {
	bag := slices.Clone(some)
	r.Shuffle(len(bag), func(i, j int) { bag[i], bag[j] = bag[j], bag[i] })
	return bag
}

func between(r *rand.Rand, least, most time.Duration) time.Duration {
	if most <= least {
		return least
	}
	return least + time.Duration(r.Int64N(int64(most-least)))
}
