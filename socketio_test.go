package veche

import (
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/vechehq/veche/bus/local"
	"github.com/vechehq/veche/socketio"
	"github.com/vechehq/veche/store/memory"
)

// A client that polls comes to whichever node a load balancer chooses, and to the other when one is gone.
func TestSocketIOWithoutStickySessions(t *testing.T) {
	a, b := twoNodes(t)

	c := &wanderer{t: t}
	c.sid = c.handshake(a)
	c.post(b, `40{"name":"Ann"}`)
	hello, _, _ := strings.Cut(c.get(b), "\x1e")
	var me struct{ SID, PID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(hello, "40")), &me); err != nil || me.PID == "" {
		t.Fatalf("got %q: %v", hello, err)
	}
	c.post(b, `420["join",{"room":"r"}]`)
	joined := c.until(a, `430[{"type":"ok","room":"r"`)
	if rooms := `42["rooms",["r"],"r:0:`; !strings.Contains(joined, rooms) {
		c.until(a, rooms)
	}
	if _, err := b.srv.Room("r").Send(t.Context(), "one"); err != nil {
		t.Fatal(err)
	}
	said := c.until(b, `"seq":1,`)
	offset := said[strings.LastIndex(said, `,"`)+2 : strings.LastIndex(said, `"]`)]

	a.close()
	if _, err := b.srv.Room("r").Send(t.Context(), "two"); err != nil {
		t.Fatal(err)
	}
	if status, body := c.request(b, "GET", ""); status != 400 || !strings.Contains(body, `"code":1`) {
		t.Fatalf("got %d %s", status, body)
	}
	c.sid = ""
	c.sid = c.handshake(b)
	c.post(b, `40{"pid":"`+me.PID+`","offset":"`+offset+`"}`)
	again := c.until(b, `"body":"two"`)
	if !strings.Contains(again, me.SID) || !strings.Contains(again, me.PID) {
		t.Fatalf("it is not recovered: %q", again)
	}
	if strings.Contains(again, `"body":"one"`) {
		t.Errorf("what it had comes again: %q", again)
	}
}

// What a program emits on one node reaches the sockets and the programs of the others.
func TestSocketIOOverTheBus(t *testing.T) {
	a, b := twoNodes(t)
	heard := make(chan string, 1)
	for _, n := range []*node{a, b} {
		n.srv.SocketIO().Of("/game").OnConnection(func(s *socketio.Socket) { s.Join("all") })
	}
	b.srv.SocketIO().Of("/game").OnServer("hello", func(who string, n int) { heard <- who })

	c := &wanderer{t: t}
	c.sid = c.handshake(b)
	c.post(b, `40/game,`)
	c.until(b, `40/game,{"sid"`)
	for deadline := time.Now().Add(time.Minute); len(b.srv.SocketIO().Of("/game").In("all").Sockets()) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the socket does not join")
		}
	}
	if err := a.srv.SocketIO().Of("/game").To("all").Emit("move", 1, []byte{7}); err != nil {
		t.Fatal(err)
	}
	if got := c.get(b); got != "451-/game,[\"move\",1,{\"_placeholder\":true,\"num\":0}]\x1ebBw==" {
		t.Errorf("got %q", got)
	}
	if err := a.srv.SocketIO().Of("/game").ServerSideEmit("hello", "ann", 2); err != nil {
		t.Fatal(err)
	}
	select {
	case who := <-heard:
		if who != "ann" {
			t.Errorf("got %q", who)
		}
	case <-time.After(time.Minute):
		t.Error("the other node hears nothing")
	}
	a.srv.SocketIO().Of("/game").DisconnectSockets(false)
	if got := c.get(b); got != "41/game," {
		t.Errorf("got %q", got)
	}
}

// node is a server behind a load balancer.
type node struct {
	srv   *Server
	http  *httptest.Server
	close func()
}

// twoNodes returns nodes that share a store, a bus and a key.
func twoNodes(t *testing.T) (a, b *node) {
	t.Helper()
	store, bus := memory.New(nil), local.New(nil)
	t.Cleanup(func() {
		_ = store.Close(context.Background())
		_ = bus.Close(context.Background())
		http.DefaultClient.CloseIdleConnections()
	})
	config := Config{Store: store, Bus: bus, Key: make([]byte, 32)}
	return newNode(t, config), newNode(t, config)
}

