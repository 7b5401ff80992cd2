package engineio_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/vechehq/veche/transport"
	"github.com/vechehq/veche/transport/engineio"
	"github.com/vechehq/veche/ws"
)

// wire is a Link between the nodes of a test.
type wire struct {
	lose atomic.Pointer[func(data []byte) bool]

	goroutines sync.WaitGroup
	mu         sync.Mutex
	ends       []*wireEnd
}

// wireEnd is one node's.
type wireEnd struct {
	*wire
	f       func([]byte)
	waiting [][]byte
	running bool
}

func (w *wire) end() *wireEnd {
	w.mu.Lock()
	defer w.mu.Unlock()
	e := &wireEnd{wire: w}
	w.ends = append(w.ends, e)
	return e
}

func (e *wireEnd) Subscribe(f func([]byte)) (cancel func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.f = f
	return func() {
		e.mu.Lock()
		defer e.mu.Unlock()
		e.f = nil
	}
}

func (e *wireEnd) Publish(data []byte) {
	if lose := e.lose.Load(); lose != nil && (*lose)(data) {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, other := range e.ends {
		if other == e || other.f == nil {
			continue
		}
		other.waiting = append(other.waiting, data)
		if !other.running {
			other.running = true
			e.goroutines.Go(other.tell)
		}
	}
}

func (e *wireEnd) tell() {
	e.mu.Lock()
	defer e.mu.Unlock()
	for len(e.waiting) > 0 && e.f != nil {
		data, f := e.waiting[0], e.f
		e.waiting = e.waiting[1:]
		e.mu.Unlock()
		f(data)
		e.mu.Lock()
	}
	e.running = false
}

// echoing is a handler that sends back what it gets, and 1,000 messages when it is asked for them.
type echoing struct {
	pipe   *engineio.Conn
	closed chan error

	mu    sync.Mutex
	queue []transport.Message
}

func (e *echoing) Receive(m transport.Message) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if string(m.Data) == "many" {
		for i := range many {
			e.queue = append(e.queue, transport.Message{Data: fmt.Appendf(nil, "%d %s", i, filler)})
		}
	} else {
		e.queue = append(e.queue, transport.Message{Binary: m.Binary, Data: append([]byte(nil), m.Data...)})
	}
	e.pipe.Wake()
}

const many = 1000

var filler = strings.Repeat("x", 2000)

// Drain sends ten at a time.
func (e *echoing) Drain() (more bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	n := min(10, len(e.queue))
	for _, m := range e.queue[:n] {
		_ = e.pipe.Send(m)
	}
	e.queue = e.queue[n:]
	return len(e.queue) > 0
}

func (e *echoing) Closed(err error) { e.closed <- err }

// pair are two nodes, and the client's connection that lives on the first.
type pair struct {
	t       *testing.T
	wire    *wire
	servers [2]*engineio.Server
	urls    [2]string
	handler *echoing
	query   string
}

func newPair(t *testing.T, o engineio.Options) *pair {
	p := &pair{t: t, wire: &wire{}}
	for i := range p.servers {
		o.Link = p.wire.end()
		p.servers[i] = engineio.NewServer(o, func(c *engineio.Conn, _ *http.Request, _ http.Header) (transport.Handler, error) {
			p.handler = &echoing{pipe: c, closed: make(chan error, 1)}
			return p.handler, nil
		})
		web := httptest.NewServer(p.servers[i])
		t.Cleanup(web.Close)
		p.urls[i] = web.URL
	}
	t.Cleanup(func() {
		http.DefaultClient.CloseIdleConnections()
		for _, s := range p.servers {
			ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
			if err := s.Close(ctx); err != nil {
				t.Errorf("Close: %v", err)
			}
			cancel()
		}
		p.wire.goroutines.Wait()
	})
	hello := p.get(0, "transport=polling")
	_, sid, _ := strings.Cut(hello, `"sid":"`)
	sid, _, _ = strings.Cut(sid, `"`)
	p.query = "sid=" + sid + "&transport="
	return p
}

func (p *pair) get(node int, query string) string {
	p.t.Helper()
	resp, err := http.Get(p.urls[node] + "/?EIO=4&" + query)
	if err != nil {
		p.t.Fatal(err)
	}
	defer resp.Body.Close()
	body, _ := io.ReadAll(resp.Body)
	return string(body)
}

// upgrade has a WebSocket at the second node take over.
func (p *pair) upgrade() *ws.Conn {
	p.t.Helper()
	c := p.dial(1)
	p.say(c, "2probe")
	p.want(c, "3probe")
	p.say(c, "5")
	return c
}

func (p *pair) dial(node int) *ws.Conn {
	p.t.Helper()
	c, _, err := ws.Dial(p.t.Context(), strings.Replace(p.urls[node], "http", "ws", 1)+"/?EIO=4&"+p.query+"websocket", nil)
	if err != nil {
		p.t.Fatal(err)
	}
	p.t.Cleanup(func() { _ = c.CloseNow() })
	return c
}

func (p *pair) say(c *ws.Conn, text string) {
	p.t.Helper()
	if err := c.Write(p.t.Context(), ws.Text, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

func (p *pair) read(c *ws.Conn) (string, error) {
	ctx, cancel := context.WithTimeout(p.t.Context(), time.Minute)
	defer cancel()
	_, data, err := c.Read(ctx)
	return string(data), err
}

func (p *pair) want(c *ws.Conn, text string) {
	p.t.Helper()
	if got, err := p.read(c); err != nil || got != text {
		p.t.Fatalf("got %.60q (%v), want %.60q", got, err, text)
	}
}

func (p *pair) wantEnd(c *ws.Conn) {
	p.t.Helper()
	for {
		if _, err := p.read(c); err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				p.t.Error("the WebSocket is not closed")
			}
			return
		}
	}
}

