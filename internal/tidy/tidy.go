// Package tidy gives memory back to the system after a burst of work.
//
// A burst of connections or answers leaves garbage behind, which Go's runtime gives back within some minutes.
// Whoever makes much of it calls [Count] for each piece; when many have been counted and then hardly any, the runtime is
// asked to give everything back at once. That makes a third of what 15,000 idle connections take in a program that
// has little else, and a half of what 5,000 waiting polls do.
//
// There is one count for the whole process. It collects at most once in five seconds, and not where that would cost
// more than about 100 ms of CPU.
package tidy

import (
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

const (
	burst = 4000                   // pieces of work
	quiet = 500 * time.Millisecond // in which there are less than few
	few   = 500
	most  = 256 << 20       // bytes that live in the whole program: marking them takes some 100 ms of CPU
	pause = 5 * time.Second // at least, between two collections
)

var (
	counted atomic.Uint32 // pieces since the last burst
	last    atomic.Int64  // the last collection, in Unix nanoseconds
)

// Count counts a piece of work that leaves some KB of garbage. It costs an atomic addition.
func Count() {
	if counted.Add(1) == burst {
		later(burst)
	}
}

// later waits until there is hardly any work any more.
func later(seen uint32) {
	time.AfterFunc(quiet, func() {
		now := counted.Load()
		if now-seen >= few || time.Since(time.Unix(0, last.Load())) < pause {
			later(now)
			return
		}
		if live() <= most {
			debug.FreeOSMemory()
			last.Store(time.Now().UnixNano())
		}
		counted.Store(0)
	})
}

// live is how many bytes of objects the last collection found in use.
func live() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/live:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
