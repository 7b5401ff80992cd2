package engineio

import (
	"errors"
	"sync"
	"time"

	"github.com/vechehq/veche/transport"
	wire "github.com/vechehq/veche/wire/engineio"
)

// poller is what a connection has while its client polls.
type poller struct {
	receiving sync.Mutex // held by the POST whose packets are delivered
	draining  sync.Mutex // held by the GET that drains the handler

	// guarded by Conn.mu
	out     []transport.Message // packets for the next answer
	bytes   int                 // of out
	woken   bool                // a Drain was asked for
	waiting bool                // a GET waits
	posting bool                // a POST is under way
	got     stamp               // of the latest GET
	posted  stamp               // of the latest POST
	parting bool                // the last packet waits for a GET that may be on its way
	paused  chan struct{}       // closed by Resume; nil when it is not paused
	probe   transport.Pipe      // a WebSocket tries to take over
	trying  bool                // one does, or is being accepted
	probed  bool                // and it works

	changed chan struct{} // has something after signal; one GET receives
	done    chan struct{} // closed at the end, or when a WebSocket has taken over
}

func newPoller() *poller {
	return &poller{woken: true, changed: make(chan struct{}, 1), done: make(chan struct{})}
}

// signal has the waiting GET look again.
func (p *poller) signal() {
	select {
	case p.changed <- struct{}{}:
	default:
	}
}

// maxOut is how many bytes one turn may leave for the next poll. Sessions send less: they are asked when it is empty.
const maxOut = 16 << 20

var errOut = errors.New("engineio: too much is sent in one turn")

func (p *poller) send(m transport.Message) error {
	if p.bytes+len(m.Data) > maxOut {
		return errOut
	}
	p.bytes += len(m.Data)
	p.out = append(p.out, m)
	p.signal()
	return nil
}

func (p *poller) pause() {
	if p.paused == nil {
		p.paused = make(chan struct{})
	}
}

func (p *poller) resume() {
	if p.paused != nil {
		close(p.paused)
		p.paused = nil
	}
}

// end answers the waiting GET with a last packet, lets the POST go and the probe.
func (p *poller) end(last wire.Type) {
	if n := len(p.out); n == 0 || p.out[n-1].Data[0] != byte(wire.Close) {
		p.out = append(p.out, transport.Message{Data: []byte{byte(last)}})
	}
	p.resume()
	if p.probe != nil {
		p.probe.Close(1000, "")
	}
	close(p.done)
}

// payload takes what is to be answered with.
func (p *poller) payload() []byte {
	b := make([]byte, 0, p.bytes+len(p.out))
	for _, m := range p.out {
		b = wire.AppendPart(b, m.Binary, m.Data)
	}
	p.out, p.bytes = nil, 0
	return b
}

// probing is how long a GET that comes while a WebSocket is being tried waits for the upgrade.
const probing = 100 * time.Millisecond
