package ws

import (
	"io"
	"os"
	"slices"

	"golang.org/x/sys/unix"
)

// seat is a connection's place in a loop. All but fd belongs to the loop's goroutine, which alone uses
// and closes the descriptor.
type seat struct {
	conn *Conn // immutable: the one whose seat it is
	loop *loop // immutable

	fd     int32 // guarded by end.mu while nobody uses it; negative: closed
	id     int32
	phase  phase
	ready  bool // there may be bytes to receive
	hungUp bool // the peer has ended its direction: receive until that is seen
	left   bool // our close frame has left
	pinged bool // pingBy is when the pong is due, not the next ping
	heard  bool // bytes have come since the ping

	unsent *buffer // what the socket did not take, its last out.taken bytes; nil: nothing

	// deadlines; zero: none
	closeBy, writeBy, pingBy tick
	spoke                    spoke // in the loop's wheel, at the earliest of them or earlier
}

// phase is how far a seat's life has come.
type phase byte

const (
	phaseNew     phase = iota // the loop has not seen it
	phaseOpen                 // it is read, and what it says is delivered
	phaseParting              // it is over from the reading side, and our close frame is on its way
	phaseLinger               // our close frame has left; the peer's end of the connection is awaited
	phaseGone                 // the descriptor is closed
)

// summon has the loop visit the seat.
func (s *seat) summon() { s.loop.add(s.conn) }

// inLoop returns the loop that the connection sits in, or nil.
func (c *Conn) inLoop() flusher {
	if c.flags.Load()&looped == 0 {
		return nil
	}
	return c.seat.loop
}

// visit is the loop's answer to add.
func (s *seat) visit() {
	switch s.phase {
	case phaseNew:
		s.sit()
	case phaseGone:
		return
	}
	s.tend()
}

// sit takes the seat.
func (s *seat) sit() {
	s.phase = phaseOpen
	var generation int32
	s.id, generation = s.loop.seats.add(s)
	if err := s.loop.epoll.add(int(s.fd), s.id, generation); err != nil {
		s.conn.lost(err)
		return
	}
	s.ready = s.conn.in.intake != nil && len(s.conn.in.rest) > 0
	if every := s.conn.o.PingInterval; every > 0 {
		s.pingBy = s.loop.in(every)
		s.rearm()
	}
}

// hear is told what epoll says.
func (s *seat) hear(events uint32) {
	over := events&(unix.EPOLLRDHUP|unix.EPOLLHUP|unix.EPOLLERR) != 0
	if over || events&unix.EPOLLIN != 0 {
		s.ready = true
		s.hungUp = s.hungUp || over
	}
	if s.unsent != nil && (over || events&unix.EPOLLOUT != 0) {
		s.pushRest()
	}
	if s.ready && s.read() > settleNow {
		s.settle()
	} else {
		s.loop.heard = append(s.loop.heard, s)
	}
}

// settleNow is how many bytes make it worth sending the answer while it is in the cache, rather than
// after the others have been received.
const settleNow = 8 << 10

// tend does all that can be done for the connection now.
func (s *seat) tend() {
	if s.ready {
		s.read()
	}
	s.settle()
}

// settle does what is left to do after reading.
func (s *seat) settle() {
	c := s.conn
	f := c.flags.Load()
	if f&due != 0 {
		s.flush()
		f = c.flags.Load()
	}
	switch {
	case f&ended != 0:
		s.leave()
		return
	case f&over != 0 && s.closeBy == 0:
		s.closeBy = s.loop.in(c.o.CloseTimeout)
		s.rearm()
	}
	if s.ready && !s.held() {
		s.loop.add(c) // after the others
	}
}

// held reports whether nothing is to be read now.
func (s *seat) held() bool {
	return s.phase == phaseParting || s.phase == phaseOpen && s.conn.flags.Load()&paused != 0
}

