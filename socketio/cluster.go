package socketio

import (
	"encoding/json"
	"slices"
	"time"

	"github.com/vechehq/veche/transport/engineio"
	wire "github.com/vechehq/veche/wire/socketio"
)

// Link carries messages between the nodes of one application. It may lose some: what must not be lost is for rooms that last.
type Link = engineio.Link

// The first byte of a message on the link says whose it is.
const (
	forEngine byte = 'e'
	forRooms  byte = 's'
)

// tagged is one user's part of a Link.
type tagged struct {
	link Link
	tag  byte
}

func (t tagged) Publish(data []byte) { t.link.Publish(append([]byte{t.tag}, data...)) }

func (t tagged) Subscribe(f func([]byte)) (cancel func()) {
	return t.link.Subscribe(func(data []byte) {
		if len(data) > 0 && data[0] == t.tag {
			f(data[1:])
		}
	})
}

// order is what a node asks the others to do for the sockets that they have.
type order struct {
	Do          string // "emit", "join", "leave", "disconnect", "superseded", "grown", "server"; "fetch", "question", "server question", "answer"; "hello", "bye"
	Node        string // who says it
	Namespace   string
	Rooms       []string        `json:",omitempty"`
	Except      []string        `json:",omitempty"`
	Volatile    bool            `json:",omitempty"`
	Close       bool            `json:",omitempty"`
	Ask         bool            `json:",omitempty"` // of "hello": the others are to say it too
	To          string          `json:",omitempty"` // whom an answer is for
	ID          uint64          `json:",omitempty"` // of a question and its answers
	Wait        time.Duration   `json:",omitempty"` // for clients to answer a question
	Sockets     []RemoteSocket  `json:",omitempty"` // what was fetched
	Answers     []reply         `json:",omitempty"` // of clients
	Short       bool            `json:",omitempty"` // some of them are missing: time was over
	Number      uint64          `json:",omitempty"` // of the last record of the namespace's journal
	Names       []string        `json:",omitempty"` // rooms to join or leave; the event of "server"
	Data        json.RawMessage `json:",omitempty"` // an event's
	Attachments [][]byte        `json:",omitempty"`
}

// tell asks the other nodes, if there are any and b is not local.
func (b *Broadcast) tell(o order) {
	io := b.namespace.server
	if io.link == nil || b.local {
		return
	}
	o.Namespace, o.Rooms, o.Except, o.Volatile = b.namespace.name, b.rooms, b.except, b.volatile
	if b.self != nil { // who is excepted here is nowhere else
		o.Except = slices.DeleteFunc(slices.Clone(o.Except), func(room string) bool { return room == b.self.id })
	}
	io.publish(o)
}

// publish sends an order to the other nodes.
func (io *Server) publish(o order) {
	o.Node = io.nodes.self
	data, err := json.Marshal(o)
	if err != nil {
		io.options.Log.Error("socket.io: other nodes cannot be told", "err", err)
		return
	}
	io.link.Publish(data)
}

// hear does what another node asks.
func (io *Server) hear(data []byte) {
	var o order
	if err := json.Unmarshal(data, &o); err != nil || io.nodes.hear(&o) {
		return
	}
	io.mu.Lock()
	n := io.namespaces[o.Namespace]
	io.mu.Unlock()
	if n == nil {
		if o.Do == "fetch" || o.Do == "question" || o.Do == "server question" {
			io.reply(&o, nil)
		}
		return
	}
	b := &Broadcast{namespace: n, rooms: o.Rooms, except: o.Except, volatile: o.Volatile, local: true}
	switch o.Do {
	case "emit":
		if h := n.kept(); h != nil && !o.Volatile {
			_ = h.keep(&record{Rooms: o.Rooms, Except: o.Except, Data: o.Data, Attachments: o.Attachments}) // it was encoded once
			return
		}
		p := &wire.Packet{Type: wire.Event, Namespace: n.name, Data: o.Data, Attachments: o.Attachments}
		show(b.push(p), p, false)
	case "join":
		b.SocketsJoin(o.Names...)
	case "leave":
		b.SocketsLeave(o.Names...)
	case "disconnect":
		b.DisconnectSockets(o.Close)
	case "fetch", "question", "server question":
		io.spawn(func() { io.reply(&o, b) })
	case "superseded":
		supersede(b)
	case "grown":
		if h := n.kept(); h != nil {
			h.hear(o.Number)
		}
	case "server":
		io.spawn(func() { n.heard(&o, nil) })
	}
}
