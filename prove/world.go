// World: the server, the network before it, the clients, and what is known of them.

package prove

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/vechehq/veche/prove/hostile"
)

// roomSize is how many clients share a room, each over another door.
const roomSize = 5

// world is a run's.
type world struct {
	options  Options
	begun    time.Time
	server   *server
	net      *hostile.Proxy
	rooms    []*room
	clients  []*client
	schedule []Strike

	weather atomic.Pointer[hostile.Plan]
	twice   atomic.Bool  // requests are sent twice
	crashes atomic.Int64 // ends of the server after which receipts may be lower
	resting atomic.Bool  // clients send nothing new
	over    atomic.Bool  // the last fault is; clients make up for nothing more, so that the load is what it was before the first
	failing atomic.Int64 // until when the disk failed, so that messages were refused; nanoseconds since the beginning
	meter   meter
	checks  Checks
	violations

	mu     sync.Mutex
	struck []Struck // guarded by mu
}

// Struck is a fault as it came about.
type Struck struct {
	Strike
	Begin, End time.Duration
	Err        string // why it could not be done; "" if it was
}

func (w *world) now() time.Duration { return time.Since(w.begun) }

// strikeAll carries the schedule out, its two tracks side by side.
func (w *world) strikeAll(ctx context.Context) {
	var tracks sync.WaitGroup
	for _, t := range []track{onServer, onWay} {
		tracks.Go(func() {
			for _, s := range w.schedule {
				f := faultNamed(s.Fault)
				if f.track != t {
					continue
				}
				sleep(ctx, s.At-w.now())
				if ctx.Err() != nil {
					return
				}
				w.strike(ctx, f, s)
			}
		})
	}
	tracks.Wait()
	w.over.Store(true)
}

func (w *world) strike(ctx context.Context, f fault, s Strike) {
	k := Struck{Strike: s, Begin: w.now()}
	i := w.began(k)
	w.note("fault %s begins", s.Fault)
	err := f.strike(ctx, w, s)
	w.note("fault %s ends", s.Fault)
	w.mu.Lock()
	w.struck[i].End = w.now()
	if err != nil {
		w.struck[i].Err = err.Error()
	}
	w.mu.Unlock()
	if err != nil && ctx.Err() == nil {
		w.violate(crashed, nil, "%s: %v", s.Fault, err)
	}
}

// note writes a line of the history that is about no room.
func (w *world) note(format string, args ...any) {
	if h := w.options.History; h != nil {
		fmt.Fprintf(h, "- %.3fs %s\n", w.now().Seconds(), fmt.Sprintf(format, args...))
	}
}

func (w *world) began(k Struck) (i int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.struck = append(w.struck, k)
	return len(w.struck) - 1
}

// struckAround tells which faults were under way up to five seconds before.
func (w *world) struckAround(at time.Duration) (names []string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, k := range w.struck {
		end := k.End
		if end == 0 {
			end = at
		}
		if k.Begin <= at && end >= at-5*time.Second {
			names = append(names, fmt.Sprintf("%s %.3f–%.3fs", k.Fault, k.Begin.Seconds(), end.Seconds()))
		}
	}
	return names
}
