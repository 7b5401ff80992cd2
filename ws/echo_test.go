package ws

import (
	"bytes"
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

type echoHandler struct{ closed chan error }

func (h *echoHandler) Message(c *Conn, typ MessageType, data []byte) { _ = c.Send(typ, data) }
func (h *echoHandler) Closed(c *Conn, err error)                     { h.closed <- err }

// TestEchoForms has a client and a server talk over sockets, over TLS and over HTTP/2, in both forms,
// with and without compression.
func TestEchoForms(t *testing.T) {
	for _, push := range []bool{false, true} {
		for _, over := range []string{"tcp", "tls", "http2"} {
			for _, z := range []Compression{CompressionOff, CompressionNoTakeover, CompressionTakeover} {
				name := map[bool]string{false: "pull ", true: "push "}[push] + over + []string{"", " deflate", " takeover"}[z]
				t.Run(name, func(t *testing.T) { echoForm(t, push, over, z) })
			}
		}
	}
}

func echoForm(t *testing.T, push bool, over string, z Compression) {
	closed := make(chan error, 1)
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, &AcceptOptions{Options: Options{Compression: z, MaxMessage: 4 << 20, SendBuffer: 4 << 20}})
		if err != nil {
			t.Error(err)
			return
		}
		if push {
			c.Start(&echoHandler{closed})
			return
		}
		for {
			typ, data, err := c.Read(context.Background())
			if err != nil {
				closed <- err
				return
			}
			if err := c.Write(context.Background(), typ, data); err != nil {
				closed <- err
				return
			}
		}
	})
	srv := httptest.NewUnstartedServer(handler)
	o := &DialOptions{Options: Options{Compression: z, MaxMessage: 4 << 20}}
	switch over {
	case "tcp":
		srv.Start()
	case "tls":
		srv.StartTLS()
		o.TLSConfig = trust(srv)
	case "http2":
		startHTTP2(t, srv)
		o.TLSConfig, o.HTTP2 = trust(srv), new(HTTP2)
	}
	defer srv.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	c, _, err := Dial(ctx, srv.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if c.Compressed() != (z != CompressionOff) {
		t.Fatalf("compressed: %v", c.Compressed())
	}
	for i, size := range []int{0, 1, 5, 125, 126, 1000, 1000, 0xffff, 0x10000, 1 << 20, 3 << 20, 7} {
		data := []byte(strings.Repeat("Привет, wörld! ", size/15+1))[:size]
		if size%2 == 0 || i == 0 {
			if err := c.Write(ctx, Binary, data); err != nil {
				t.Fatal(err)
			}
		} else {
			data = bytes.ToValidUTF8(data, nil)
			if err := c.Write(ctx, Text, data); err != nil {
				t.Fatal(err)
			}
		}
		_, got, err := c.Read(ctx)
		if err != nil || !bytes.Equal(got, data) {
			t.Fatalf("size %d: got %d bytes, %v", size, len(got), err)
		}
	}
	if err := c.Close(StatusGoingAway, "done"); err != nil {
		t.Fatal(err)
	}
	err = <-closed
	if ce, ok := err.(*CloseError); !ok || ce.Code != StatusGoingAway || ce.Reason != "done" {
		t.Fatalf("server ended with %v", err)
	}
}
