package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"

	coder "github.com/coder/websocket"
	gobwas "github.com/gobwas/ws"
	"github.com/gobwas/ws/wsutil"
	"github.com/gorilla/websocket"
	"github.com/lxzan/gws"
)

// engines are the Go peers of package ws: echo servers of a few lines, as their documentation writes
// them.
var engines = map[string]http.Handler{
	"peer-gws":     gwsEcho(),
	"peer-gorilla": http.HandlerFunc(gorillaEcho),
	"peer-coder":   http.HandlerFunc(coderEcho),
	"peer-gobwas":  http.HandlerFunc(gobwasEcho),
}

func serveEngine(ctx context.Context, h http.Handler, args []string) error {
	if len(args) != 1 {
		return errors.New("a peer wants a PORT")
	}
	l, err := net.Listen("tcp", "127.0.0.1:"+args[0])
	if err != nil {
		return err
	}
	srv := &http.Server{Handler: h}
	context.AfterFunc(ctx, func() { srv.Close() })
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}

type gwsHandler struct{ gws.BuiltinEventHandler }

func (gwsHandler) OnMessage(c *gws.Conn, m *gws.Message) {
	defer m.Close()
	_ = c.WriteMessage(m.Opcode, m.Bytes())
}

func gwsEcho() http.Handler {
	up := gws.NewUpgrader(gwsHandler{}, &gws.ServerOption{ReadMaxPayloadSize: 64 << 20, CheckUtf8Enabled: true,
		PermessageDeflate: gws.PermessageDeflate{Enabled: true}})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if c, err := up.Upgrade(w, r); err == nil {
			go c.ReadLoop()
		}
	})
}

func gorillaEcho(w http.ResponseWriter, r *http.Request) {
	up := websocket.Upgrader{EnableCompression: true, CheckOrigin: func(*http.Request) bool { return true }}
	c, err := up.Upgrade(w, r, nil)
	if err != nil {
		return
	}
	defer c.Close()
	for {
		typ, data, err := c.ReadMessage()
		if err != nil || c.WriteMessage(typ, data) != nil {
			return
		}
	}
}

func coderEcho(w http.ResponseWriter, r *http.Request) {
	c, err := coder.Accept(w, r, &coder.AcceptOptions{CompressionMode: coder.CompressionNoContextTakeover})
	if err != nil {
		return
	}
	defer c.CloseNow()
	c.SetReadLimit(64 << 20)
	for {
		typ, data, err := c.Read(r.Context())
		if err != nil || c.Write(r.Context(), typ, data) != nil {
			return
		}
	}
}

func gobwasEcho(w http.ResponseWriter, r *http.Request) {
	c, _, _, err := gobwas.UpgradeHTTP(r, w)
	if err != nil {
		return
	}
	go func() {
		defer c.Close()
		for {
			data, op, err := wsutil.ReadClientData(c)
			if err != nil || wsutil.WriteServerMessage(c, op, data) != nil {
				return
			}
		}
	}()
}

// enginePeers returns package ws and its peers.
func enginePeers(self, echoBin string) []*peer {
	plain := func(p string) string { return p }
	ours := &peer{name: "Veche ws", path: "/", op: opText, publish: plain, argv: func(port string) []string {
		return []string{echoBin, "--listen", "127.0.0.1:" + port, "--deflate"}
	}}
	npm := &peer{name: "ws (npm)", path: "/", op: opText, publish: plain, argv: func(port string) []string {
		return []string{"node", "peers/ws.mjs", port}
	}}
	all := []*peer{ours}
	for _, name := range []string{"gws", "gorilla", "coder", "gobwas"} {
		all = append(all, &peer{name: name, path: "/", op: opText, publish: plain, plain: name == "gobwas", argv: func(port string) []string {
			return []string{self, "peer-" + name, port}
		}})
	}
	return append(all, npm)
}

// readAll is how the load reads: whatever there is, in large pieces.
func readAll(r io.Reader, n int) error {
	_, err := io.CopyN(io.Discard, r, int64(n))
	if err != nil {
		return fmt.Errorf("the echo ended early: %w", err)
	}
	return nil
}
