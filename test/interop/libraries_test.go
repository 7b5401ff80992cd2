// Other WebSocket libraries of Go, each behind the same few methods.

package interop

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"time"

	coder "github.com/coder/websocket"
	gorilla "github.com/gorilla/websocket"
	"github.com/lxzan/gws"
)

// library opens connections as client and as server.
type library struct {
	name   string
	dial   func(url string, deflate bool) (s stranger, extensions string, err error)
	accept func(w http.ResponseWriter, r *http.Request, deflate bool) (stranger, error)
}

// stranger is a connection of theirs.
type stranger interface {
	send(message) error
	sendFragments(message) error
	receive() (message, error)
	close() error // with 1000
}

var libraries = []library{
	{"gorilla", dialGorilla, acceptGorilla},
	{"coder", dialCoder, acceptCoder},
	{"gws", dialGWS, acceptGWS},
}

// limit is how long one connection may take, and maxMessage what it may read, bytes.
const (
	limit      = 2 * time.Minute
	maxMessage = 1 << 20
)

const extensionsHeader = "Sec-WebSocket-Extensions"

// gorillaConn sends fragments because its buffer is small.
type gorillaConn struct{ *gorilla.Conn }

const gorillaBuffer = 1 << 10

func dialGorilla(url string, deflate bool) (stranger, string, error) {
	d := gorilla.Dialer{EnableCompression: deflate, WriteBufferSize: gorillaBuffer, HandshakeTimeout: limit}
	c, res, err := d.Dial(url, nil)
	if err != nil {
		return nil, "", err
	}
	return gorillaConn{c}, res.Header.Get(extensionsHeader), c.SetReadDeadline(time.Now().Add(limit))
}

func acceptGorilla(w http.ResponseWriter, r *http.Request, deflate bool) (stranger, error) {
	u := gorilla.Upgrader{EnableCompression: deflate, WriteBufferSize: gorillaBuffer}
	c, err := u.Upgrade(w, r, nil)
	if err != nil {
		return nil, err
	}
	return gorillaConn{c}, c.SetReadDeadline(time.Now().Add(limit))
}

func opcode(m message) int {
	if m.text {
		return gorilla.TextMessage
	}
	return gorilla.BinaryMessage
}

func (c gorillaConn) send(m message) error { return c.WriteMessage(opcode(m), m.data) }

func (c gorillaConn) sendFragments(m message) error {
	w, err := c.NextWriter(opcode(m))
	if err != nil {
		return err
	}
	if _, err := io.Copy(w, bytes.NewReader(m.data)); err != nil {
		return err
	}
	return w.Close()
}

func (c gorillaConn) receive() (message, error) {
	typ, data, err := c.ReadMessage()
	return message{typ == gorilla.TextMessage, data}, err
}

func (c gorillaConn) close() error {
	defer c.Close()
	bye := gorilla.FormatCloseMessage(gorilla.CloseNormalClosure, "bye")
	if err := c.WriteControl(gorilla.CloseMessage, bye, time.Now().Add(limit)); err != nil {
		return err
	}
	if _, _, err := c.ReadMessage(); !gorilla.IsCloseError(err, gorilla.CloseNormalClosure) {
		return err
	}
	return nil
}

type coderConn struct{ *coder.Conn }

func coderMode(deflate bool) coder.CompressionMode {
	if deflate {
		return coder.CompressionContextTakeover
	}
	return coder.CompressionDisabled
}

func dialCoder(url string, deflate bool) (stranger, string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	c, res, err := coder.Dial(ctx, url, &coder.DialOptions{CompressionMode: coderMode(deflate)})
	if err != nil {
		return nil, "", err
	}
	c.SetReadLimit(maxMessage)
	return coderConn{c}, res.Header.Get(extensionsHeader), nil
}

func acceptCoder(w http.ResponseWriter, r *http.Request, deflate bool) (stranger, error) {
	c, err := coder.Accept(w, r, &coder.AcceptOptions{CompressionMode: coderMode(deflate)})
	if err != nil {
		return nil, err
	}
	c.SetReadLimit(maxMessage)
	return coderConn{c}, nil
}

func coderType(m message) coder.MessageType {
	if m.text {
		return coder.MessageText
	}
	return coder.MessageBinary
}

func (c coderConn) send(m message) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	return c.Write(ctx, coderType(m), m.data)
}

// sendFragments writes thrice, which makes three frames, or as many as the compression likes.
func (c coderConn) sendFragments(m message) error {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	w, err := c.Writer(ctx, coderType(m))
	if err != nil {
		return err
	}
	third := len(m.data) / 3
	for _, part := range [][]byte{m.data[:third], m.data[third : 2*third], m.data[2*third:]} {
		if _, err := w.Write(part); err != nil {
			return err
		}
	}
	return w.Close()
}

func (c coderConn) receive() (message, error) {
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	typ, data, err := c.Read(ctx)
	return message{typ == coder.MessageText, data}, err
}

func (c coderConn) close() error { return c.Close(coder.StatusNormalClosure, "bye") }

// gwsConn gets what its reading loop hears through a channel.
type gwsConn struct {
	gws.BuiltinEventHandler
	conn  *gws.Conn
	heard chan message
	ended chan error
}

func newGWS() *gwsConn {
	return &gwsConn{heard: make(chan message, 1), ended: make(chan error, 1)}
}

func gwsDeflate(on bool) gws.PermessageDeflate {
	return gws.PermessageDeflate{Enabled: on, ServerContextTakeover: true, ClientContextTakeover: true}
}

func dialGWS(url string, deflate bool) (stranger, string, error) {
	g := newGWS()
	c, res, err := gws.NewClient(g, &gws.ClientOption{Addr: url, PermessageDeflate: gwsDeflate(deflate), CheckUtf8Enabled: true})
	if err != nil {
		return nil, "", err
	}
	return g.begin(c), res.Header.Get(extensionsHeader), nil
}

func acceptGWS(w http.ResponseWriter, r *http.Request, deflate bool) (stranger, error) {
	g := newGWS()
	c, err := gws.NewUpgrader(g, &gws.ServerOption{PermessageDeflate: gwsDeflate(deflate), CheckUtf8Enabled: true}).Upgrade(w, r)
	if err != nil {
		return nil, err
	}
	return g.begin(c), nil
}

func (g *gwsConn) begin(c *gws.Conn) stranger {
	g.conn = c
	go c.ReadLoop()
	return g
}

func (g *gwsConn) OnMessage(_ *gws.Conn, m *gws.Message) {
	g.heard <- message{m.Opcode == gws.OpcodeText, bytes.Clone(m.Bytes())}
	_ = m.Close()
}

func (g *gwsConn) OnClose(_ *gws.Conn, err error) { g.ended <- err }

func (g *gwsConn) send(m message) error { return g.conn.WriteMessage(gws.Opcode(opcode(m)), m.data) }

// sendFragments makes frames of 128 KiB.
func (g *gwsConn) sendFragments(m message) error {
	return g.conn.WriteFile(gws.Opcode(opcode(m)), bytes.NewReader(m.data))
}

func (g *gwsConn) receive() (message, error) {
	select {
	case m := <-g.heard:
		return m, nil
	case err := <-g.ended:
		return message{}, err
	case <-time.After(limit):
		return message{}, context.DeadlineExceeded
	}
}

func (g *gwsConn) close() error {
	err := g.conn.WriteClose(1000, nil)
	<-g.ended
	return err
}
