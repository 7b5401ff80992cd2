package transport

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/vechehq/veche/internal/memnet"
	"github.com/vechehq/veche/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo is a session that answers each message with itself, through a queue.
type echo struct {
	pipe   Pipe
	closed chan error

	mu    sync.Mutex
	queue []Message
}

func (e *echo) Receive(m Message) {
	e.push(Message{Binary: m.Binary, Data: append([]byte(nil), m.Data...)})
}

func (e *echo) push(m Message) {
	e.mu.Lock()
	e.queue = append(e.queue, m)
	e.mu.Unlock()
	e.pipe.Wake()
}

func (e *echo) Drain() (more bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.queue) == 0 {
		return false
	}
	m := e.queue[0]
	e.queue = e.queue[1:]
	_ = e.pipe.Send(m)
	return len(e.queue) > 0
}

func (e *echo) Closed(err error) { e.closed <- err }

type house struct {
	t       *testing.T
	sockets *WebSocket
	net     *memnet.Listener
	opened  chan *echo
}

func story(t *testing.T, o Options, f func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := &house{t: t, sockets: NewWebSocket(o), net: memnet.Listen("house"), opened: make(chan *echo, 100)}
		server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			h.sockets.Serve(w, r, nil, func(p Pipe) Handler {
				e := &echo{pipe: p, closed: make(chan error, 2)}
				h.opened <- e
				return e
			})
		})}
		go server.Serve(h.net)
		defer server.Close()
		f(t, h)
		if err := h.sockets.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if n := h.sockets.Len(); n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
}

func (h *house) dial() (*ws.Conn, *echo) {
	h.t.Helper()
	conn, _, err := ws.Dial(h.t.Context(), "ws://localhost/", &ws.DialOptions{DialContext: h.net.DialContext})
	if err != nil {
		h.t.Fatal(err)
	}
	h.t.Cleanup(func() { conn.CloseNow() })
	return conn, <-h.opened
}

func want(t *testing.T, conn *ws.Conn, typ ws.MessageType, text string) {
	t.Helper()
	gotType, got, err := conn.Read(t.Context())
	if err != nil || gotType != typ || string(got) != text {
		t.Fatalf("got %v %q %v, want %v %q", gotType, got, err, typ, text)
	}
}

func TestThereAndBack(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		conn, e := h.dial()
		for i := range 100 {
			if err := conn.Write(t.Context(), ws.Text, fmt.Append(nil, i)); err != nil {
				t.Fatal(err)
			}
		}
		for i := range 100 {
			want(t, conn, ws.Text, fmt.Sprint(i))
		}
		if err := conn.Write(t.Context(), ws.Binary, []byte{0xff}); err != nil {
			t.Fatal(err)
		}
		want(t, conn, ws.Binary, "\xff")
		if tr := e.pipe.Transport(); tr != "websocket" {
			t.Error(tr)
		}
		if err := conn.Close(ws.StatusNormal, ""); err != nil {
			t.Error(err)
		}
		if err := <-e.closed; err != nil {
			t.Errorf("an end in order is %v", err)
		}
	})
}

func TestSharedFrame(t *testing.T) {
	story(t, Options{Compression: ws.CompressionNoTakeover, Threshold: 1}, func(t *testing.T, h *house) {
		f := Shared(Message{Data: []byte("for many")})
		if string(f.Data()) != "for many" {
			t.Error("the frame forgot its data")
		}
		for range 3 {
			conn, e := h.dial()
			if err := e.pipe.SendShared(f); err != nil {
				t.Fatal(err)
			}
			want(t, conn, ws.Text, "for many")
		}
	})
}

func TestPause(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		conn, e := h.dial()
		e.pipe.Pause()
		if err := conn.Write(t.Context(), ws.Text, []byte("later")); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, text, err := conn.Read(ctx); err == nil {
			t.Fatalf("a paused pipe answers %s", text)
		}
		e.pipe.Resume()
		want(t, conn, ws.Text, "later")
	})
}

func TestCloseByTheSession(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		conn, e := h.dial()
		e.push(Message{Data: []byte("last word")})
		synctest.Wait()
		e.pipe.Close(4401, "expired: the token has expired")
		want(t, conn, ws.Text, "last word")
		_, _, err := conn.Read(t.Context())
		if ce, ok := errors.AsType[*ws.CloseError](err); !ok || ce.Code != 4401 || ce.Reason != "expired: the token has expired" {
			t.Error(err)
		}
		<-e.closed
		if err := e.pipe.Send(Message{}); err == nil {
			t.Error("a closed pipe takes messages")
		}
	})
}

// A client that is cut off without a word, and one that takes nothing, are noticed.
func TestDeadClients(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		conn, e := h.dial()
		conn.CloseNow()
		if err := <-e.closed; err == nil {
			t.Error("a lost connection is an end in order")
		}

		_, silent := h.dial()
		start := time.Now()
		<-silent.closed
		if d := time.Since(start); d < 25*time.Second || d > 60*time.Second {
			t.Errorf("the silent one was dropped after %v", d)
		}

		_, full := h.dial()
		start = time.Now()
		for range 10 {
			full.push(Message{Data: make([]byte, 100<<10)})
		}
		<-full.closed
		if d := time.Since(start); d < 25*time.Second || d > 60*time.Second {
			t.Errorf("the full one was dropped after %v", d)
		}
	})
}

func TestClose(t *testing.T) {
	story(t, Options{}, func(t *testing.T, h *house) {
		polite, e := h.dial()
		_, deaf := h.dial()
		read := make(chan error)
		go func() {
			_, _, err := polite.Read(t.Context())
			read <- err
		}()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := h.sockets.Close(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closing with a deaf client: %v", err)
		}
		if ce, ok := errors.AsType[*ws.CloseError](<-read); !ok || ce.Code != ws.StatusGoingAway {
			t.Errorf("the polite one got %v", ce)
		}
		for _, s := range []*echo{e, deaf} {
			if len(s.closed) != 1 {
				t.Errorf("Closed was called %d times before Close returned", len(s.closed))
			}
		}
		_, answer, err := ws.Dial(t.Context(), "ws://localhost/", &ws.DialOptions{DialContext: h.net.DialContext})
		if err == nil || answer.StatusCode != http.StatusServiceUnavailable {
			t.Errorf("after Close: %v", err)
		}
	})
}

func TestRefusedUpgrade(t *testing.T) {
	story(t, Options{OriginPatterns: []string{"good.example"}}, func(t *testing.T, h *house) {
		for origin, status := range map[string]int{"https://good.example": 101, "https://bad.example": 403} {
			conn, answer, _ := ws.Dial(t.Context(), "ws://localhost/", &ws.DialOptions{
				DialContext: h.net.DialContext, Header: http.Header{"Origin": {origin}}})
			if answer == nil || answer.StatusCode != status {
				t.Errorf("%s: %v", origin, answer)
			}
			if conn != nil {
				conn.CloseNow()
			}
		}
	})
}
