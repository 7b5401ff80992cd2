package transport

import (
	"context"
	"math/rand/v2"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/vechehq/veche/internal/tidy"
)

// SSE streams to clients as Server-Sent Events (WHATWG HTML, section 9.2), and knows the streams that
// live. Each message is an event of its own, which must be text in one line. It is safe for concurrent
// use.
type SSE struct {
	streams crew[*stream]
}

// NewSSE returns a transport. Close it.
func NewSSE() *SSE {
	t := new(SSE)
	t.streams.init()
	return t
}

const (
	// beatInterval is after how much silence a comment keeps a stream open.
	beatInterval = 15 * time.Second
	// writeTimeout is how long a client may take nothing before it is cut off.
	writeTimeout = 30 * time.Second
	// prelude is how many bytes a stream begins with, because some proxies wait for so many.
	prelude = 2 << 10
	// turnBuffer is how many bytes are gathered for one write.
	turnBuffer = 64 << 10
	// noRetry is what a client that is not to come back is told: there is no word for never.
	noRetry = time.Hour
)

// Serve answers a request with a stream, and returns at its end. open makes the pipe's session, and
// may refuse: then Serve returns its error, and the request is still to be answered.
//
// Headers that are already in w go out with the stream. The server's own deadlines do not cut it; a
// client that takes nothing for 30 seconds is.
func (t *SSE) Serve(w http.ResponseWriter, r *http.Request, open func(Guide) (Handler, error)) error {
	tidy.Count()
	s := &stream{w: w, control: http.NewResponseController(w), woken: make(chan struct{}, 1)}
	if !t.streams.begin() {
		return ErrClosing
	}
	handler, err := open(s)
	if err != nil {
		t.streams.end(nil)
		return err
	}
	if t.streams.opened(s) {
		s.Close(goingAwayCode, goingAway)
	}
	handler.Closed(s.run(r.Context(), handler))
	s.leave()
	t.streams.end(s)
	return nil
}

// TurnAway answers a request with a stream of one message: an EventSource then comes again, in a while,
// which after any other answer it does not.
func (t *SSE) TurnAway(w http.ResponseWriter, m Message) {
	s := &stream{w: w, control: http.NewResponseController(w)}
	s.begin()
	_ = s.Send(m)
	_ = s.write() // the client may be gone
}

// Len is how many streams live.
func (t *SSE) Len() int { return t.streams.len() }

// Close lets nobody in any more, ends all streams after what was sent, and waits until their sessions
// have had their Closed. When ctx ends the rest is cut off, and waited for.
func (t *SSE) Close(ctx context.Context) error {
	return t.streams.close(ctx,
		func(s *stream) { s.Close(goingAwayCode, goingAway) },
		(*stream).cut)
}

// stream is one answer that does not end: a Guide to its session.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	woken   chan struct{} // holds one wish to be drained

	mu     sync.Mutex // guards what follows
	buf    []byte     // sent, and not yet written
	closed bool
	gone   bool // w is no longer ours
}

var _ Guide = (*stream)(nil)

func (s *stream) Send(m Message) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf = append(s.buf, "data: "...)
	s.buf = append(s.buf, m.Data...)
	s.buf = append(s.buf, "\n\n"...)
	return nil
}

func (s *stream) SendShared(f *Frame) error { return s.Send(f.message) }

func (s *stream) Mark(where func([]byte) []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf = append(where(append(s.buf, "id: "...)), '\n')
}

func (s *stream) Retry(after time.Duration) {
	if after < 0 {
		after = noRetry
	}
	if after == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf = appendRetry(s.buf, after)
}

func appendRetry(b []byte, after time.Duration) []byte {
	b = strconv.AppendInt(append(b, "retry: "...), after.Milliseconds(), 10)
	return append(b, "\n\n"...)
}

func (s *stream) Wake() {
	select {
	case s.woken <- struct{}{}:
	default:
	}
}

func (s *stream) Close(uint16, string) {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.Wake()
}

// cut ends a write that a client holds up.
func (s *stream) cut() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.gone {
		_ = s.control.SetWriteDeadline(time.Unix(1, 0))
	}
}

func (s *stream) leave() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.gone = true
}

func (s *stream) Ripe()             {}
func (s *stream) Part()             {}
func (s *stream) Pause()            {}
func (s *stream) Resume()           {}
func (s *stream) Transport() string { return "sse" }

// run writes until the session or the client ends the stream; it is nil then, or what went wrong.
func (s *stream) run(ctx context.Context, h Handler) error {
	s.begin()
	beat := time.NewTimer(beatInterval)
	defer beat.Stop()
	for {
		if err := s.drain(h); err != nil {
			return err
		}
		beat.Reset(beatInterval)
		if s.ended() {
			return nil
		}
		select {
		case <-s.woken:
		case <-beat.C:
			s.mu.Lock()
			s.buf = append(s.buf, ":\n\n"...)
			s.mu.Unlock()
		case <-ctx.Done():
			return nil
		}
	}
}

// begin says what comes. The client comes back after a cut at a moment of its own, so that not all do
// at once.
func (s *stream) begin() {
	_ = s.control.SetReadDeadline(time.Time{}) // the server's is for requests
	h := s.w.Header()
	h.Set("Content-Type", "text/event-stream")
	h.Set("Cache-Control", "no-cache, no-transform")
	h.Set("X-Accel-Buffering", "no")
	s.w.WriteHeader(http.StatusOK)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.buf = append(s.buf, ':')
	for len(s.buf) < prelude {
		s.buf = append(s.buf, ' ')
	}
	s.buf = appendRetry(append(s.buf, '\n'), time.Second+rand.N(2*time.Second))
}

// drain writes all that the session has. What is sent is out of our hands when a write returns, so the
// session keeps what the client does not take.
func (s *stream) drain(h Handler) error {
	for {
		more := h.Drain()
		s.mu.Lock()
		n := len(s.buf)
		s.mu.Unlock()
		if more && n < turnBuffer {
			continue
		}
		if n > 0 {
			if err := s.write(); err != nil {
				return err
			}
		}
		if !more {
			return nil
		}
	}
}

// keepBuffer is the largest buffer, in bytes, that an idle stream holds on to.
const keepBuffer = 1 << 10

func (s *stream) write() error {
	s.mu.Lock()
	out := s.buf
	s.buf = nil
	s.mu.Unlock()
	_ = s.control.SetWriteDeadline(time.Now().Add(writeTimeout))
	if _, err := s.w.Write(out); err != nil {
		return err
	}
	if err := s.control.Flush(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.buf == nil && cap(out) <= keepBuffer {
		s.buf = out[:0]
	}
	return nil
}

func (s *stream) ended() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.closed && len(s.buf) == 0
}
