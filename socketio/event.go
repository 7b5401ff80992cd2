package socketio

import (
	"sync/atomic"

	wire "github.com/vechehq/veche/wire/socketio"
)

// Event is one event of a client.
type Event struct {
	Name string
	Args Args

	socket *Socket
	id     uint64
	asked  bool
	acked  atomic.Bool
	back   func(Args) // takes the answer, if it is for another node
}

// Socket returns who sent the event, nil if another node did.
func (e *Event) Socket() *Socket { return e.socket }

// Asked reports whether the client wants an answer.
func (e *Event) Asked() bool { return e.asked }

// Ack answers the event, if the client wants that. Only the first answer counts.
func (e *Event) Ack(args ...any) error {
	if !e.asked || e.acked.Swap(true) {
		return nil
	}
	data, attachments, err := appendArgs(args)
	if err != nil {
		return err
	}
	if e.back != nil {
		e.back(Args{wire.Elements(data), attachments})
		return nil
	}
	p := e.answer(data)
	p.Attachments = attachments
	e.socket.client.push(encode(p), false)
	return nil
}

// Say is Ack at once. It is for a Source in its Drain only.
func (e *Event) Say(args ...any) error {
	if !e.asked || e.acked.Swap(true) {
		return nil
	}
	data, attachments, err := appendArgs(args)
	if err != nil {
		return err
	}
	p := e.answer(data)
	p.Attachments = attachments
	return e.socket.client.say(encode(p))
}

// answer makes the packet that answers the event.
func (e *Event) answer(data []byte) *wire.Packet {
	p := e.socket.namespace.packet(wire.Ack)
	p.ID, p.HasID, p.Data = e.id, true, data
	return &p
}

// receive takes an event of the client.
func (s *Socket) receive(p *wire.Packet) {
	elements := wire.Elements(p.Data)
	name, _ := wire.EventName(elements[0]) // the decoder has looked
	e := &Event{Name: name, Args: Args{elements[1:], p.Attachments}, socket: s, id: p.ID, asked: p.HasID}
	if s.source != nil && s.source.Take(e) {
		return
	}
	s.queue(func() { s.dispatch(e) })
}

// queue has f called after what waits. The client is not read while too much does.
func (s *Socket) queue(f func()) {
	s.mu.Lock()
	s.tasks = append(s.tasks, f)
	start := !s.running
	s.running = true
	pause := len(s.tasks) >= maxTasks && !s.paused
	if pause {
		s.paused = true
	}
	s.mu.Unlock()
	if pause {
		s.client.conn.Pause()
	}
	if start {
		s.start()
	}
}

// start begins the goroutine that works on tasks.
func (s *Socket) start() {
	if !s.namespace.server.spawn(s.work) {
		s.work() // the server closes: the last words are heard here
	}
}

// work calls what waits, until nothing does.
func (s *Socket) work() {
	for {
		s.mu.Lock()
		tasks := s.tasks
		s.tasks = nil
		resume := s.paused
		s.paused = false
		if len(tasks) == 0 {
			s.running = false
		}
		s.mu.Unlock()
		if resume {
			s.client.conn.Resume()
		}
		if len(tasks) == 0 {
			return
		}
		for _, f := range tasks {
			s.safely(f)
		}
	}
}

// safely keeps a handler's panic from ending the program: it ends its client's connection.
func (s *Socket) safely(f func()) {
	defer func() {
		if v := recover(); v != nil {
			s.namespace.server.options.Log.Error("socket.io: a handler has panicked", "namespace", s.namespace.name, "panic", v)
			s.client.conn.Close(closeInternal, "")
		}
	}()
	f()
}

const closeInternal = 1011

// dispatch asks the socket's middleware and calls the handlers of an event.
func (s *Socket) dispatch(e *Event) {
	s.mu.Lock()
	use, all, handlers := s.few().use, s.few().any, s.handlers
	s.mu.Unlock()
	for _, f := range use {
		if err := f(e); err != nil {
			s.fail(err)
			return
		}
	}
	for _, f := range all {
		f(e.Name, e.Args)
	}
	for _, h := range handlers {
		if h.event != e.Name {
			continue
		}
		if err := h.run(s, e.Args, e); err != nil {
			s.fail(err)
		}
	}
}

// fail tells the handlers of "error".
func (s *Socket) fail(err error) {
	s.mu.Lock()
	handlers := s.handlers
	s.mu.Unlock()
	s.namespace.server.options.Log.Debug("socket.io: an event is refused", "err", err)
	s.tell(handlers, "error", Args{elements: [][]byte{appendString(nil, err.Error())}})
}
