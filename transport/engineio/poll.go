package engineio

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"time"

	wire "github.com/vechehq/veche/wire/engineio"
)

// writePatience is how long a client may take to read an answer.
const writePatience = 30 * time.Second

// servePoll is a GET: it waits until there is something to say.
func (c *Conn) servePoll(w http.ResponseWriter, r *http.Request) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Time{}) // the server's would end the wait
	p, ok := c.beginPoll(stampOf(r))
	if !ok {
		c.server.refuse(w, r, wire.BadRequest)
		return
	}
	payload, ok := c.awaitPayload(r, p)
	if !ok {
		c.server.refuse(w, r, wire.BadRequest)
		return
	}
	_ = control.SetWriteDeadline(time.Now().Add(writePatience))
	h := w.Header()
	h.Set("Content-Type", "text/plain; charset=UTF-8")
	h.Set("Cache-Control", "no-store")
	h.Set("Content-Length", strconv.Itoa(len(payload)))
	_, _ = w.Write(payload) // what is lost with it the client finds out
}

// beginPoll makes the GET the one that waits. A second one ends the connection, and so does one that was served already:
// what was in its answer is lost, which a client only finds out by the end.
func (c *Conn) beginPoll(s stamp) (*poller, bool) {
	c.mu.Lock()
	p := c.poller
	if p == nil || c.ended && !p.parting || c.socket != nil {
		c.mu.Unlock()
		return nil, false
	}
	overlap := p.waiting || s.repeats(p.got)
	p.got = s
	p.parting = false
	p.waiting = true
	c.mu.Unlock()
	if overlap {
		c.end(ErrTransport, wire.Close)
		return nil, false
	}
	return p, true
}

func (c *Conn) awaitPayload(r *http.Request, p *poller) (payload []byte, ok bool) {
	var probed <-chan time.Time
	c.mu.Lock()
	if p.trying {
		t := time.NewTimer(probing)
		defer t.Stop()
		probed = t.C
	}
	c.mu.Unlock()
	done := p.done
	for {
		c.drainPoll(p)
		if payload, answer, ok := c.takePayload(p, probed == nil); answer {
			return payload, ok
		}
		select {
		case <-p.changed:
		case <-probed:
			probed = nil
		case <-done:
			done = nil // what is left is taken in the next round
		case <-r.Context().Done():
			c.end(ErrTransport, wire.Close)
			return nil, false
		}
	}
}

// drainPoll drains the handler if that was asked for and everything sent before has been fetched.
func (c *Conn) drainPoll(p *poller) {
	p.draining.Lock()
	defer p.draining.Unlock()
	for {
		c.mu.Lock()
		due := p.woken && len(p.out) == 0 && !c.ended && !c.ending && c.socket == nil
		if due {
			p.woken = false
		}
		c.mu.Unlock()
		if !due {
			return
		}
		if c.handler.Drain() {
			c.mu.Lock()
			p.woken = true
			c.mu.Unlock()
		}
	}
}

// takePayload reports whether the GET is to be answered now, and with what; !ok means with a refusal.
func (c *Conn) takePayload(p *poller, patientEnough bool) (payload []byte, answer, ok bool) {
	var over bool
	c.mu.Lock()
	switch {
	case c.socket != nil: // the WebSocket has taken over, and says what there is
		p.waiting = false
		c.mu.Unlock()
		return nil, true, false
	case len(p.out) > 0:
		payload = p.payload()
	case c.ending && !c.ended: // in an answer of its own, for clients that obey it before what comes with it
		payload, over = []byte{byte(wire.Close)}, true
	case c.ended:
		c.mu.Unlock()
		return nil, true, false
	case p.probed && patientEnough:
		payload = []byte{byte(wire.Noop)}
	default:
		c.mu.Unlock()
		return nil, false, false
	}
	p.waiting = false
	c.mu.Unlock()
	if over { // the client has been told
		c.end(nil, wire.Close)
	}
	return payload, true, true
}

// servePost is a POST: it delivers the client's packets.
func (c *Conn) servePost(w http.ResponseWriter, r *http.Request) {
	p, ok := c.beginPost(stampOf(r))
	if !ok || !textual(r) {
		c.end(ErrTransport, wire.Close)
		c.server.refuse(w, r, wire.BadRequest)
		return
	}
	status := c.post(w, r, p)
	c.mu.Lock()
	p.posting = false
	c.mu.Unlock()
	switch status {
	case http.StatusOK:
		w.Header().Set("Content-Type", "text/html") // as npm's: text/plain makes some browsers offer a download
		w.Header().Set("Cache-Control", "no-store")
		_, _ = io.WriteString(w, "ok")
	case http.StatusBadRequest:
		c.server.refuse(w, r, wire.BadRequest)
	default:
		w.WriteHeader(status)
	}
}

// textual refuses revision 3's binary bodies.
func textual(r *http.Request) bool {
	return !strings.HasPrefix(r.Header.Get("Content-Type"), "application/octet-stream")
}

// beginPost makes the POST the one whose packets are delivered; a second one is refused, and one that was served already.
func (c *Conn) beginPost(s stamp) (*poller, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	p := c.poller
	if p == nil || c.ended || c.socket != nil || p.posting || s.repeats(p.posted) {
		return nil, false
	}
	p.posting, p.posted = true, s
	return p, true
}

// post reads and delivers, and returns the status to answer with.
func (c *Conn) post(w http.ResponseWriter, r *http.Request, p *poller) int {
	var body bytes.Buffer
	if r.ContentLength > 0 && r.ContentLength <= int64(c.server.options.MaxPayload) {
		body.Grow(int(min(r.ContentLength, 64<<10)) + bytes.MinRead)
	}
	limited := http.MaxBytesReader(w, r.Body, int64(c.server.options.MaxPayload))
	if _, err := body.ReadFrom(limited); err != nil {
		if _, tooLarge := err.(*http.MaxBytesError); tooLarge {
			return http.StatusRequestEntityTooLarge
		}
		c.end(ErrTransport, wire.Close)
		return http.StatusBadRequest
	}
	packets, err := wire.Payload(body.Bytes())
	if err != nil {
		c.end(ErrParse, wire.Close)
		return http.StatusBadRequest
	}
	p.receiving.Lock()
	defer p.receiving.Unlock()
	for _, packet := range packets {
		if !c.mayReceive(r, p) {
			return http.StatusOK // it was heard, but the connection is over
		}
		if !c.packet(packet) {
			break
		}
	}
	return http.StatusOK
}

// mayReceive waits while the pipe is paused. It reports whether the connection still lives.
func (c *Conn) mayReceive(r *http.Request, p *poller) bool {
	for {
		c.mu.Lock()
		paused, over := p.paused, c.ended || c.ending
		c.mu.Unlock()
		if over {
			return false
		}
		if paused == nil {
			return true
		}
		select {
		case <-paused:
		case <-p.done:
			return false
		case <-r.Context().Done():
			c.end(ErrTransport, wire.Close)
			return false
		}
	}
}
