// Violations: promises that were broken, with what happened around it.

package prove

import (
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/vechehq/veche/prove/history"
)

// Kinds of violations that a history of package history does not know.
const (
	notLinear   history.Kind = "linear"      // an answer that no order of the calls explains
	badReceipt  history.Kind = "receipt"     // one that shrank, or is beyond the log's end
	badPresence history.Kind = "presence"    // somebody is told to be there who is not, or is not told who is
	tooSlow     history.Kind = "latency"     // not back to normal in time
	tooMuch     history.Kind = "bounds"      // memory or descriptors
	crashed     history.Kind = "crash"       // the server ended by itself, would not start, or would not stop
	badAnswer   history.Kind = "answer"      // an answer that the protocol does not have there
	reordered   history.Kind = "two orders"  // two messages under one seq
	stuck       history.Kind = "not resumed" // a reader or sender that did not get on after the last fault
)

// Violation is one broken promise.
type Violation struct {
	Kind   history.Kind
	What   string
	At     time.Duration // since the beginning
	Room   string        // where it is about one
	Before []string      // what happened in the room just before, and which faults there were
	After  []string      // and just after
}

func (v Violation) String() string {
	return fmt.Sprintf("%s at %.3fs: %s", v.Kind, v.At.Seconds(), v.What)
}

// maxViolations are kept; of the others only the number.
const maxViolations = 200

// violations is the list of a run.
type violations struct {
	mu    sync.Mutex
	list  []*Violation // guarded by mu; After is the room's until the run is over
	count int          // guarded by mu
	first func()       // called at the first
}

func (vs *violations) add(v *Violation) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	if vs.count++; vs.count == 1 {
		vs.first()
	}
	if len(vs.list) < maxViolations {
		vs.list = append(vs.list, v)
	}
}

func (vs *violations) all() (list []*Violation, count int) {
	vs.mu.Lock()
	defer vs.mu.Unlock()
	return vs.list, vs.count
}

// violate writes a violation down, with what is known of the room and the faults at that moment. The room's lock must
// not be held; room may be nil.
func (w *world) violate(kind history.Kind, r *room, format string, args ...any) {
	v := &Violation{Kind: kind, What: fmt.Sprintf(format, args...), At: w.now()}
	if r != nil {
		v.Room = r.name
		v.Before = r.follow(v)
	}
	if fs := w.struckAround(v.At); len(fs) > 0 {
		v.Before = append(v.Before, "faults: "+strings.Join(fs, ", "))
	}
	w.violations.add(v)
}

func (w *world) violateAll(r *room, breaches []history.Breach) {
	for _, b := range breaches {
		w.violate(b.Kind, r, "%s", b.What)
	}
}