// read receives once, delivers what is whole, and returns how much has come. What handlers send
// meanwhile leaves in one write when the seat is settled.
func (s *seat) read() (n int) {
	c := s.conn
	if s.held() || c.flags.Load()&ended != 0 {
		return 0
	}
	fresh := c.in.intake == nil || len(c.in.rest) == 0
	var b []byte
	if fresh {
		if b = s.receive(); len(b) == 0 || s.phase == phaseLinger {
			return 0
		}
	}
	s.borrow()
	if fresh {
		c.in.rest = b
	}
	c.flags.Or(corked)
	err := c.consume()
	c.flags.And(^uint32(corked))
	s.keep(fresh)
	if err != nil {
		s.part(err)
	}
	return len(b)
}

// borrow lends the connection the loop's intake, unless it is in the middle of something.
func (s *seat) borrow() {
	c, lent := s.conn, &s.loop.intake
	switch c.in.intake {
	case nil:
		p := &lent.parser
		p.side, p.max, p.inflate = c.side, c.o.MaxMessage, c.in.inflate // all else is as an idle one has it
		c.in.intake = lent
	case lent: // a handler has left in the middle, by runtime.Goexit
		*lent = *c.newIntake()
	}
}

// receive takes what is there, at most a buffer full, or what is missing of a large payload. It returns nothing if there is nothing or the
// connection is lost.
func (s *seat) receive() []byte {
	buf := s.loop.buf[:]
	if in := s.conn.in.intake; in != nil {
		if room := in.parser.room(); room != nil {
			buf = room
		}
	}
	n, err := receiveNow(uintptr(s.fd), buf)
	switch {
	case err == unix.EAGAIN:
		s.ready = false
		return nil
	case err != nil:
		s.conn.lost(os.NewSyscallError("read", err))
		return nil
	case n == 0:
		s.conn.lost(io.EOF)
		return nil
	}
	s.heard = true
	s.ready = n == len(buf) || s.hungUp // less than asked for: the next byte is told
	return buf[:n]
}

// keep takes what is unfinished out of what is the loop's: its intake, and its buffer when a pause has
// left something in it.
func (s *seat) keep(fresh bool) {
	in, lent := &s.conn.in, &s.loop.intake
	if in.intake.idle() {
		lent.rest = nil
		in.intake = nil
		return
	}
	if in.intake == lent {
		in.intake = &intake{parser: lent.parser, rest: lent.rest}
		*lent = intake{}
	}
	switch {
	case len(in.rest) == 0:
		in.rest = nil
	case fresh:
		in.rest = slices.Clone(in.rest)
		s.ready = true
	}
}

// forget gives up what has come and was not delivered.
func (s *seat) forget() {
	if in := s.conn.in.intake; in != nil {
		in.parser.discard()
		s.conn.in.intake = nil
	}
}

// part ends the connection from the reading side: Conn.part, without waiting.
func (s *seat) part(err error) {
	s.conn.parting(err)
	s.forget()
	s.phase = phaseParting
	if s.left {
		s.linger()
	}
}

// linger lets the close frame arrive: Conn.linger, without waiting.
func (s *seat) linger() {
	s.phase = phaseLinger
	if s.conn.side == Server && endNow(int(s.fd)) != nil {
		s.conn.fail(ErrClosed)
		return
	}
	by := s.loop.in(min(lingerTime, s.conn.o.CloseTimeout))
	if s.closeBy == 0 || by < s.closeBy {
		s.closeBy = by
	}
	s.rearm()
	s.ready = true
}

// flush is Conn.flush: the loop always has the turn.
func (s *seat) flush() {
	if s.unsent != nil {
		return // the flags stay, and it comes again when that has left
	}
	c := s.conn
	c.flags.And(^uint32(dirty))
	if !s.push(c.out.take()) {
		return
	}
	if c.flags.And(^uint32(woken))&woken != 0 {
		c.drain()
		if s.push(c.out.take()) && c.flags.Load()&woken != 0 {
			s.loop.add(c)
		}
	}
}

// push is Conn.push: what the socket does not take waits here.
func (s *seat) push(b *buffer) bool {
	if b == nil {
		return true
	}
	s.unsent = b
	return s.pushRest()
}

