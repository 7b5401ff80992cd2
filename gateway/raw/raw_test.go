package raw

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/internal/memnet"
	"github.com/vechehq/veche/store/memory"
	"github.com/vechehq/veche/transport"
	"github.com/vechehq/veche/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// house is a hub with the gateway, over real WebSocket connections in a network of memory. Users are
// who their header says.
type house struct {
	t       *testing.T
	hub     *hub.Hub
	sockets *transport.WebSocket
	net     *memnet.Listener
}

func story(t *testing.T, c hub.Config, f func(t *testing.T, h *house)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		if c.Store == nil {
			c.Store = memory.New(&memory.Options{Messages: 10_000, Bytes: 64 << 20})
		}
		h := &house{t: t, hub: hub.New(c), net: memnet.Listen("house")}
		h.sockets = transport.NewWebSocket(transport.Options{})
		gateway := New(h.hub)
		mux := http.NewServeMux()
		mux.HandleFunc("/raw/{room...}", func(w http.ResponseWriter, r *http.Request) {
			v := Visit{User: hub.User{ID: r.Header.Get("User")}, Room: r.PathValue("room"), Query: r.URL.Query()}
			if v.User.ID == "bad" {
				v.Err = hub.ErrExpired
			}
			h.sockets.Serve(w, r, Protocol, func(p transport.Pipe) transport.Handler { return gateway.Open(p, v) })
		})
		server := &http.Server{Handler: mux}
		go server.Serve(h.net)
		defer server.Close()
		f(t, h)
		if err := h.sockets.Close(t.Context()); err != nil {
			t.Error("closing the sockets:", err)
		}
		if n := h.hub.Sessions(); n != 0 {
			t.Errorf("%d sessions are left", n)
		}
		if err := h.hub.Close(t.Context()); err != nil {
			t.Error("closing the hub:", err)
		}
	})
}

type client struct {
	t    *testing.T
	name string
	conn *ws.Conn
}

func (h *house) dial(user, path string, protocols ...string) *client {
	h.t.Helper()
	conn, _, err := ws.Dial(h.t.Context(), "ws://localhost/raw/"+path, &ws.DialOptions{
		DialContext:  h.net.DialContext,
		Header:       http.Header{"User": {user}},
		Subprotocols: protocols,
	})
	if err != nil {
		h.t.Fatalf("%s: %v", user, err)
	}
	h.t.Cleanup(func() { conn.CloseNow() })
	return &client{t: h.t, name: user, conn: conn}
}

// in is dial, and waits until the client is in the room.
func (h *house) in(user, path string) *client {
	h.t.Helper()
	c := h.dial(user, path)
	synctest.Wait()
	return c
}

func (c *client) say(typ ws.MessageType, data string) {
	c.t.Helper()
	if err := c.conn.Write(c.t.Context(), typ, []byte(data)); err != nil {
		c.t.Fatalf("%s: %v", c.name, err)
	}
}

func (c *client) read() (ws.MessageType, []byte, error) {
	ctx, cancel := context.WithTimeout(c.t.Context(), 2*time.Minute)
	defer cancel()
	return c.conn.Read(ctx)
}

func (c *client) want(why string, typ ws.MessageType, data string) {
	c.t.Helper()
	gotType, got, err := c.read()
	if err != nil || gotType != typ || string(got) != data {
		c.t.Fatalf("%s waits for %s: got %v %.200q %v, want %v %.200q", c.name, why, gotType, got, err, typ, data)
	}
}

func (c *client) wantClose(code ws.StatusCode, reason string) {
	c.t.Helper()
	_, got, err := c.read()
	e, ok := errors.AsType[*ws.CloseError](err)
	if !ok || e.Code != code || !strings.HasPrefix(e.Reason, reason) {
		c.t.Fatalf("%s waits for close %d %s, got %q %v", c.name, code, reason, got, err)
	}
}

func TestTwoTalk(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		ann, bob := h.in("ann", "general"), h.in("bob", "general?echo=0")
		ann.say(ws.Text, "hi")
		ann.want("her own", ws.Text, "hi")
		bob.want("it", ws.Text, "hi")
		bob.say(ws.Binary, "\x00\xff")
		bob.say(ws.Text, "")
		ann.want("bytes", ws.Binary, "\x00\xff")
		ann.want("an empty one", ws.Text, "")
		ann.say(ws.Text, "bye")
		bob.want("not his own", ws.Text, "bye")

		late := h.in("late", "general?since=2")
		late.want("what was", ws.Text, "")
		late.want("what was", ws.Text, "bye")
		last := h.in("last", "general?since=-1")
		last.want("the last", ws.Text, "bye")

		h.hub.Send(hub.User{ID: "native"}, hub.Draft{Room: "general", Body: hub.Body{Data: []byte(`{"a":1}`)}}, func(_ hub.Sent, err error) {
			if err != nil {
				t.Error(err)
			}
		})
		last.want("JSON as its text", ws.Text, `{"a":1}`)
	})
}

