package socketio

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"sync"
	"time"

	wire "github.com/vechehq/veche/wire/socketio"
)

// Nodes that share a Link know each other by greetings, so that who asks them knows for whose answers to wait.
const (
	greeting   = 5 * time.Second  // between two
	forgetting = 12 * time.Second // without one
	answering  = 5 * time.Second  // for answers, if the caller says nothing else
)

// maxQuestions is how many questions to other nodes wait for answers at a time.
const maxQuestions = 4096

// ErrNodes is what a call that concerns all nodes says when not all have answered in time; what came is returned.
var ErrNodes = errors.New("socketio: some nodes have not answered")

// nodes are the other servers of the application. There are none without a Link.
type nodes struct {
	io   *Server // immutable
	self string  // immutable: this one's name among them

	mu        sync.Mutex // guards what follows
	seen      map[string]time.Time
	questions map[uint64]*question
	last      uint64
	timer     *time.Timer // the next greeting; nil when closed
}

// question waits for the answers of other nodes.
type question struct {
	missing map[string]struct{}
	short   bool // a node has answered for a part of those it asked
	answers []order
	done    chan struct{} // closed when nothing is missing
}

func newNodes(io *Server) *nodes {
	return &nodes{io: io, self: rand.Text(), seen: make(map[string]time.Time), questions: make(map[uint64]*question)}
}

// open begins to greet.
func (ns *nodes) open() {
	ns.mu.Lock()
	ns.timer = time.AfterFunc(greeting, ns.greet)
	ns.mu.Unlock()
	ns.io.publish(order{Do: "hello", Ask: true})
}

// close says goodbye.
func (ns *nodes) close() {
	ns.mu.Lock()
	open := ns.timer != nil
	if open {
		ns.timer.Stop()
		ns.timer = nil
	}
	ns.mu.Unlock()
	if open {
		ns.io.publish(order{Do: "bye"})
	}
}

// greet is the timer's.
func (ns *nodes) greet() {
	ns.mu.Lock()
	for node, at := range ns.seen {
		if time.Since(at) > forgetting {
			ns.forget(node)
		}
	}
	open := ns.timer != nil
	if open {
		ns.timer.Reset(greeting)
	}
	ns.mu.Unlock()
	if open {
		ns.io.publish(order{Do: "hello"})
	}
}

// forget waits for a node no more. mu is held.
func (ns *nodes) forget(node string) {
	delete(ns.seen, node)
	for _, q := range ns.questions {
		q.settle(node)
	}
}

// settle waits for a node no more. nodes.mu is held.
func (q *question) settle(node string) {
	if _, missing := q.missing[node]; !missing {
		return
	}
	if delete(q.missing, node); len(q.missing) == 0 {
		close(q.done)
	}
}

// hear takes what is between nodes, and reports whether that was it.
func (ns *nodes) hear(o *order) bool {
	if o.Do == "hello" && o.Ask {
		ns.io.publish(order{Do: "hello"})
	}
	ns.mu.Lock()
	defer ns.mu.Unlock()
	switch o.Do {
	case "hello":
		ns.seen[o.Node] = time.Now()
	case "bye":
		ns.forget(o.Node)
	case "answer":
		if q := ns.questions[o.ID]; o.To == ns.self && q != nil {
			if _, missing := q.missing[o.Node]; missing {
				q.answers = append(q.answers, *o)
				q.short = q.short || o.Short
				q.settle(o.Node)
			}
		}
	default:
		return false
	}
	return true
}

// ask asks the other nodes for what b chooses there. The returned function waits for the answers until ctx ends.
func (b *Broadcast) ask(ctx context.Context, o order) (answers func() ([]order, error)) {
	ns := b.namespace.server.nodes
	if ns == nil || b.local {
		return func() ([]order, error) { return nil, nil }
	}
	q := &question{missing: make(map[string]struct{}), done: make(chan struct{})}
	ns.mu.Lock()
	full := len(ns.questions) >= maxQuestions
	for node := range ns.seen {
		q.missing[node] = struct{}{}
	}
	if full || len(q.missing) == 0 {
		ns.mu.Unlock()
		return func() ([]order, error) {
			if full {
				return nil, ErrNodes
			}
			return nil, nil
		}
	}
	ns.last++
	id := ns.last
	ns.questions[id] = q
	ns.mu.Unlock()
	o.ID, o.Wait = id, answering
	if until, ok := ctx.Deadline(); ok {
		o.Wait = time.Until(until)
	}
	b.tell(o)
	return func() ([]order, error) { return ns.await(ctx, id, q) }
}

func (ns *nodes) await(ctx context.Context, id uint64, q *question) ([]order, error) {
	select {
	case <-q.done:
	case <-ctx.Done():
	}
	ns.mu.Lock()
	defer ns.mu.Unlock()
	delete(ns.questions, id)
	if len(q.missing) > 0 || q.short {
		return q.answers, ErrNodes
	}
	return q.answers, nil
}

