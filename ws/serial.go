package ws

import (
	"bytes"
	"sync"
)

// What Serial keeps for one connection: as soon as either is reached the connection is paused, so that
// the peer waits by TCP.
const (
	serialMessages = 32
	serialBytes    = 64 << 10 // beside the message that reaches it
)

// Serial returns a Handler for one connection whose Message and Closed may block, in either mode: h is
// called by a goroutine that lives while there are messages. They come one at a time and in order, and
// Closed after the last. data belongs to h.
//
// At most 32 messages, or the one with which they reach 64 KiB, wait for h; then the connection is
// paused until half of them are done. So h is not to Pause it. A Drain method of h is called as if there
// were no Serial, and must not block.
//
//	c.Start(ws.Serial(h))
func Serial(h Handler) Handler {
	s := &serial{handler: h}
	if d, ok := h.(Drainer); ok {
		return &serialDrainer{s, d}
	}
	return s
}

// serial stands between a connection and a handler that blocks.
type serial struct {
	handler Handler // immutable

	mu sync.Mutex
	// guarded by mu
	queue   []received // len(queue) ≤ serialMessages
	bytes   int        // in queue
	running bool       // the goroutine lives
	paused  bool
	closed  error // to be told after the queue; nil: not yet
}

type serialDrainer struct {
	*serial
	Drainer
}

type received struct {
	typ    MessageType
	data   []byte
	closed error // if not nil, it is no message but the end
}

// Message is the connection's.
func (s *serial) Message(c *Conn, typ MessageType, data []byte) {
	own := bytes.Clone(data)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue = append(s.queue, received{typ: typ, data: own})
	s.bytes += len(own)
	if len(s.queue) >= serialMessages || s.bytes >= serialBytes {
		s.paused = true
		c.Pause()
	}
	s.start(c)
}

// Closed is the connection's.
func (s *serial) Closed(c *Conn, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = err
	s.start(c)
}

// start sees to it that the goroutine lives. mu is held.
func (s *serial) start(c *Conn) {
	if !s.running {
		s.running = true
		go s.run(c)
	}
}

// run calls the handler until there is nothing to say.
func (s *serial) run(c *Conn) {
	returned := false
	defer func() {
		if !returned {
			v := recover()
			c.panicked(v) // from now on nothing is delivered
			s.drop()
			go s.run(c) // for Closed; this one may be ending by runtime.Goexit
		}
	}()
	for {
		m, ok := s.next(c)
		switch {
		case !ok:
			returned = true
			return
		case m.closed != nil:
			s.handler.Closed(c, m.closed)
		default:
			s.handler.Message(c, m.typ, m.data)
		}
	}
}

// next takes what is to be said next. ok is false if there is nothing; then the goroutine ends.
func (s *serial) next(c *Conn) (m received, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case len(s.queue) > 0:
		m = s.queue[0]
		s.queue = append(s.queue[:0], s.queue[1:]...)
		s.bytes -= len(m.data)
		if s.paused && len(s.queue) <= serialMessages/2 && s.bytes <= serialBytes/2 {
			s.paused = false
			c.Resume()
		}
		return m, true
	case s.closed != nil:
		m.closed, s.closed = s.closed, nil
		return m, true
	}
	s.queue, s.running = nil, false
	return received{}, false
}

// drop forgets what waits: the handler has panicked.
func (s *serial) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queue, s.bytes = nil, 0
}
