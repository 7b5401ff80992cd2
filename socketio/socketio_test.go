package socketio_test

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/vechehq/veche/socketio"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client is a client by polling.
type client struct {
	t    *testing.T
	url  string
	held string // of the last answer, what was not asked for yet
}

// serve serves a Socket.IO server until the test ends, and returns a client of it.
func serve(t *testing.T, o socketio.Options) (*socketio.Server, *client) {
	t.Helper()
	o.Log = slog.New(slog.DiscardHandler)
	srv := socketio.New(&o)
	h := httptest.NewServer(srv)
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 100*time.Millisecond)
		defer cancel()
		_ = srv.Close(ctx) // clients that poll no more are cut off
		http.DefaultClient.CloseIdleConnections()
		h.Close()
	})
	return srv, &client{t: t, url: h.URL + "/socket.io/?EIO=4&transport=polling"}
}

func (c *client) do(method, body string) (int, string) {
	c.t.Helper()
	ctx, cancel := context.WithTimeout(c.t.Context(), time.Minute)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.url, strings.NewReader(body))
	if err != nil {
		c.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		c.t.Fatal(err)
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		c.t.Fatal(err)
	}
	return resp.StatusCode, string(text)
}

// open opens the connection and joins a namespace.
func (c *client) open(connect string) (hello string) {
	c.t.Helper()
	_, text := c.do("GET", "")
	var h struct{ SID string }
	if err := json.Unmarshal([]byte(text[1:]), &h); err != nil {
		c.t.Fatal(err)
	}
	c.url += "&sid=" + h.SID
	c.say(connect)
	return c.next()
}

func (c *client) say(packets ...string) {
	c.t.Helper()
	if status, text := c.do("POST", strings.Join(packets, "\x1e")); status != 200 {
		c.t.Fatalf("POST %q: %d %s", packets, status, text)
	}
}

// next returns the next packet.
func (c *client) next() string {
	c.t.Helper()
	if c.held == "" {
		status, text := c.do("GET", "")
		if status != 200 {
			c.t.Fatalf("GET: %d %s", status, text)
		}
		c.held = text
	}
	var packet string
	packet, c.held, _ = strings.Cut(c.held, "\x1e")
	return packet
}

func (c *client) want(packets ...string) {
	c.t.Helper()
	for _, want := range packets {
		if got := c.next(); got != want {
			c.t.Errorf("got %q, want %q", got, want)
		}
	}
}

type move struct {
	X, Y int
	Mark []byte
}

func TestHandlers(t *testing.T) {
	srv, c := serve(t, socketio.Options{})
	srv.On("connection", func(s *socketio.Socket) {
		s.On("sum", func(numbers ...int) int {
			n := 0
			for _, x := range numbers {
				n += x
			}
			return n
		})
		s.On("late", func(name string, ack socketio.Ack) { _, _ = ack("hello", name), ack("twice") })
		socketio.On(s, "move", func(m move) { _ = s.Emit("moved", m.X+m.Y, len(m.Mark)) })
		socketio.Reply(s, "div", func(in [2]int) (int, error) {
			if in[1] == 0 {
				return 0, &socketio.Error{Message: "by zero", Data: 7}
			}
			return in[0] / in[1], nil
		})
		s.On("any", func(v any, raw json.RawMessage) { _ = s.Emit("any", v, raw) })
		s.On("nested", func() {
			_ = s.Emit("nested", map[string]any{"a": []any{[]byte{1}}}, struct{ B socketio.Binary }{socketio.Binary{2}})
		})
		s.On("error", func(why string) { _ = s.Emit("wrong", why) })
		s.Once("once", func() { _ = s.Emit("once") })
		s.On("panic", func() { panic("a handler's fault") })
	})
	c.open("40")
	c.say(`420["sum",1,2,3]`, `421["late","ann"]`, `42["move",{"X":1,"Y":2}]`, `422["div",[6,3]]`, `423["div",[6,0]]`)
	c.want(`430[6]`, `431["hello","ann"]`, `42["moved",3,0]`, `432[2]`, `433[{"error":{"message":"by zero","data":7}}]`)
	c.say("451-[\"move\",{\"X\":1,\"Mark\":{\"_placeholder\":true,\"num\":0}}]", "bAQIDBA==", "451-[\"any\",{\"deep\":[{\"_placeholder\":true,\"num\":0}]},{\"_placeholder\":true,\"num\":0}]", "bAQ==")
	c.want(`42["moved",1,4]`, `451-["any",{"deep":[{"_placeholder":true,"num":0}]},"AQ=="]`, "bAQ==")
	c.say(`42["nested"]`, `42["once"]`, `42["once"]`, `42["sum","x"]`)
	c.want(`452-["nested",{"a":[{"_placeholder":true,"num":0}]},{"B":{"_placeholder":true,"num":1}}]`, "bAQ==", "bAg==", `42["once"]`)
	if got := c.next(); !strings.HasPrefix(got, `42["wrong","socketio: argument 1: `) {
		t.Errorf("got %q", got)
	}
	c.say(`42["panic"]`)
	c.want("1")
}

