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
	for ; ctx.Err() == nil; sleep(ctx, 500*ms) {
		u, err := usageOf(w.server.pid())
		if err != nil {
			continue // between two processes
		}
		w.meter.used(int64(w.now()), u)
		if !w.bounded(u) {
			return // once is enough
		}
	}
}

// bounded judges what a process has.
func (w *world) bounded(u usage) bool {
	clients := w.options.Clients
	most := usage{int64(memoryBase + clients*memoryOfClient), descriptorsBase + clients*descriptorsEach}
	switch {
	case u.memory > most.memory:
		w.violate(tooMuch, nil, "the server has %d MiB resident, and %d clients are worth %d MiB", u.memory>>20, clients, most.memory>>20)
	case u.descriptors > most.descriptors:
		w.violate(tooMuch, nil, "the server has %d descriptors, and %d clients are worth %d", u.descriptors, clients, most.descriptors)
	default:
		return true
	}
	return false
}

// recovery is how soon after the last fault latency must be what it was before the first.
const recovery = 10 * time.Second

// normal is what counts as it was in a second, on a machine that others use too: when this process is woken later than
// before, so is everybody on a message's way there and back.
func normal(before time.Duration, s second) time.Duration {
	return 3*before + 100*ms + hops*quantile(s.late, 0.5)
}

// hops are how often somebody is woken on the way of a message and its acknowledgement: the client, the network that
// can be broken, twice, the server's loop, its writer, and back.
const hops = 8

// recover has clients talk on until latency is what it was, for as long as it may take.
func (w *world) recover(ctx context.Context) {
	end := w.lastFault()
	for ctx.Err() == nil {
		best, ok := w.recovered(end)
		if ok {
			return
		}
		if w.now() > end+recovery+time.Second {
			w.violate(tooSlow, nil, "the median of an acknowledgement was %v before the faults, and in the %v after the last it was never below %v", w.before(), recovery, best)
			return
		}
		sleep(ctx, 200*ms)
	}
}

// recovered compares the whole seconds after the last fault, so far, with those before the first.
func (w *world) recovered(end time.Duration) (best time.Duration, ok bool) {
	secs := w.meter.seconds()
	from := min(int((end+time.Second-1)/time.Second), len(secs))
	upTo := min(from+int(recovery/time.Second), len(secs), int(w.now()/time.Second)) // the last one is not over
	before := w.before()
	for i := from; i < upTo; i++ {
		l := secs[i].quantile(0.5)
		if len(secs[i].took) == 0 {
			continue
		}
		if best == 0 || l < best {
			best = l
		}
		ok = ok || l <= normal(before, secs[i])
	}
	return best, ok
}

// before is the median latency without faults.
func (w *world) before() time.Duration {
	secs := w.meter.seconds()
	warm := min(len(secs), int(warmUp(w.options.Length)/time.Second))
	return median(secs[min(1, warm):warm])
}

// lastFault is when the last one ended, or the warm-up if there was none.
func (w *world) lastFault() time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	end := warmUp(w.options.Length)
	for _, k := range w.struck {
		end = max(end, k.End)
	}
	return end
}

func median(secs []second) time.Duration {
	var all second
	for _, s := range secs {
		all.took = append(all.took, s.took...)
	}
	return all.quantile(0.5)
}