func (s *seat) pushRest() bool {
	c := s.conn
	b := s.unsent.b[len(s.unsent.b)-c.out.taken:] // taken is changed by this goroutine only
	n, err := sendNow(uintptr(s.fd), b)
	if err != nil && err != unix.EAGAIN {
		c.lost(os.NewSyscallError("write", err))
	}
	left := c.out.wrote(n)
	if err == nil && n == len(b) {
		s.unsent.free()
		s.unsent, s.writeBy = nil, 0
		if left {
			s.hasLeft()
		}
		return true
	}
	if n > 0 || s.writeBy == 0 {
		s.writeBy = s.loop.in(c.o.WriteTimeout)
		s.rearm()
	}
	return false
}

func (s *seat) hasLeft() {
	s.left = true
	if s.phase == phaseParting {
		s.linger()
	}
}

// rearm sees to it that the wheel calls in time.
func (s *seat) rearm() {
	var first tick
	for _, t := range [...]tick{s.closeBy, s.writeBy, s.pingBy} {
		if t != 0 && (first == 0 || t < first) {
			first = t
		}
	}
	if first != 0 && (s.spoke.at == 0 || first < s.spoke.at) {
		s.loop.wheel.set(s, first)
	}
}

// late is told that a deadline may have come.
func (s *seat) late() {
	if s.phase == phaseGone {
		return
	}
	c, now := s.conn, s.loop.now
	passed := func(t tick) bool { return t != 0 && t <= now }
	switch {
	case passed(s.closeBy):
		c.fail(&TimeoutError{Op: "close", After: c.o.CloseTimeout}) // after linger, the reason is there already
	case passed(s.writeBy):
		c.fail(&TimeoutError{Op: "write", After: c.o.WriteTimeout})
	case passed(s.pingBy):
		s.ping()
	}
	s.rearm()
	s.tend()
}

// ping is Conn.judge, by the wheel.
func (s *seat) ping() {
	c := s.conn
	if s.pinged {
		if !s.heard && !s.ready && !s.held() {
			c.fail(&TimeoutError{Op: "pong", After: c.o.PongTimeout})
			return
		}
		s.pinged = false
		if wait := c.o.PingInterval - c.o.PongTimeout; wait > 0 {
			s.pingBy = s.loop.in(wait)
			return
		}
	}
	if !c.out.control(opPing, nil) {
		s.pingBy = 0 // closing, which has its own timeout
		return
	}
	s.pinged, s.heard = true, false
	s.pingBy = s.loop.in(c.o.PongTimeout)
	c.schedule(0)
}

// leave gives the seat up and everything back, and says so.
func (s *seat) leave() {
	c := s.conn
	s.phase = phaseGone
	s.loop.wheel.remove(s)
	s.loop.seats.remove(s.id)
	s.close()
	s.unsent.free()
	s.unsent = nil
	s.forget()
	c.flags.Or(dirty) // so that nobody asks for a visit any more
	c.closed()
}

// sitDown moves the connection into a loop: its descriptor leaves the net package for good. It reports
// false where that cannot be: then the connection is served by a goroutine.
func (c *Conn) sitDown() bool {
	w := c.stream.Load()
	if c.o.Mode == ModeGoroutine || w != nil && (w.sock == nil || !w.reading.try()) {
		return false
	}
	if w != nil {
		defer w.reading.give()
		if !w.writing.try() {
			return false
		}
		defer w.writing.give()
	}
	l := nextLoop()
	if l == nil {
		return false
	}
	c.end.mu.Lock()
	defer c.end.mu.Unlock()
	if c.flags.Load()&ended != 0 {
		return false
	}
	fd := int(c.seat.fd)
	if w != nil {
		var err error
		if fd, err = w.leaveNet(); err != nil {
			return false
		}
		c.stream.Store(nil)
	}
	c.seat = seat{conn: c, loop: l, fd: int32(fd)}
	if in := c.in.intake; in != nil && in.idle() {
		c.in.intake = nil
	}
	c.flags.And(^uint32(bare))
	c.flags.Or(looped)
	return true
}

// leaveNet takes a plain socket out of the net package and stops what served it. end.mu is held, and
// both turns.
func (w *stream) leaveNet() (fd int, err error) {
	if fd, err = duplicate(w.sock.raw); err != nil {
		return -1, err
	}
	_ = w.net.Close()
	w.keep.stop()
	return fd, nil
}
