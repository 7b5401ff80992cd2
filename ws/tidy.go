package ws

import (
	"runtime/debug"
	"runtime/metrics"
	"sync/atomic"
	"time"
)

// A burst of connections leaves garbage behind, of handshakes above all, which Go's runtime gives back to
// the system within some minutes. When so many have come and then for a while nobody, it is asked to do
// that at once: that makes a third of what 15,000 idle connections take in a program that has little
// else. It is not asked where the collection would cost more than a few milliseconds.
const (
	tidyBurst = 4000
	tidyQuiet = 500 * time.Millisecond
	tidyHeap  = 64 << 20 // bytes of objects in the whole program
)

// arrivals is how many connections were started since the last burst.
var arrivals atomic.Uint32

// arrived counts a connection.
func arrived() {
	if arrivals.Add(1) == tidyBurst {
		tidyLater(tidyBurst)
	}
}

// tidyLater waits until nobody comes any more.
func tidyLater(seen uint32) {
	time.AfterFunc(tidyQuiet, func() {
		if now := arrivals.Load(); now != seen {
			tidyLater(now)
			return
		}
		if heapObjects() <= tidyHeap {
			debug.FreeOSMemory()
		}
		arrivals.Store(0)
	})
}

func heapObjects() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
