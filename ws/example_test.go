package ws_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"sync"
	"time"

	"github.com/vechehq/veche/ws"
)

// echo sends every message back.
type echo struct{}

func (echo) Message(c *ws.Conn, typ ws.MessageType, data []byte) { _ = c.Send(typ, data) }
func (echo) Closed(*ws.Conn, error)                              {}

// An echo server in the push form: no goroutine of ours, nothing blocks.
func Example() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, nil)
		if err != nil {
			return // the refusal was written
		}
		c.Start(echo{})
	}))
	defer srv.Close()

	ctx := context.Background()
	c, _, err := ws.Dial(ctx, srv.URL, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_ = c.Write(ctx, ws.Text, []byte("Hello, вече!"))
	typ, data, err := c.Read(ctx)
	fmt.Println(typ, string(data), err)
	fmt.Println(c.Close(ws.StatusNormal, "bye"))
	// Output:
	// text Hello, вече! <nil>
	// <nil>
}

// A server whose handshakes do not pass through net/http; its other requests do.
func ExampleDoor() {
	srv := &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/ws" {
				fmt.Fprintln(w, "a page")
				return
			}
			if c, err := ws.Accept(w, r, nil); err == nil {
				c.Start(echo{})
			}
		}),
		ReadHeaderTimeout: 10 * time.Second,
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		fmt.Println(err)
		return
	}
	go srv.Serve(ws.Door(l, srv))
	defer srv.Close()

	ctx := context.Background()
	c, _, err := ws.Dial(ctx, "ws://"+l.Addr().String()+"/ws", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseNow()
	_ = c.Write(ctx, ws.Text, []byte("hello"))
	_, data, err := c.Read(ctx)
	fmt.Println(string(data), err)
	// Output: hello <nil>
}

// The same in the pull form, as an http.Handler.
func ExampleConn_Read() {
	handler := func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, &ws.AcceptOptions{Subprotocols: []string{"echo"}})
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			typ, data, err := c.Read(context.Background())
			if err != nil {
				return // the peer's close was answered
			}
			if c.Write(context.Background(), typ, data) != nil {
				return
			}
		}
	}
	srv := httptest.NewServer(http.HandlerFunc(handler))
	defer srv.Close()

	c, _, err := ws.Dial(context.Background(), srv.URL, &ws.DialOptions{Subprotocols: []string{"echo"}})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(c.Subprotocol(), c.Close(ws.StatusNormal, ""))
	// Output: echo <nil>
}

// crowd sends what one says to everybody.
type crowd struct {
	mu    sync.Mutex
	conns map[*ws.Conn]bool // guarded by mu
}

func (c *crowd) Message(_ *ws.Conn, typ ws.MessageType, data []byte) {
	m := ws.NewPrepared(typ, data) // framed once, for all
	c.mu.Lock()
	defer c.mu.Unlock()
	ws.Broadcast(m, maps.Keys(c.conns), func(conn *ws.Conn, _ error) { conn.Shut(ws.StatusTryLater, "too slow") })
}

func (c *crowd) Closed(conn *ws.Conn, _ error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.conns, conn)
}

// A chat of one room: Send never waits, so one who reads slowly does not hold up the others, and is
// sent away.
func ExampleBroadcast() {
	room := &crowd{conns: map[*ws.Conn]bool{}}
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, &ws.AcceptOptions{Options: ws.Options{PingInterval: 25 * time.Second}})
		if err != nil {
			return
		}
		room.mu.Lock()
		room.conns[c] = true
		room.mu.Unlock()
		c.Start(room)
	}))
	defer srv.Close()

	ctx := context.Background()
	c, _, err := ws.Dial(ctx, srv.URL, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.CloseNow()
	_ = c.Write(ctx, ws.Text, []byte("hello, all"))
	_, data, err := c.Read(ctx)
	fmt.Println(string(data), err)
	// Output: hello, all <nil>
}

// What an error says about the end of a connection.
func ExampleCloseError() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := ws.Accept(w, r, nil); err == nil {
			_ = c.Close(4001, "come back with a ticket")
		}
	}))
	defer srv.Close()

	c, _, err := ws.Dial(context.Background(), srv.URL, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	_, _, err = c.Read(context.Background())
	fmt.Println(err)
	fmt.Println(ws.CloseStatus(err) == 4001)
	// Output:
	// ws: peer closed: 4001: "come back with a ticket"
	// true
}

// A server that says no, and what a client learns of it.
func ExampleDial_refused() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, "/login", http.StatusFound)
	}))
	defer srv.Close()

	_, _, err := ws.Dial(context.Background(), srv.URL, nil)
	if e, ok := errors.AsType[*ws.HandshakeError](err); ok {
		fmt.Println(e.Status, e.Header.Get("Location"))
	}
	// Output: 302 /login
}

// slow is a handler that has to wait, for a database or another server.
type slow struct{}

func (slow) Message(c *ws.Conn, _ ws.MessageType, data []byte) {
	<-time.After(time.Millisecond) // what it waits for
	_ = c.Send(ws.Text, append([]byte("done: "), data...))
}

func (slow) Closed(*ws.Conn, error) {}

// A handler that blocks is wrapped: its messages come in order, and nobody else waits for it.
func ExampleSerial() {
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := ws.Accept(w, r, nil); err == nil {
			c.Start(ws.Serial(slow{}))
		}
	}))
	defer srv.Close()

	ctx := context.Background()
	c, _, err := ws.Dial(ctx, srv.URL, nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, order := range []string{"tea", "bread"} {
		_ = c.Write(ctx, ws.Text, []byte(order))
	}
	for range 2 {
		_, data, err := c.Read(ctx)
		fmt.Println(string(data), err)
	}
	fmt.Println(c.Close(ws.StatusNormal, ""))
	// Output:
	// done: tea <nil>
	// done: bread <nil>
	// <nil>
}
