package ws

import (
	"bufio"
	"context"
	"net/http"
	"testing"
	"testing/synctest"

	"github.com/vechehq/veche/internal/autobahn"
)

// TestAutobahn holds each conversation as server and as client, in both forms, and on a loop. What is
// larger than maxLimits is left to test/conformance.
func TestAutobahn(t *testing.T) {
	const maxLimits = 256 << 10
	for _, c := range append(autobahn.Cases(), autobahn.Limits()...) {
		if c.Size() > maxLimits {
			continue
		}
		t.Run(c.Name, func(t *testing.T) {
			for _, side := range []Side{Server, Client} {
				for _, push := range []bool{false, true} {
					synctest.Test(t, func(t *testing.T) {
						conn, p := memPair(t, side, Options{})
						hold(t, c, conn, p, push)
					})
				}
				conn, p := tcpPair(t, side, Options{})
				hold(t, c, conn, p, true)
			}
		})
	}
}

// TestAutobahnHTTP2 holds each conversation with a server over a stream of HTTP/2.
func TestAutobahnHTTP2(t *testing.T) {
	accepted := make(chan *Conn)
	srv, o := serveHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		accepted <- c
		<-c.Done()
		_ = c.CloseNow()
	})
	for _, c := range autobahn.Cases() {
		t.Run(c.Name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s, say := newClientStream(cancel)
			res, err := o.HTTP2.ask(connectRequest(ctx, newRequest(ctx, mustParse(t, srv.URL), o), say), o)
			if err != nil {
				t.Fatal(err)
			}
			s.listen(cancelingBody{res.Body, cancel})
			defer s.Close()
			hold(t, c, <-accepted, &peer{t: t, nc: s, br: bufio.NewReader(s), mask: true}, false)
		})
	}
}

func hold(t *testing.T, c autobahn.Case, conn *Conn, p *peer, push bool) {
	t.Helper()
	side := conn.side
	ended := echo(conn, push)
	if err := c.Hold(p.nc, p.br, side == Server); err != nil {
		t.Fatalf("%v, push %v: %v", side, push, err)
	}
	end := StatusCode(c.End)
	if end == 0 {
		end = StatusNormal
	}
	err := <-ended
	if CloseStatus(err) == end {
		return
	}
	if e := wantAs[*ProtocolError](t, err); e.Code != end || e.By != side.peer() {
		t.Fatalf("%v, push %v: ended with %+v", side, push, e)
	}
}

// echo sends every message back until the end, and returns a channel that tells why it came.
func echo(c *Conn, push bool) <-chan error {
	ended := make(chan error, 1)
	if push {
		c.Start(&echoHandler{ended})
		return ended
	}
	go func() {
		for {
			typ, data, err := c.Read(context.Background())
			if err == nil {
				err = c.Write(context.Background(), typ, data)
			}
			if err != nil {
				ended <- err
				return
			}
		}
	}()
	return ended
}
