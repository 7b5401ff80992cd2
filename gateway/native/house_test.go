package native

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/vechehq/veche/auth"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/internal/memnet"
	"github.com/vechehq/veche/store/memory"
	"github.com/vechehq/veche/transport"
	"github.com/vechehq/veche/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a hub with the gateway, over real WebSocket connections in a network of memory. Time is
// the bubble's.
type house struct {
	t       *testing.T
	auth    *auth.Auth
	hub     *hub.Hub
	sockets *transport.WebSocket
	net     *memnet.Listener
}

// story runs a test inside a house.
func story(t *testing.T, c hub.Config, f func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, c, auth.Config{})
		f(t, h)
		h.close()
	})
}

func newHouse(t *testing.T, c hub.Config, a auth.Config) *house {
	a.Key = make([]byte, auth.KeySize)
	identities, err := auth.New(a)
	if err != nil {
		t.Fatal(err)
	}
	if c.Store == nil {
		c.Store = memory.New(&memory.Options{Messages: 10_000, Bytes: 64 << 20})
	}
	c.Authorizer = identities
	h := &house{t: t, auth: identities, hub: hub.New(c), net: memnet.Listen("house")}
	h.sockets = transport.NewWebSocket(transport.Options{})
	gateway := New(Config{Hub: h.hub, Identity: identities, Server: "veche/test"})
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		u, err := identities.Request(r, w.Header())
		h.sockets.Serve(w, r, Protocol, func(p transport.Pipe) transport.Handler {
			return gateway.Open(p, Visit{User: u, Err: err, Query: r.URL.Query()})
		})
	})}
	go server.Serve(h.net)
	t.Cleanup(func() { server.Close() })
	return h
}

func (h *house) close() {
	if err := h.sockets.Close(h.t.Context()); err != nil {
		h.t.Error("closing the sockets:", err)
	}
	if n := h.hub.Sessions(); n != 0 {
		h.t.Errorf("%d sessions are left", n)
	}
	if err := h.hub.Close(h.t.Context()); err != nil {
		h.t.Error("closing the hub:", err)
	}
}

func (h *house) token(id, name string, d time.Duration) string {
	token, err := h.auth.Sign(hub.User{ID: id, Name: name, Expires: time.Now().Add(d)})
	if err != nil {
		h.t.Fatal(err)
	}
	return token
}

// leeway is what a token is good for beyond its expiry, for clocks that differ.
const leeway = 5 * time.Second

// client is one connection, as its user sees it.
type client struct {
	t    *testing.T
	name string
	conn *ws.Conn
}

// dial connects. headers are pairs of name and value.
func (h *house) dial(name, query string, headers ...string) *client {
	h.t.Helper()
	o := &ws.DialOptions{DialContext: h.net.DialContext, Header: http.Header{}, Subprotocols: []string{"veche.v1"}}
	for i := 0; i < len(headers); i += 2 {
		if headers[i] == "Sec-WebSocket-Protocol" {
			o.Subprotocols = strings.Split(headers[i+1], ", ")
			continue
		}
		o.Header.Set(headers[i], headers[i+1])
	}
	conn, _, err := ws.Dial(h.t.Context(), "ws://localhost/ws"+query, o)
	if err != nil {
		h.t.Fatalf("%s: %v", name, err)
	}
	h.t.Cleanup(func() { conn.CloseNow() })
	return &client{t: h.t, name: name, conn: conn}
}

// as connects with a token that is good for an hour, and takes the welcome.
func (h *house) as(id string) *client {
	h.t.Helper()
	c := h.dial(id, "", "Authorization", "Bearer "+h.token(id, strings.ToUpper(id), time.Hour))
	c.want("who one is", `{"type":"welcome","user":{"id":"`+id+`","name":"`+strings.ToUpper(id)+`"}}`)
	return c
}

// in is as, and joins a room. It takes what follows.
func (h *house) in(id, room string) *client {
	h.t.Helper()
	c := h.as(id)
	c.say(`{"type":"join","id":"j","room":"` + room + `"}`)
	c.want("the join", `{"type":"ok","id":"j","room":"`+room+`"}`)
	c.want("who is there", `{"type":"presence","whole":true}`)
	return c
}

func (c *client) say(text string) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), ws.Text, []byte(text)); err != nil {
		c.t.Fatalf("%s says %s: %v", c.name, text, err)
	}
}

// read returns the next object.
func (c *client) read() (map[string]any, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Minute)
	defer cancel()
	typ, text, err := c.conn.Read(ctx)
	if err != nil {
		return nil, err
	}
	if typ != ws.Text {
		c.t.Fatalf("%s got a binary message", c.name)
	}
	var object map[string]any
	if err := json.Unmarshal(text, &object); err != nil {
		c.t.Fatalf("%s got %s: %v", c.name, text, err)
	}
	return object, nil
}

// want reads the next object, which must have the fields of pattern; null means that there is none.
func (c *client) want(why, pattern string) map[string]any {
	c.t.Helper()
	got, err := c.read()
	if err != nil {
		c.t.Fatalf("%s waits for %s: %v", c.name, why, err)
	}
	if !matches(got, object(c.t, pattern)) {
		c.t.Fatalf("%s waits for %s\n got %v\nwant %s", c.name, why, got, pattern)
	}
	return got
}

func object(t *testing.T, text string) (o map[string]any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), &o); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return o
}

func matches(got, pattern map[string]any) bool {
	for k, want := range pattern {
		v, there := got[k]
		if want == nil && there || want != nil && !reflect.DeepEqual(v, want) {
			return false
		}
	}
	return true
}

// seek reads until an object matches, over what comes in between.
func (c *client) seek(why, pattern string) map[string]any {
	c.t.Helper()
	p := object(c.t, pattern)
	for {
		got, err := c.read()
		if err != nil {
			c.t.Fatalf("%s waits for %s (%s): %v", c.name, why, pattern, err)
		}
		if matches(got, p) {
			return got
		}
	}
}

// wantClose reads the close frame.
func (c *client) wantClose(code ws.StatusCode) {
	c.t.Helper()
	got, err := c.read()
	if err == nil {
		c.t.Fatalf("%s waits for the close, got %v", c.name, got)
	}
	if e, ok := errors.AsType[*ws.CloseError](err); !ok || e.Code != code {
		c.t.Fatalf("%s waits for close %d, got %v", c.name, code, err)
	}
}

// quiet checks that nothing comes for a while.
func (c *client) quiet(why string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), 5*time.Second)
	defer cancel()
	if _, text, err := c.conn.Read(ctx); err == nil {
		c.t.Fatalf("%s should hear nothing (%s), got %s", c.name, why, text)
	}
}

func (c *client) leave() {
	c.t.Helper()
	if err := c.conn.Close(ws.StatusNormal, ""); err != nil {
		c.t.Errorf("%s closes: %v", c.name, err)
	}
}