func newNode(t *testing.T, c Config) *node {
	t.Helper()
	c.Log = slog.New(slog.DiscardHandler)
	srv, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	n := &node{srv: srv, http: httptest.NewServer(srv)}
	closed := false
	n.close = func() {
		if closed {
			return
		}
		closed = true
		now, cancel := context.WithCancel(context.Background())
		cancel() // as a process that dies does not wait
		_ = srv.Close(now)
		n.http.Close()
	}
	t.Cleanup(n.close)
	return n
}

// wanderer is a Socket.IO client by polling that may come to any node.
type wanderer struct {
	t   *testing.T
	sid string
}

func (c *wanderer) request(n *node, method, body string) (status int, answer string) {
	c.t.Helper()
	url := n.http.URL + "/socket.io/?EIO=4&transport=polling"
	if c.sid != "" {
		url += "&sid=" + c.sid
	}
	req, err := http.NewRequestWithContext(c.t.Context(), method, url, strings.NewReader(body))
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

func (c *wanderer) handshake(n *node) (sid string) {
	c.t.Helper()
	var h struct{ SID string }
	if text := c.get(n); json.Unmarshal([]byte(text[1:]), &h) != nil || h.SID == "" {
		c.t.Fatalf("the handshake: %q", text)
	}
	return h.SID
}

func (c *wanderer) get(n *node) string {
	c.t.Helper()
	status, text := c.request(n, "GET", "")
	if status != 200 {
		c.t.Fatalf("GET: %d %s", status, text)
	}
	return text
}

// until polls until something has come that has what in it, and returns all that came.
func (c *wanderer) until(n *node, what string) string {
	c.t.Helper()
	text := c.get(n)
	for !strings.Contains(text, what) {
		text += "\x1e" + c.get(n)
	}
	return text
}

func (c *wanderer) post(n *node, body string) {
	c.t.Helper()
	if status, text := c.request(n, "POST", body); status != 200 || text != "ok" {
		c.t.Fatalf("POST %s: %d %s", body, status, text)
	}
}

// The token of auth says who one is; one that is no good is refused with its code. Who is sent away is told so, and its
// connection is closed, so that the client comes back by itself.
func TestSocketIOAuthAndDrain(t *testing.T) {
	n := newNode(t, Config{InMemory: true, Spread: time.Second})
	token, err := n.srv.Token(User{ID: "ann", Name: "Ann"})
	if err != nil {
		t.Fatal(err)
	}
	c := &wanderer{t: t}
	c.sid = c.handshake(n)
	c.post(n, `40{"token":"not one"}`)
	if refused := c.get(n); !strings.HasPrefix(refused, `44{"message":"`) || !strings.Contains(refused, `"data":{"code":"unauthorized","retry":false}}`) {
		t.Errorf("got %q", refused)
	}
	c.post(n, `40{"token":"`+token+`"}`)
	c.until(n, `40{"sid":`)
	c.post(n, `42["join",{"room":"r"}]`)
	c.until(n, `"names":{"ann":"Ann"}`)
	c.post(n, `42["send",{"room":"r"}]`)
	c.until(n, `42["error",{"type":"error","code":"bad_request"`)

	drained := make(chan error, 1)
	go func() { drained <- n.srv.Drain(context.Background()) }()
	c.until(n, `42["bye",{"type":"bye","code":"drain"`)
	if got := c.get(n); got != "1" {
		t.Errorf("got %q", got)
	}
	if err := <-drained; err != nil {
		t.Error(err)
	}
}

// A program asks for the sockets of all nodes and gets all their clients' answers; it moves them too. Where nothing comes from a node, that is said.
func TestSocketIOAsksAllNodes(t *testing.T) {
	a, b := twoNodes(t)
	for name, n := range map[string]*node{"a": a, "b": b} {
		n.srv.SocketIO().Of("/game").OnConnection(func(s *socketio.Socket) {
			s.Data = name
			s.Join("all")
		})
	}
	clients := []*wanderer{{t: t}, {t: t}}
	for i, n := range []*node{a, b} {
		clients[i].sid = clients[i].handshake(n)
		clients[i].post(n, `40/game,`)
		clients[i].until(n, `40/game,{"sid"`)
	}
	game := a.srv.SocketIO().Of("/game")
	var all []*socketio.RemoteSocket
	datas := ""
	for deadline := time.Now().Add(time.Minute); len(datas) < len(`"a""b"`); {
		if time.Now().After(deadline) {
			t.Fatalf("the sockets are %v", all)
		}
		var err error
		if all, err = game.In("all").FetchSockets(t.Context()); err != nil {
			t.Fatal(err)
		}
		datas = ""
		for _, s := range all {
			datas += string(s.Data)
		}
	}
	if datas != `"a""b"` || len(all[1].Rooms) != 2 || all[1].Rooms[0] != all[1].ID || all[1].Rooms[1] != "all" {
		t.Errorf("got %s and %v", datas, all[1])
	}

	for i, n := range []*node{a, b} {
		go func() {
			question := clients[i].until(n, `["question",1]`)
			id := strings.TrimSuffix(strings.TrimPrefix(question, `42/game,`), `["question",1]`)
			clients[i].post(n, `43/game,`+id+`["answer"]`)
		}()
	}
	answers, err := game.EmitWithAck(t.Context(), "question", 1)
	if err != nil || len(answers) != 2 || string(answers[1].JSON(0)) != `"answer"` {
		t.Errorf("got %v, %v", answers, err)
	}

	all[1].Join("other")
	var other []*socketio.RemoteSocket
	for deadline := time.Now().Add(time.Minute); len(other) == 0; {
		if time.Now().After(deadline) {
			t.Fatal("the other node's socket does not join")
		}
		if other, err = game.In("other").FetchSockets(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if other[0].ID != all[1].ID {
		t.Errorf("%v is in the room", other[0])
	}

	short, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
	defer cancel()
	go clients[0].until(a, `["question",2]`)
	go clients[1].until(b, `["question",2]`)
	if answers, err := game.EmitWithAck(short, "question", 2); err == nil || len(answers) > 0 {
		t.Errorf("nobody answers, and we get %v, %v", answers, err)
	}
	b.close()
	for deadline := time.Now().Add(time.Minute); ; {
		all, err := game.FetchSockets(t.Context())
		if err == nil && len(all) == 1 {
			break
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %v, %v", all, err)
		}
	}
}

// What is emitted in a recoverable namespace is in the store: a client recovers on another node, in order, also what that node's programs said.
func TestSocketIORecoversOnAnotherNode(t *testing.T) {
	a, b := twoNodes(t)
	for _, n := range []*node{a, b} {
		n.srv.SocketIO().Of("/kept").Recoverable(nil)
		n.srv.SocketIO().Of("/kept").OnConnection(func(s *socketio.Socket) {
			if !s.Recovered() {
				s.Join("all")
				_ = s.Emit("hello")
			}
		})
	}
	c := &wanderer{t: t}
	c.sid = c.handshake(a)
	c.post(a, `40/kept,`)
	hello, greeting, together := strings.Cut(c.get(a), "\x1e")
	var me struct{ SID, PID string }
	if err := json.Unmarshal([]byte(strings.TrimPrefix(hello, "40/kept,")), &me); err != nil || me.PID == "" {
		t.Fatalf("got %q: %v", hello, err)
	}
	if !together {
		greeting = c.until(a, "hello")
	}
	if greeting != `42/kept,["hello","1"]` {
		t.Fatalf("got %q", greeting)
	}
	for i, n := range []*node{b, a, b} {
		if err := n.srv.SocketIO().Of("/kept").To("all").Emit("said", i); err != nil {
			t.Fatal(err)
		}
	}
	a.close()
	c.sid = ""
	c.sid = c.handshake(b)
	c.post(b, `40/kept,{"pid":"`+me.PID+`","offset":"1"}`)
	want := `40/kept,{"sid":"` + me.SID + `","pid":"` + me.PID + `"}` +
		"\x1e42/kept,[\"said\",0,\"2\"]\x1e42/kept,[\"said\",1,\"3\"]\x1e42/kept,[\"said\",2,\"4\"]"
	got := c.get(b)
	for strings.Count(got, "\x1e") < 3 {
		got += "\x1e" + c.get(b)
	}
	if got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