// A WebSocket that reaches another node takes over there: both ways, text and binary, more than a window, and to the client more
// than a turn.
func TestUpgradeOnAnotherNode(t *testing.T) {
	p := newPair(t, engineio.Options{})
	c := p.upgrade()
	for i := range many {
		p.say(c, fmt.Sprint("4", i, filler))
	}
	for i := range many {
		p.want(c, fmt.Sprint("4", i, filler))
	}
	if err := c.Write(t.Context(), ws.Binary, []byte{0, 1, 255}); err != nil {
		t.Fatal(err)
	}
	p.want(c, "\x00\x01\xff")
	p.say(c, "4many")
	for i := range many {
		p.want(c, fmt.Sprint("4", i, " ", filler))
	}
	if got := p.handler.pipe.Transport(); got != engineio.WebSocket {
		t.Errorf("the transport is %q", got)
	}
	for node := range p.urls {
		if got := p.get(node, p.query+"polling"); got != `{"code":3,"message":"Bad request"}` {
			t.Errorf("node %d answers a poll with %q", node, got)
		}
	}
	if err := c.Close(ws.StatusNormal, ""); err != nil {
		t.Error(err)
	}
	if err := wait(t, "the end", p.handler.closed); err != nil {
		t.Errorf("it ended with %v", err)
	}
}

// The heartbeat goes through.
func TestHeartbeatOnAnotherNode(t *testing.T) {
	p := newPair(t, engineio.Options{PingInterval: 10 * time.Millisecond, PingTimeout: 5 * time.Second})
	c := p.upgrade()
	for range 3 {
		p.want(c, "2")
		p.say(c, "3")
	}
	p.wantEnd(c)
	if err := wait(t, "the end", p.handler.closed); err != engineio.ErrPing {
		t.Errorf("it ended with %v", err)
	}
}

func TestServerEndsOnAnotherNode(t *testing.T) {
	p := newPair(t, engineio.Options{})
	c := p.upgrade()
	p.say(c, "4x")
	p.want(c, "4x")
	p.handler.pipe.Close(4401, "why")
	_, err := p.read(c)
	if got := ws.CloseStatus(err); got != 4401 {
		t.Errorf("it is closed with %v (%v)", got, err)
	}
	if err := wait(t, "the end", p.handler.closed); err != engineio.ErrForced {
		t.Errorf("it ended with %v", err)
	}
}

// A garbled frame is a transport error there too.
func TestGarbageOnAnotherNode(t *testing.T) {
	p := newPair(t, engineio.Options{MaxPayload: 100})
	c := p.upgrade()
	p.say(c, "4"+filler)
	p.wantEnd(c)
	if err := wait(t, "the end", p.handler.closed); err != engineio.ErrTransport {
		t.Errorf("it ended with %v", err)
	}
}

// Nothing that the link loses is lost without a word: after a hole nothing comes but the end.
func TestLostFrame(t *testing.T) {
	for _, from := range []string{"the client", "the server"} {
		t.Run(from, func(t *testing.T) {
			p := newPair(t, engineio.Options{})
			c := p.upgrade()
			p.say(c, "41")
			p.want(c, "41")
			var frames atomic.Int32
			lose := func(data []byte) bool {
				text := string(data)
				return strings.Contains(text, `"Kind":"frames"`) && strings.Contains(text, `"Own":true`) == (from == "the client") && frames.Add(1) == 1
			}
			p.wire.lose.Store(&lose)
			for _, text := range []string{"42", "43", "44"} {
				if c.Write(t.Context(), ws.Text, []byte(text)) != nil {
					break // it has ended
				}
			}
			if from == "the server" { // which has to say something more; else it is the heartbeat that ends it
				for frames.Load() == 0 {
					runtime.Gosched()
				}
				p.handler.pipe.Close(1000, "")
			}
			if text, err := p.read(c); err == nil || errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("got %q (%v), want the end", text, err)
			}
			if err := wait(t, "the end", p.handler.closed); err != nil && from == "the client" {
				t.Errorf("it ended with %v", err)
			}
		})
	}
}

// Whichever node closes, the connection ends for both.
func TestNodeOfAnUpgradeCloses(t *testing.T) {
	for node, cause := range []error{engineio.ErrShutdown, nil} {
		t.Run(fmt.Sprint(node), func(t *testing.T) {
			p := newPair(t, engineio.Options{})
			c := p.upgrade()
			p.say(c, "4x")
			p.want(c, "4x")
			closed := make(chan error, 1)
			go func() { closed <- p.servers[node].Close(t.Context()) }()
			p.wantEnd(c)
			if err := wait(t, "the end", p.handler.closed); err != cause {
				t.Errorf("it ended with %v, want %v", err, cause)
			}
			if err := wait(t, "Close", closed); err != nil {
				t.Error(err)
			}
		})
	}
}

// A second WebSocket, and one whose connection is gone, are refused.
func TestRefusedOnAnotherNode(t *testing.T) {
	p := newPair(t, engineio.Options{})
	_ = p.upgrade()
	for _, query := range []string{p.query, p.query[:len(p.query)-12] + "x&transport="} {
		p.query = query
		_, resp, err := ws.Dial(t.Context(), strings.Replace(p.urls[1], "http", "ws", 1)+"/?EIO=4&"+p.query+"websocket", nil)
		if err == nil || resp == nil || resp.StatusCode != http.StatusBadRequest {
			t.Errorf("%s: %v", query, err)
		}
	}
}
