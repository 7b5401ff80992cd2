package transport

import (
	"context"
	"errors"
	"net"
	"os"
	"slices"
	"sync"
	"time"
)

// Parked is a request that waits without its server: what is left of it is a connection, to be answered when
// there is an answer.
type Parked struct {
	Conn  net.Conn // of TCP: a deadline that has passed ends a read, and does no harm
	Early []byte   // what was read of it after the request
	// Reply writes an answer, the last one if the client is sent away. It sets deadlines as it needs.
	Reply func(a Answer, last bool) error
	// Idle is how long the client may take for its next request.
	Idle time.Duration
}

// seat is where a parked request waits for news of its poll, then is answered, and waits for the client's next
// request, with the first byte of which it leaves to the server. Nearly all of the time it is a goroutine in
// a read, which sees the client leave, and which whoever has news ends by a deadline: that stack stays as small as
// Go makes them, because what is to be done is done by another one.
//
// Lock order: whatever the hub holds → seat.mu.
type seat struct {
	Parked
	home  *LongPoll
	poll  *poll     // nil: it was answered
	until time.Time // when that is to be at the latest; or the next request
	first [1]byte   // that was read

	mu      sync.Mutex // guards what follows, and the read deadline
	sitting bool
	leaving bool // it is not to wait for another request
}

// past is a deadline that ends a read.
var past = time.Unix(1, 0)

// park gives a request that has the turn a seat, if it can be had.
func (p *poll) park(take func() *Parked, until time.Time) bool {
	if !p.home.returned.open() || !p.home.seats.begin() {
		return false
	}
	parked := take()
	if parked == nil {
		p.home.seats.end(nil)
		return false
	}
	s := &seat{Parked: *parked, home: p.home, poll: p, until: until}
	s.Conn, s.Early = unread(s.Conn, s.Early), nil
	p.home.parked.Add(1)
	p.seat.Store(s)
	if p.home.seats.opened(s) {
		s.leave()
	}
	s.sit()
	return true
}

// sit begins to wait. Whoever woke the poll before that has left a wish; whoever does it later finds the seat taken.
func (s *seat) sit() {
	s.mu.Lock()
	s.sitting = true
	by := s.until
	if s.poll == nil && s.leaving || s.poll != nil && len(s.poll.woken) > 0 {
		by = past
	}
	_ = s.Conn.SetReadDeadline(by)
	s.mu.Unlock()
	go s.read()
}

func (s *seat) read() {
	n, err := s.Conn.Read(s.first[:])
	go s.rise(n, err)
}

// wake ends the read. It may be called with any lock held.
func (s *seat) wake() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.sitting {
		_ = s.Conn.SetReadDeadline(past)
	}
}

// leave ends a wait for another request.
func (s *seat) leave() {
	s.mu.Lock()
	s.leaving = true
	s.mu.Unlock()
	s.wake()
}

// cut ends an answer that the client holds up.
func (s *seat) cut() { _ = s.Conn.Close() }

// rise does what the end of a read asks for.
func (s *seat) rise(n int, err error) {
	s.mu.Lock()
	s.sitting = false
	_ = s.Conn.SetReadDeadline(time.Time{})
	s.mu.Unlock()
	if s.poll != nil {
		s.answer(n, err)
		return
	}
	if n > 0 {
		s.home.returned.give(unread(s.Conn, s.first[:]))
	} else {
		_ = s.Conn.Close() // the client has left, or is to
	}
	s.home.seats.end(s)
}

// answer answers the poll if there is something to say, or the time has come. A client that says something before
// that, or something else, does not wait any more.
func (s *seat) answer(n int, err error) {
	p := s.poll
	if n > 0 {
		s.until = time.Now()
		s.Conn = unread(s.Conn, s.first[:])
	}
	end := left
	if n > 0 || errors.Is(err, os.ErrDeadlineExceeded) {
		end = p.attend(context.Background(), s.until, time.Now())
	}
	if end == waiting {
		s.sit()
		return
	}
	p.seat.Store(nil)
	s.home.parked.Add(-1)
	s.poll = nil
	answer, last := p.conclude(end), p.over()
	if answer == nil || s.Reply(answer, last) != nil || last {
		_ = s.Conn.Close()
		s.home.seats.end(s)
		return
	}
	s.Reply = nil
	s.until = time.Now().Add(s.Idle)
	s.sit()
}

// ahead is a connection of which some bytes were read already: they come first.
type ahead struct {
	net.Conn
	read []byte
}

// unread puts bytes back that were read of a connection.
func unread(c net.Conn, b []byte) net.Conn {
	if a, ok := c.(*ahead); ok {
		c, b = a.Conn, slices.Concat(b, a.read)
	}
	if len(b) == 0 {
		return c
	}
	return &ahead{c, slices.Clone(b)}
}

func (c *ahead) Read(p []byte) (int, error) {
	if len(c.read) == 0 {
		return c.Conn.Read(p)
	}
	n := copy(p, c.read)
	c.read = c.read[n:]
	return n, nil
}
