package memnet

import (
	"io"
	"net"
	"os"
	"sync"
	"time"
)

// stream is one direction of a connection: a bounded queue of bytes.
type stream struct {
	mu   sync.Mutex
	cond sync.Cond // broadcast at every change; on mu

	// guarded by mu
	buf      []byte // len(buf) ≤ size
	size     int
	ended    bool  // the writer has closed: EOF after buf
	broken   error // what writers get since the reader has gone
	cut      error // what readers get at once, whatever is in buf
	readers  deadline
	writers  deadline
	writeOff bool // the writing end was closed by its own side
}

func newStream(size int) *stream {
	s := &stream{size: size}
	s.cond.L = &s.mu
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.cut != nil:
			return 0, s.cut
		case s.readers.passed:
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case len(s.buf) > 0:
			n := copy(p, s.buf)
			s.buf = append(s.buf[:0], s.buf[n:]...)
			s.cond.Broadcast()
			return n, nil
		case s.ended:
			return 0, io.EOF
		}
		s.cond.Wait()
	}
}

func (s *stream) write(p []byte) (n int, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.writeOff:
			return n, net.ErrClosed
		case s.broken != nil:
			return n, s.broken
		case s.ended:
			return n, errPipe
		case s.writers.passed:
			return n, os.ErrDeadlineExceeded
		}
		k := min(len(p), s.size-len(s.buf))
		s.buf = append(s.buf, p[:k]...)
		p, n = p[k:], n+k
		if k > 0 {
			s.cond.Broadcast()
		}
		if len(p) == 0 {
			return n, nil
		}
		s.cond.Wait()
	}
}

func (s *stream) closeWrite() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.cond.Broadcast()
}

// abandon makes the writing end's own further writes fail as on a closed socket.
func (s *stream) abandon() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writeOff = true
	s.writers.stop()
	s.cond.Broadcast()
}

// closeRead is the reading end's close: its own reads fail, and the writer's writes with why.
func (s *stream) closeRead(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers.stop()
	s.buf = nil
	if s.cut == nil {
		s.cut = net.ErrClosed
	}
	if s.broken == nil {
		s.broken = why
	}
	s.cond.Broadcast()
}

func (s *stream) reset(why error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf = nil
	if s.cut == nil {
		s.cut = why
	}
	if s.broken == nil {
		s.broken = why
	}
	s.cond.Broadcast()
}

// deadline is one side's time limit on a stream, guarded by the stream's mu.
type deadline struct {
	timer  *time.Timer
	passed bool
	round  int // set calls, so that a timer of an earlier one does nothing
}

func (d *deadline) set(s *stream, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.stop()
	d.round++
	d.passed = false
	if t.IsZero() {
		return
	}
	wait := time.Until(t)
	if wait <= 0 {
		d.passed = true
		s.cond.Broadcast()
		return
	}
	round := d.round
	d.timer = time.AfterFunc(wait, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if d.round == round {
			d.passed = true
			s.cond.Broadcast()
		}
	})
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}