// limited gives a context that has no deadline one.
func limited(ctx context.Context) (context.Context, context.CancelFunc) {
	if _, ok := ctx.Deadline(); ok {
		return context.WithCancel(ctx)
	}
	return context.WithTimeout(ctx, answering)
}

// reply answers another node's question. b is nil if this node does not know the namespace.
func (io *Server) reply(o *order, b *Broadcast) {
	answer := order{Do: "answer", To: o.Node, ID: o.ID}
	ctx, cancel := context.WithTimeout(context.Background(), min(o.Wait, time.Minute))
	defer cancel()
	switch {
	case b == nil:
	case o.Do == "fetch":
		for _, s := range b.sockets() {
			answer.Sockets = append(answer.Sockets, *s.remote())
		}
	case o.Do == "server question":
		answer.add(b.namespace.answers(ctx, o))
	default:
		p := &wire.Packet{Type: wire.Event, Namespace: b.namespace.name, Data: o.Data, Attachments: o.Attachments}
		answer.add(b.pushWithAck(ctx, p))
	}
	io.publish(answer)
}

// add adds answers to an order that takes them to another node. With an error some are missing.
func (o *order) add(all []Args, err error) {
	o.Short = err != nil
	for _, a := range all {
		if data, attachments, err := appendArgs([]any{a}); err == nil {
			o.Answers = append(o.Answers, reply{data, attachments})
		}
	}
}

// reply is a client's answer on its way between nodes.
type reply struct {
	Data        json.RawMessage
	Attachments [][]byte `json:",omitempty"`
}

// RemoteSocket is a socket of any node.
type RemoteSocket struct {
	ID      string
	Rooms   []string        // its own among them
	Data    json.RawMessage `json:",omitempty"` // Socket.Data as it was saved: by Socket.Save, or when it had connected
	Address string          // the client's, host:port

	namespace *Namespace
}

func (s *Socket) remote() *RemoteSocket {
	r := &RemoteSocket{ID: s.id, Rooms: s.Rooms(), Address: s.client.visit.handshake().Address, namespace: s.namespace}
	s.mu.Lock()
	defer s.mu.Unlock()
	r.Data = s.few().data
	return r
}

// Emit sends an event to the socket.
func (r *RemoteSocket) Emit(event string, args ...any) error {
	return r.namespace.To(r.ID).Emit(event, args...)
}

// EmitWithAck sends an event to the socket and waits for the client's answer, until ctx ends, as Broadcast.EmitWithAck.
func (r *RemoteSocket) EmitWithAck(ctx context.Context, event string, args ...any) (Args, error) {
	answers, err := r.namespace.To(r.ID).EmitWithAck(ctx, event, args...)
	switch {
	case err != nil:
		return Args{}, err
	case len(answers) == 0:
		return Args{}, ErrClosed
	}
	return answers[0], nil
}

// Join puts the socket into rooms.
func (r *RemoteSocket) Join(rooms ...string) { r.namespace.In(r.ID).SocketsJoin(rooms...) }

// Leave takes the socket out of rooms.
func (r *RemoteSocket) Leave(rooms ...string) { r.namespace.In(r.ID).SocketsLeave(rooms...) }

// Disconnect disconnects the socket; with close its connection too.
func (r *RemoteSocket) Disconnect(close bool) { r.namespace.In(r.ID).DisconnectSockets(close) }

// FetchSockets returns the sockets of all nodes. It waits for the other nodes until ctx ends, for 5 s if that has no deadline; with ErrNodes
// some are missing.
func (b *Broadcast) FetchSockets(ctx context.Context) ([]*RemoteSocket, error) {
	ctx, cancel := limited(ctx)
	defer cancel()
	wait := b.ask(ctx, order{Do: "fetch"})
	var all []*RemoteSocket
	for _, s := range b.sockets() {
		all = append(all, s.remote())
	}
	answers, err := wait()
	for _, o := range answers {
		for i := range o.Sockets {
			o.Sockets[i].namespace = b.namespace
			all = append(all, &o.Sockets[i])
		}
	}
	return all, err
}

// EmitWithAck sends an event to the sockets of all nodes and waits until each has answered it, or ctx ends, which takes 5 s at
// most where there are other nodes and ctx has no deadline. It returns the answers that came; with an error some are missing.
func (b *Broadcast) EmitWithAck(ctx context.Context, event string, args ...any) ([]Args, error) {
	p, err := b.namespace.event(event, args)
	if err != nil {
		return nil, err
	}
	if b.namespace.server.nodes != nil && !b.local {
		var cancel context.CancelFunc
		ctx, cancel = limited(ctx)
		defer cancel()
	}
	wait := b.ask(ctx, order{Do: "question", Data: p.Data, Attachments: p.Attachments})
	answers, err := b.pushWithAck(ctx, p)
	others, err2 := wait()
	for _, o := range others {
		for _, r := range o.Answers {
			answers = append(answers, Args{wire.Elements(r.Data), r.Attachments})
		}
	}
	if err == nil {
		err = err2
	}
	return answers, err
}
