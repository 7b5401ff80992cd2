// Room: its name, what its members have heard under which seq, and what they are all told, read once.

package load

import (
	"bytes"
	"fmt"
	"hash/maphash"
	"math/rand/v2"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/vechehq/veche/wire/native"
)

// room is one room of the crowd's.
type room struct {
	name    string
	members []*client // immutable

	mu    sync.Mutex
	known bool   // base was set
	base  uint64 // the log's head before the run
	// log has at seq-base-1 what is known of a message: its number, shifted by one for whether it was
	// acknowledged; 0 for nothing yet. 8 bytes for each message of the run.
	log   []uint64
	forms [formSlots]form
}

// formSlots is how many different things a room's members may be told at about the same time before
// one of them is read twice. A power of two.
const formSlots = 16

// form is something as it was spelled, and read.
type form struct {
	text []byte
	event
}

// event is what a client hears. mark is that of a message.
type event struct {
	native.Event
	mark mark
}

var formSeed = maphash.MakeSeed()

// event is one that a member heard, with its mark.
func (r *room) event(e native.Event, run uint64) event {
	if m, ok := e.(*native.Message); ok {
		return event{m, readMark(m.Body.Data, run)}
	}
	return event{Event: e}
}

// presence is how the server begins to tell who is there: to each who joins a large room a long list, which nobody here
// looks at.
var presence = []byte(`{"type":"presence",`)

// read reads what the server said to a member. What it says to all of them is read once, and returned as an event.
func (r *room) read(text []byte, run uint64) (native.Event, error) {
	if bytes.HasPrefix(text, presence) {
		return nil, nil
	}
	slot := &r.forms[maphash.Bytes(formSeed, text)%formSlots]
	r.mu.Lock()
	defer r.mu.Unlock()
	if bytes.Equal(slot.text, text) {
		return slot.event, nil
	}
	o, err := native.DecodeEvent(text)
	switch o.(type) {
	case *native.Message, *native.Signal, *native.Receipt:
		slot.text, slot.event = append(slot.text[:0], text...), r.event(o, run)
		return slot.event, err
	}
	return o, err
}

// begins sets what the log's head was when the first member came.
func (r *room) begins(head uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.known {
		r.known, r.base = true, head
	}
}

// note notes that message number has a seq, by an acknowledgement or because it was heard, and returns
// what is wrong with that, "" for nothing.
func (r *room) note(seq, number uint64, acked bool) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	i := seq - r.base - 1
	if seq <= r.base || i > uint64(len(r.log))+maxJump {
		return fmt.Sprintf("%s: message %d has seq %d, and the log began the run with %d", r.name, number, seq, r.base)
	}
	if i >= uint64(len(r.log)) {
		r.log = slices.Grow(r.log, int(i)+1-len(r.log))[:i+1]
	}
	switch was := r.log[i]; {
	case was == 0:
		r.log[i] = number << 1
	case was>>1 != number:
		return fmt.Sprintf("%s: seq %d is message %d and message %d", r.name, seq, was>>1, number)
	}
	if acked {
		r.log[i] |= 1
	}
	return ""
}

// sofar returns what is known of the room's log. Members hear on, and do not wait for who compares it with the server's.
func (r *room) sofar() (base uint64, log []uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.base, slices.Clone(r.log)
}

// maxJump is how far a seq may be ahead of all that were heard: as many messages may be under way.
const maxJump = 1 << 24

// acked returns the highest acknowledged seq, 0 if there is none.
func (r *room) acked() uint64 {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i := len(r.log) - 1; i >= 0; i-- {
		if r.log[i]&1 != 0 {
			return r.base + uint64(i) + 1
		}
	}
	return 0
}

// settle draws a room for each client: room k with a weight of 1/(k+1), by Zipf's law.
func settle(random *rand.Rand, clients, rooms int) []int {
	sums := make([]float64, rooms)
	sum := 0.0
	for k := range sums {
		sum += 1 / float64(k+1)
		sums[k] = sum
	}
	in := make([]int, clients)
	for i := range in {
		in[i] = min(sort.SearchFloat64s(sums, random.Float64()*sum), rooms-1)
	}
	return in
}

// mark is what a message's text begins with: which run and message it is, and when it was to be sent.
type mark struct {
	run    uint64
	number uint64 // of the message in the run, from 1; 0 for a stranger's message
	at     time.Duration
}

const markWords = "load %016x %013x %013x "

func (m mark) text(size int) string {
	s := fmt.Sprintf(markWords, m.run, m.number, uint64(m.at))
	return s + strings.Repeat(".", max(size-len(s), 0))
}

// readMark returns the mark of a text; that of a stranger's has number 0.
func readMark(text []byte, run uint64) mark {
	f := strings.SplitN(string(text[:min(len(text), minSize)]), " ", 5)
	if len(f) < 5 || f[0] != "load" {
		return mark{}
	}
	var n [3]uint64
	for i := range n {
		var err error
		if n[i], err = strconv.ParseUint(f[i+1], 16, 64); err != nil {
			return mark{}
		}
	}
	if n[0] != run {
		return mark{}
	}
	return mark{n[0], n[1], time.Duration(n[2])}
}
