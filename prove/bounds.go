// Bounds: what the server may take, watched all along; and how fast it must be again.

package prove

import (
	"context"
	"time"
)

// What a server may have. A client's session has at most 1 MiB waiting for it; what comes on top is SQLite's cache, the
// log's tail of each room, and what the allocator keeps.
const (
	memoryBase      = 160 << 20
	memoryOfClient  = 2 << 20
	descriptorsBase = 80
	descriptorsEach = 8 // a client's connections, those of its earlier visits that are still being closed, requests
)

// watch samples the process twice a second until ctx ends.
func (w *world) watch(ctx context.Context) {
	clients := w.options.Clients
	most := usage{int64(memoryBase + clients*memoryOfClient), descriptorsBase + clients*descriptorsEach}
	for ; ctx.Err() == nil; sleep(ctx, 500*ms) {
		u, err := usageOf(w.server.pid())
		if err != nil {
			continue // between two processes
		}
		w.meter.used(int64(w.now()), u)
		if u.memory > most.memory {
			w.violate(tooMuch, nil, "the server has %d MiB resident, and %d clients are worth %d MiB", u.memory>>20, clients, most.memory>>20)
			return
		}
		if u.descriptors > most.descriptors {
			w.violate(tooMuch, nil, "the server has %d descriptors, and %d clients are worth %d", u.descriptors, clients, most.descriptors)
			return
		}
	}
}

// recovery is how soon after the last fault latency must be what it was before the first.
const recovery = 10 * time.Second

// normal is what counts as it was, on a machine that others use too.
func normal(before time.Duration) time.Duration { return 3*before + 100*ms }

// checkLatency compares the calm with the warm-up.
func (w *world) checkLatency() {
	secs := w.meter.seconds()
	length := w.options.Length
	before := median(secs[1:min(len(secs), int(warmUp(length)/time.Second))])
	from := int((length - calm(length)) / time.Second)
	within := secs[min(from, len(secs)):min(from+int(min(recovery, calm(length))/time.Second), len(secs))]
	best := time.Duration(0)
	for i := range within {
		if l := within[i].quantile(0.5); len(within[i].took) > 0 && (best == 0 || l < best) {
			best = l
		}
	}
	if best == 0 || best > normal(before) {
		w.violate(tooSlow, nil, "the median of an acknowledgement was %v before the faults, and in the %d seconds after the last it was never below %v", before, len(within), best)
	}
}

func median(secs []second) time.Duration {
	var all second
	for _, s := range secs {
		all.took = append(all.took, s.took...)
	}
	return all.quantile(0.5)
}
