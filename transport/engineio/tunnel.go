package engineio

import (
	"bytes"
	"sync"
	"time"

	"github.com/vechehq/veche/transport"
)

// A WebSocket that has reached another node than its connection lives on is taken there, and goes on over the Link: a branch is the
// end where the client is, a tunnel the one where the connection is, to which it is a pipe like any other.
//
// Letters of one tunnel are numbered in each direction. One that is lost ends the tunnel, and with it the connection, as
// a broken wire does. Either end says how much of what it got is out of its hands, so that no more than a turn is under way to
// the client, in one letter, and no more than a window from it: a link that is busy loses what is too much for it.

// span is what both ends have: the letters to the other one.
type span struct {
	relay *relay // immutable
	key   tunnelKey

	mu    sync.Mutex // guards what follows, and what is the end's own
	said  uint64     // letters
	heard uint64     // letters
	owed  int        // weight of the frames that the other end has not taken
}

// tunnelKey names a tunnel at one end.
type tunnelKey struct {
	node string // the other one
	id   uint64
	own  bool // this node has counted the id: it is the branch
}

// say writes to the other end. mu is held.
func (s *span) say(l letter) {
	s.said++
	l.To, l.ID, l.Own, l.Number = s.key.node, s.key.id, s.key.own, s.said
	s.relay.publish(l)
}

// pass passes frames on. mu is held.
func (s *span) pass(frames ...frame) {
	if len(frames) > 0 {
		s.say(letter{Kind: "frames", Frames: frames})
	}
}

// frame is a message on its way. Its JSON is the letters'.
type frame struct {
	Binary bool `json:",omitempty"`
	Data   []byte
}

// taken says that frames are out of this end's hands. mu is held.
func (s *span) taken(weight int) {
	if weight > 0 {
		s.say(letter{Kind: "taken", Weight: weight})
	}
}

// follows reports whether a letter is the next one: fresh if it did not come before, whole if none is missing. mu is held.
func (s *span) follows(l *letter) (fresh, whole bool) {
	if l.Number <= s.heard {
		return false, true
	}
	whole = l.Number == s.heard+1
	s.heard = l.Number
	return true, whole
}

// What a frame counts for on its way beside its data: the way from a client has a letter for each.
const (
	toClient   = 64
	fromClient = 4 << 10
)

// tunnel is the pipe of a WebSocket on another node. What comes out of it is the handler's on a goroutine that lives while
// there is something to do.
type tunnel struct {
	span
	handler transport.Handler // set before anything is heard

	// guarded by span.mu
	in      []frame // not yet received; the branch bounds it
	took    int     // weight of what was received, and the branch does not know
	out     []frame // of this turn
	woken   bool
	paused  bool
	running bool // a goroutine works
	closing bool // Close was called: nothing is received
	over    bool // the other end is gone
	cause   error
	done    bool // Closed was called
	late    *time.Timer
}

var _ transport.Pipe = (*tunnel)(nil)

// Send is the pipe's. It copies m.Data.
func (t *tunnel) Send(m transport.Message) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case t.closing || t.over:
		return errPipe
	case t.owed+len(m.Data) > maxOut:
		return errOut
	}
	t.owed += toClient + len(m.Data)
	t.out = append(t.out, frame{m.Binary, bytes.Clone(m.Data)})
	return nil
}

// SendShared is the pipe's.
func (t *tunnel) SendShared(f *transport.Frame) error {
	return t.Send(transport.Message{Binary: f.Binary(), Data: f.Data()})
}

// Wake is the pipe's.
func (t *tunnel) Wake() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.woken = true
	t.run()
}

// Pause is the pipe's.
func (t *tunnel) Pause() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paused = true
}

// Resume is the pipe's.
func (t *tunnel) Resume() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.paused = false
	t.run()
}

// Transport is the pipe's.
func (t *tunnel) Transport() string { return WebSocket }

// Close is the pipe's. A branch that does not say that it has closed is given up.
func (t *tunnel) Close(code uint16, reason string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.closing || t.over {
		return
	}
	t.closing = true
	t.flush()
	t.say(letter{Kind: "end", Status: int(code), Reason: reason})
	t.late = time.AfterFunc(farewell, func() { t.cut(nil) })
}

// hear takes a letter of the branch.
func (t *tunnel) hear(l *letter) {
	t.mu.Lock()
	defer t.mu.Unlock()
	fresh, whole := t.follows(l)
	switch {
	case !fresh || t.over:
	case !whole:
		t.say(letter{Kind: "end", Status: closeGoingAway})
		t.end(nil)
	case l.Kind == "frames" && !t.closing:
		t.in = append(t.in, l.Frames...)
		t.run()
	case l.Kind == "taken":
		t.owed -= l.Weight
		t.run()
	case l.Kind == "end" && l.Broken:
		t.end(ErrTransport)
	case l.Kind == "end":
		t.end(nil)
	}
}

// cut ends the tunnel, whatever the other end does.
func (t *tunnel) cut(cause error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.over {
		t.say(letter{Kind: "end", Status: closeGoingAway})
		t.end(cause)
	}
}

// end has the handler told, after what it may still receive. mu is held.
func (t *tunnel) end(cause error) {
	t.over, t.cause = true, cause
	if t.late != nil {
		t.late.Stop()
	}
	t.run()
}

// run starts the goroutine. mu is held.
func (t *tunnel) run() {
	if t.running || t.done || t.handler == nil {
		return
	}
	t.running = true
	t.relay.server.ends.Go(t.work)
}

// work calls the handler, until there is nothing to call it for.
func (t *tunnel) work() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for {
		switch {
		case len(t.in) > 0 && !t.paused && !t.closing:
			t.receive()
		case t.over:
			t.done = true
			t.relay.forget(t.key)
			t.mu.Unlock()
			t.handler.Closed(t.cause)
			t.mu.Lock()
			return
		case t.woken && t.owed == 0:
			t.drain()
		default:
			t.running = false
			return
		}
	}
}

// flush passes on what was sent in this turn. mu is held.
func (t *tunnel) flush() {
	t.pass(t.out...)
	t.out = nil
}

// receive gives the handler the next message. mu is held, but not meanwhile.
func (t *tunnel) receive() {
	f := t.in[0]
	t.in = t.in[1:]
	t.mu.Unlock()
	t.handler.Receive(transport.Message{Binary: f.Binary, Data: f.Data})
	t.mu.Lock()
	t.flush()
	if t.took += fromClient + len(f.Data); len(t.in) == 0 || t.took > window/4 {
		t.taken(t.took)
		t.took = 0
	}
}

// drain has the handler say what it has. mu is held, but not meanwhile.
func (t *tunnel) drain() {
	t.woken = false
	t.mu.Unlock()
	more := t.handler.Drain()
	t.mu.Lock()
	t.flush()
	t.woken = t.woken || more
}
