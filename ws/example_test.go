package ws_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"

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
