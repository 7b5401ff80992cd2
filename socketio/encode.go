package socketio

import (
	"sync"

	"github.com/vechehq/veche/transport"
	"github.com/vechehq/veche/transport/engineio"
	wire "github.com/vechehq/veche/wire/socketio"
)

// form is how a client's packets are spelled.
type form uint8

const (
	textForm form = iota
	msgPackForm
	numForms
	unknownForm = numForms // the client has said nothing yet
)

// encoded is a packet on its way to clients: each form is made when the first client needs it, for all of them.
type encoded struct {
	packet *wire.Packet
	size   int // what it counts for in a buffer, in bytes
	once   [numForms]sync.Once
	frames [numForms][]*transport.Frame
}

// overhead is what a packet counts for in a buffer beside its data.
const overhead = 64

func encode(p *wire.Packet) *encoded {
	e := &encoded{packet: p, size: overhead + len(p.Data)}
	for _, a := range p.Attachments {
		e.size += overhead + len(a)
	}
	return e
}

// in returns the packet's messages in a form.
func (e *encoded) in(f form) []*transport.Frame {
	e.once[f].Do(func() {
		if f == msgPackForm {
			e.frames[f] = []*transport.Frame{engineio.Shared(transport.Message{Binary: true, Data: e.packet.AppendMsgPack(nil)})}
			return
		}
		frames := make([]*transport.Frame, 0, 1+len(e.packet.Attachments))
		frames = append(frames, engineio.Shared(transport.Message{Data: e.packet.AppendText(make([]byte, 0, len(e.packet.Data)+32))}))
		for _, a := range e.packet.Attachments {
			frames = append(frames, engineio.Shared(transport.Message{Binary: true, Data: a}))
		}
		e.frames[f] = frames
	})
	return e.frames[f]
}

// Prepared is an event that is encoded once for many sockets of one namespace.
type Prepared encoded

// Prepare makes an event ready, for sockets of the namespace of that name.
func Prepare(namespace, event string, args ...any) (*Prepared, error) {
	p, err := newEvent(namespace, event, args)
	if err != nil {
		return nil, err
	}
	return (*Prepared)(encode(p)), nil
}
