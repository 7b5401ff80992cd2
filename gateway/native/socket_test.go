package native

import (
	"fmt"
	"net"
	"net/http"
	"sync"
	"testing"

	"github.com/vechehq/veche/auth"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/store/memory"
	"github.com/vechehq/veche/transport"
	"github.com/vechehq/veche/ws"
)

// The stories run in a network of memory; this one over sockets, which the engine serves otherwise:
// many write, many read, all see the same, compressed.
func TestOverSockets(t *testing.T) {
	identities, err := auth.New(auth.Config{Key: make([]byte, auth.KeySize)})
	if err != nil {
		t.Fatal(err)
	}
	h := hub.New(hub.Config{Store: memory.New(nil)})
	sockets := transport.NewWebSocket(transport.Options{Compression: transport.CompressionTakeover})
	gateway := New(Config{Hub: h, Identity: identities})
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, err := identities.Request(r, w.Header())
		sockets.Serve(w, r, Protocol, func(p transport.Pipe) transport.Handler {
			return gateway.Open(p, Visit{User: u, Err: err, Query: r.URL.Query()})
		})
	})}
	go server.Serve(listener)
	defer server.Close()

	const clients, each = 20, 20
	var joined, done sync.WaitGroup
	joined.Add(clients)
	for i := range clients {
		conn, _, err := ws.Dial(t.Context(), "ws://"+listener.Addr().String()+"/?room=r", &ws.DialOptions{
			Options: ws.Options{Compression: ws.CompressionTakeover}})
		if err != nil {
			t.Fatal(err)
		}
		c := &client{t: t, name: fmt.Sprint("client", i), conn: conn}
		done.Go(func() {
			defer conn.CloseNow()
			c.seek("the join", `{"type":"ok","room":"r"}`)
			joined.Done()
			c.follow(clients * each)
		})
		done.Go(func() {
			joined.Wait()
			for j := range each {
				_ = conn.Write(t.Context(), ws.Text, fmt.Appendf(nil, `{"type":"send","room":"r","body":"%01000d"}`, j))
			}
		})
	}
	done.Wait()
	if err := sockets.Close(t.Context()); err != nil {
		t.Error(err)
	}
	if err := h.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// follow reads messages 1 to n, each once and in order.
func (c *client) follow(n int) {
	for last := 0; last < n; {
		o, err := c.read()
		switch {
		case err != nil:
			c.t.Errorf("%s after %d: %v", c.name, last, err)
			return
		case o["type"] == "gap":
			c.t.Errorf("%s after %d: %v", c.name, last, o)
			return
		case o["type"] == "message":
			if last++; o["seq"] != float64(last) {
				c.t.Errorf("%s got %v, want %d", c.name, o["seq"], last)
				return
			}
		}
	}
}
