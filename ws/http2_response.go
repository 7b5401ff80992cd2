package ws

import (
	"io"
	"net"
	"net/http"
	"net/netip"
	"os"
	"sync"
	"time"
)

// response is the server's half of a stream: the body of the handler's answer, which nobody may touch
// once the handler has returned. A write that takes longer than its deadline ends the stream.
type response struct {
	w       http.ResponseWriter
	control *http.ResponseController
	turn    sync.Mutex // held while writing

	mu sync.Mutex
	// guarded by mu
	writing  bool
	late     bool // the deadline has passed
	closed   bool
	deadline time.Time
	timer    *time.Timer
	over     chan struct{} // closed by Close
}

// newServerStream takes over a request whose answer's header has left.
func newServerStream(w http.ResponseWriter, r *http.Request) *http2Stream {
	a := &response{w: w, control: http.NewResponseController(w), over: make(chan struct{})}
	s := &http2Stream{writer: a, quit: func() { _ = r.Body.Close() }, tls: r.TLS, remote: remoteAddr(r.RemoteAddr)}
	s.local, _ = r.Context().Value(http.LocalAddrContextKey).(net.Addr)
	s.listen(requestBody{r.Body, a})
	return s
}

// guest returns what a connection lives by that is a guest in a handler of net/http, nil for others.
func (c *Conn) guest() *response {
	if w := c.stream.Load(); w != nil {
		if s, ok := w.net.(*http2Stream); ok {
			a, _ := s.writer.(*response)
			return a
		}
	}
	return nil
}

// requestBody is what the client says, until the stream ends. Where our own half has ended it, because a
// write took too long, that is for the writer to tell.
type requestBody struct {
	io.ReadCloser
	answer *response
}

func (b requestBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if err != nil && err != io.EOF && b.answer.verdict(nil) != nil {
		<-b.answer.over
	}
	return n, err
}

// remoteAddr is what net/http made a text of.
func remoteAddr(text string) net.Addr {
	if ap, err := netip.ParseAddrPort(text); err == nil {
		return net.TCPAddrFromAddrPort(ap)
	}
	return namedAddr(text)
}

// namedAddr is the address of a connection that is no socket.
type namedAddr string

func (namedAddr) Network() string  { return "http2" }
func (a namedAddr) String() string { return string(a) }

// Write sends b in frames of its own. After an error nothing is said of how much has left.
func (a *response) Write(b []byte) (int, error) {
	a.turn.Lock()
	defer a.turn.Unlock()
	if err := a.begin(); err != nil {
		return 0, err
	}
	_, err := a.w.Write(b)
	if err == nil {
		err = a.control.Flush()
	}
	if err = a.end(err); err != nil {
		return 0, err
	}
	return len(b), nil
}

func (a *response) begin() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	err := a.why(nil)
	a.writing = err == nil
	return err
}

func (a *response) end(err error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.writing = false
	if err == nil {
		return nil
	}
	return a.why(err)
}

// verdict is why the stream has ended, if it was ended here, else err.
func (a *response) verdict(err error) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.why(err)
}

func (a *response) why(err error) error {
	switch {
	case a.closed:
		return net.ErrClosed
	case a.late:
		return os.ErrDeadlineExceeded
	}
	return err
}

// SetWriteDeadline is net.Conn's, but a write that it ends is the last one.
func (a *response) SetWriteDeadline(t time.Time) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.late, a.deadline = false, t
	switch {
	case t.IsZero():
		a.rest()
	case !time.Now().Before(t):
		a.rest()
		a.expire()
	case a.timer == nil:
		a.timer = time.AfterFunc(time.Until(t), a.ring)
	default:
		a.timer.Reset(time.Until(t))
	}
	return nil
}

// rest stops the clock. mu is held.
func (a *response) rest() {
	if a.timer != nil {
		a.timer.Stop()
	}
}

// ring is the timer's, which may come late for a deadline that holds no more.
func (a *response) ring() {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed && !a.deadline.IsZero() && !time.Now().Before(a.deadline) {
		a.expire()
	}
}

// expire ends a write that is under way, by the only means there is: the stream's end. mu is held, so
// that the write, and with it the handler, cannot end meanwhile.
func (a *response) expire() {
	a.late = true
	a.reset()
}

func (a *response) reset() {
	if a.writing {
		_ = a.control.SetWriteDeadline(time.Unix(1, 0))
	}
}

// Close lets nobody write any more, and ends a write that is under way.
func (a *response) Close() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.closed {
		a.closed = true
		close(a.over)
		a.rest()
		a.reset()
	}
	return nil
}

// leave waits, after Close, until nobody writes, so that the handler may return.
func (a *response) leave() {
	a.turn.Lock()
	defer a.turn.Unlock()
}