func TestWelcome(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		ann := h.in("ann", "a/b")
		ann.say(ws.Text, "hi")
		ann.want("her own", ws.Text, "hi")
		bob := h.dial("bob", "a%2Fb?welcome=1&since=0")
		_, text, err := bob.read()
		if err != nil || !bytes.HasPrefix(text, []byte(`{"type":"welcome","room":"a/b","session":"`)) ||
			!bytes.Contains(text, []byte(`"user":{"id":"bob","name":""},"head":1,"epoch":"`)) {
			t.Errorf("the welcome is %s, %v", text, err)
		}
		bob.want("then the messages", ws.Text, "hi")
	})
}

// What is sent at once, before the room is there, is not lost, and echo=0 holds for it.
func TestHasty(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		ann := h.in("ann", "r")
		bob := h.dial("bob", "r?echo=0")
		for i := range 10 {
			bob.say(ws.Text, fmt.Sprint(i))
		}
		for i := range 10 {
			ann.want("all of it", ws.Text, fmt.Sprint(i))
		}
		ann.say(ws.Text, "end")
		bob.want("only hers", ws.Text, "end")
	})
}

// A reader that does not read loses nothing, and the sender is not held up.
func TestSlowReader(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		slow, ann := h.in("slow", "r"), h.in("ann", "r")
		const n = 5000
		pad := strings.Repeat(".", 1000)
		for i := range n {
			ann.say(ws.Text, fmt.Sprint(i, pad))
			ann.want("her own", ws.Text, fmt.Sprint(i, pad))
		}
		for i := range n {
			slow.want("every one", ws.Text, fmt.Sprint(i, pad))
		}
		ann.say(ws.Text, "live")
		slow.want("live again", ws.Text, "live")
	})
}

func TestRefusals(t *testing.T) {
	refuse := func(_ *hub.Session, room string) error {
		if room == "closed" {
			return hub.ErrForbidden
		}
		return nil
	}
	silence := func(_ *hub.Session, d *hub.Draft) error {
		if string(d.Body.Data) == "busy" {
			return hub.ErrBusy
		}
		return nil
	}
	story(t, hub.Config{Hooks: hub.Hooks{Join: refuse, BeforeSend: silence}}, func(t *testing.T, h *house) {
		for _, c := range []struct {
			user, path, say string
			code            ws.StatusCode
			reason          string
		}{
			{"bad", "r", "", 4401, "expired: "},
			{"", "r", "", 4401, "unauthorized: "},
			{"ann", "closed", "", 4403, "forbidden: "},
			{"ann", "", "", 1008, "bad_request: "},
			{"ann", "r%0A", "", 1008, "bad_request: "},
			{"ann", "%ff", "", 1008, "bad_request: "},
			{"ann", strings.Repeat("r", 129), "", 1008, "bad_request: "},
			{"ann", "r?since=x", "", 1008, "bad_request: "},
			{"ann", "r", strings.Repeat("b", 65537), 1009, "too_large: "},
			{"ann", "r", "busy", 1013, "busy: "},
			{"ann", "r", "\xff", 1007, ""},
			{"ann", "r", strings.Repeat("b", 1<<20+1), 1009, ""},
		} {
			client := h.dial(c.user, c.path)
			if c.say != "" {
				_ = client.conn.Write(t.Context(), ws.Text, []byte(c.say))
			}
			client.wantClose(c.code, c.reason)
		}
		synctest.Wait()
		if n := h.hub.Sessions(); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}

// What came before a refused message is in the room, what comes after it is not.
func TestRefusedAfterOthers(t *testing.T) {
	story(t, hub.Config{Limits: hub.Limits{Body: 10}}, func(t *testing.T, h *house) {
		ann, bob := h.in("ann", "r?echo=0"), h.in("bob", "r")
		for i := range 20 {
			ann.say(ws.Text, fmt.Sprint(i))
		}
		ann.say(ws.Text, "much too much")
		ann.say(ws.Text, "after")
		ann.wantClose(1009, "too_large: ")
		bob.say(ws.Text, "end")
		for i := range 20 {
			bob.want("what was before", ws.Text, fmt.Sprint(i))
		}
		bob.want("nothing else", ws.Text, "end")
	})
}

func TestDrain(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		ann := h.in("ann", "r")
		drained := make(chan error)
		go func() { drained <- h.hub.Drain(t.Context(), time.Second) }()
		ann.wantClose(1012, "drain: ")
		if err := <-drained; err != nil {
			t.Error(err)
		}
		h.dial("late", "r").wantClose(1012, "drain: ")
	})
}

func TestProtocol(t *testing.T) {
	for _, c := range []struct {
		offered []string
		want    string
	}{
		{nil, ""},
		{[]string{"chat"}, "chat"},
		{[]string{"veche.token.x", "chat", "other"}, "chat"},
		{[]string{"veche.token.x"}, ""},
	} {
		if got := Protocol(c.offered); got != c.want {
			t.Errorf("of %v: %q", c.offered, got)
		}
	}
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		if p := h.dial("ann", "r", "veche.token.x", "chat").conn.Subprotocol(); p != "chat" {
			t.Errorf("selected %q", p)
		}
	})
}
