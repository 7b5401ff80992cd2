package engineio

import (
	"net/http"
	"time"

	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/engineio"
)

// branch is the end of a tunnel where the client's WebSocket is, and the WebSocket's handler.
type branch struct {
	span

	// guarded by span.mu
	pipe   transport.Pipe // nil until the WebSocket is open
	out    []frame        // for the client: a turn of the connection's at most
	sent   int            // weight of what the WebSocket has been given, and the tunnel does not know
	paused bool           // the client is not read: too much is under way to the tunnel
	last   *letter        // "end": after out the WebSocket is to be closed
	over   bool
	quiet  *time.Timer // the other node says nothing
}

// window is the weight of what may be under way from a client to its connection: 64 small frames.
const window = 256 << 10

// tunnel serves a WebSocket whose connection lives on another node, and reports whether that node is there.
func (s *Server) tunnel(w http.ResponseWriter, r *http.Request, node string) bool {
	a, id := s.relay.begin()
	if a == nil {
		return false
	}
	defer s.relay.end(id)
	b := &branch{span: span{relay: s.relay, key: tunnelKey{node, id, true}}}
	if !s.relay.join(b.key, b) {
		return false
	}
	s.relay.publish(letter{To: node, Kind: "open", ID: id, Query: r.URL.RawQuery})
	answer := s.relay.wait(r.Context(), node, a, id)
	if answer == nil || answer.Status != http.StatusSwitchingProtocols {
		b.Closed(nil)
		if answer != nil {
			s.refuse(w, r, wire.BadRequest)
		}
		return answer != nil
	}
	opened := false
	s.sockets.Serve(w, r, nil, func(p transport.Pipe) transport.Handler {
		opened = true
		b.open(p, s.options.PingInterval+s.options.PingTimeout)
		return b
	})
	if !opened {
		b.Closed(nil)
	}
	return true
}

// open gives the branch its WebSocket. A node that lives says more than silence: at least its pings.
func (b *branch) open(p transport.Pipe, silence time.Duration) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.pipe = p
	b.quiet = time.AfterFunc(silence+farewell, func() { b.cut(nil) })
}

// Receive is the WebSocket's.
func (b *branch) Receive(m transport.Message) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return
	}
	b.owed += fromClient + len(m.Data)
	b.pass(frame{m.Binary, m.Data})
	if b.owed > window && !b.paused {
		b.paused = true
		b.pipe.Pause()
	}
}

// Drain is the WebSocket's: what was sent before is with the client.
func (b *branch) Drain() (more bool) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.taken(b.sent)
	b.sent = 0
	for _, f := range b.out {
		if b.pipe.Send(transport.Message{Binary: f.Binary, Data: f.Data}) != nil {
			b.last = &letter{Status: closeTryLater}
			break
		}
		b.sent += toClient + len(f.Data)
	}
	b.out = nil
	if b.last != nil {
		b.pipe.Close(uint16(b.last.Status), b.last.Reason)
		return false
	}
	return b.sent > 0
}

// Closed is the WebSocket's. It also ends a branch that never got one.
func (b *branch) Closed(err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.over {
		return
	}
	b.over = true
	if b.quiet != nil {
		b.quiet.Stop()
	}
	b.say(letter{Kind: "end", Broken: err != nil && transport.Broken(err)})
	b.relay.forget(b.key)
}

// hear takes a letter of the tunnel.
func (b *branch) hear(l *letter) {
	b.mu.Lock()
	defer b.mu.Unlock()
	fresh, whole := b.follows(l)
	if !fresh || b.over || b.last != nil {
		return
	}
	if b.quiet != nil {
		b.quiet.Reset(b.relay.server.options.PingInterval + b.relay.server.options.PingTimeout + farewell)
	}
	switch {
	case !whole:
		b.depart(&letter{Status: closeGoingAway})
	case l.Kind == "frames":
		b.out = append(b.out, l.Frames...)
		b.wake()
	case l.Kind == "taken":
		b.owed -= l.Weight
		if b.paused && b.owed <= window/2 {
			b.paused = false
			b.pipe.Resume()
		}
	case l.Kind == "end":
		b.depart(l)
	}
}

// cut ends the branch, whatever the other end does.
func (b *branch) cut(error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.depart(&letter{Status: closeGoingAway})
}

// depart has the WebSocket closed after what there is for it. mu is held.
func (b *branch) depart(last *letter) {
	if b.last == nil {
		b.last = last
	}
	b.wake()
}

func (b *branch) wake() {
	if b.pipe != nil { // else the first Drain comes by itself
		b.pipe.Wake()
	}
}

const closeTryLater = 1013