func TestMiddlewareAndHandshake(t *testing.T) {
	srv, c := serve(t, socketio.Options{Greet: func(r *http.Request, answer http.Header) (any, error) {
		answer.Set("X-Greeting", "hello")
		return r.Header.Get("User-Agent"), nil
	}})
	srv.Use(func(s *socketio.Socket) error {
		if string(s.Handshake().Auth) == `{"as":"nobody"}` {
			return errors.New("nobody is not let in")
		}
		s.Data = s.Handshake().Visitor
		return nil
	})
	srv.OnConnection(func(s *socketio.Socket) { _ = s.Emit("you", s.Data, s.Handshake().Query.Get("EIO")) })
	if got := c.open(`40{"as":"nobody"}`); got != `44{"message":"nobody is not let in"}` {
		t.Errorf("got %q", got)
	}
	c.say("40")
	if got := c.next(); !strings.HasPrefix(got, `40{"sid":`) {
		t.Errorf("got %q", got)
	}
	c.want(`42["you","Go-http-client/1.1","4"]`)
}

func TestRoomsAndAcks(t *testing.T) {
	srv, c := serve(t, socketio.Options{})
	left := make(chan []string, 1)
	srv.OnConnection(func(s *socketio.Socket) {
		s.Join("a", "b", "a")
		s.On("disconnecting", func(reason string) { left <- append(s.Rooms()[1:], reason) })
		s.On("ask", func() {
			answer, err := s.EmitWithAck(context.Background(), "question", 1)
			_ = s.Emit("answered", answer, err == nil)
		})
		_ = s.Emit("ready")
	})
	c.open("40")
	c.want(`42["ready"]`)
	if err := srv.To("b", "a").Except("c").Emit("once", 1); err != nil {
		t.Fatal(err)
	}
	c.want(`42["once",1]`)
	if err := srv.To("a").Except("b").Emit("never"); err != nil {
		t.Fatal(err)
	}
	if err := srv.Emit("connect"); err == nil {
		t.Error("a reserved name is emitted")
	}
	c.say(`42["ask"]`)
	question := c.next()
	id := strings.TrimSuffix(strings.TrimPrefix(question, "42"), `["question",1]`)
	c.say("43" + id + `["yes",2]`)
	c.want(`42["answered","yes",2,true]`)

	all := srv.In("a").Sockets()
	if len(all) != 1 || srv.Socket(all[0].ID()) != all[0] || srv.Len() != 1 {
		t.Fatalf("got %v", all)
	}
	srv.In("b").SocketsLeave("a")
	go srv.In("b").DisconnectSockets(true)
	c.want("41", "1")
	if diff := cmp.Diff([]string{"b", "server namespace disconnect"}, <-left); diff != "" {
		t.Error(diff)
	}
}

// A client that takes nothing is cut off when what waits for it is above the bound.
func TestSlowClient(t *testing.T) {
	srv, c := serve(t, socketio.Options{Buffer: 64 << 10})
	gone := make(chan string, 1)
	srv.OnConnection(func(s *socketio.Socket) {
		s.On("disconnect", func(reason string) { gone <- reason })
		_ = s.Emit("ready")
	})
	c.open("40")
	c.want(`42["ready"]`)
	for range 100 {
		_ = srv.Emit("flood", strings.Repeat("x", 1024))
		_ = srv.Volatile().Emit("volatile")
	}
	if got := c.next(); got != "1" {
		t.Errorf("got %.40q", got)
	}
	if reason := <-gone; reason != "forced close" {
		t.Errorf("the reason is %q", reason)
	}
}

// Whoever speaks to all while clients come in, and whatever a handler says first: the answer to CONNECT is before it.
func TestConnectComesFirst(t *testing.T) {
	srv, c := serve(t, socketio.Options{})
	srv.Use(func(*socketio.Socket) error { return nil }) // so that clients are let in beside what they say
	srv.OnConnection(func(s *socketio.Socket) { _ = s.Emit("hello") })
	stop := make(chan struct{})
	var crier sync.WaitGroup
	crier.Go(func() {
		for {
			select {
			case <-stop:
				return
			default:
				_ = srv.Emit("n")
			}
		}
	})
	defer crier.Wait()
	defer close(stop)
	for range 100 {
		visitor := &client{t: t, url: c.url}
		if hello := visitor.open("40"); !strings.HasPrefix(hello, `40{"sid":"`) {
			t.Fatalf("got %.60q before it", hello)
		}
		visitor.say("1")
	}
}
