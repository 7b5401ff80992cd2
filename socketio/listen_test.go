package socketio_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vechehq/veche/socketio"
	"github.com/vechehq/veche/ws"
)

// wanted waits for what comes on a channel, and fails if it is something else.
func wanted[T any](t *testing.T, c <-chan T, want ...T) {
	t.Helper()
	for _, w := range want {
		select {
		case got := <-c:
			if diff := cmp.Diff(w, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		case <-time.After(time.Minute):
			t.Fatalf("%v does not come", w)
		}
	}
}

func TestListenersOfEverything(t *testing.T) {
	srv, c := serve(t, socketio.Options{})
	heard := make(chan string, 32)
	note := func(who string) func(string, socketio.Args) {
		return func(event string, a socketio.Args) { heard <- fmt.Sprint(who, " ", event, " ", a.Values()) }
	}
	srv.OnConnection(func(s *socketio.Socket) {
		s.OnAny(note("second"))
		s.PrependAny(note("first"))
		s.OnAnyOutgoing(note("out 2"))
		s.PrependAnyOutgoing(note("out 1"))
		s.On("x", func(n int) { heard <- "handler" })
		s.On("off", func() {
			s.OffAny()
			s.OffAnyOutgoing()
			_ = s.Emit("quiet")
		})
		_ = s.Emit("ready", 1, []byte{2})
	})
	c.open("40")
	c.want(`451-["ready",1,{"_placeholder":true,"num":0}]`, "bAg==")
	wanted(t, heard, "out 1 ready [1 [2]]", "out 2 ready [1 [2]]")
	_ = srv.Emit("all", "a")
	_ = srv.Volatile().Emit("all", "b") // nobody polls: it is dropped, but was emitted
	c.want(`42["all","a"]`)
	wanted(t, heard, "out 1 all [a]", "out 2 all [a]", "out 1 all [b]", "out 2 all [b]")
	c.say(`42["x",7]`)
	wanted(t, heard, "first x [7]", "second x [7]", "handler")
	c.say(`42["off"]`)
	wanted(t, heard, "first off []", "second off []")
	c.want(`42["quiet"]`)
	c.say(`42["x",8]`)
	wanted(t, heard, "handler")
}

// With recovery each event is told once, without its offset.
func TestOutgoingOfARecoverableNamespace(t *testing.T) {
	srv, c := serve(t, socketio.Options{Recovery: &socketio.RecoveryOptions{}})
	heard := make(chan string, 8)
	srv.OnConnection(func(s *socketio.Socket) {
		s.OnAnyOutgoing(func(event string, a socketio.Args) { heard <- fmt.Sprint(event, a.Values()) })
		_ = s.Emit("one", 1)
		_ = srv.Local().Emit("two", 2) // there are no other nodes: it is kept too
	})
	c.open("40")
	c.want(`42["one",1,"1"]`, `42["two",2,"2"]`)
	wanted(t, heard, "one[1]", "two[2]")
}

// Who hears what goes out may emit in turn.
func TestOutgoingEmits(t *testing.T) {
	srv, c := serve(t, socketio.Options{Recovery: &socketio.RecoveryOptions{}})
	srv.OnConnection(func(s *socketio.Socket) {
		s.OnAnyOutgoing(func(event string, _ socketio.Args) {
			if event == "one" {
				_ = s.Emit("two")
			}
		})
		_ = s.Emit("one")
	})
	c.open("40")
	c.want(`42["one","1"]`, `42["two","2"]`)
}

// An event that is not kept is not taken for an offset by a client that recovers.
func TestNoStringIsAnOffset(t *testing.T) {
	srv, c := serve(t, socketio.Options{Recovery: &socketio.RecoveryOptions{}})
	srv.OnConnection(func(s *socketio.Socket) {
		_ = s.Emit("kept", "x")
	})
	c.open("40")
	c.want(`42["kept","x","1"]`)
	answer := make(chan string, 2)
	go func() {
		for range 2 {
			answer <- c.next()
		}
	}()
	deadline := time.Now().Add(10 * time.Second)
	for len(answer) < 2 && time.Now().Before(deadline) { // volatile: until a poll waits, twice
		_ = srv.Volatile().Emit("text", "x")
	}
	wanted(t, answer, `42["text","x",null]`, `42["text","x",null]`)
}

func TestRoomEvents(t *testing.T) {
	srv, c := serve(t, socketio.Options{})
	heard := make(chan string, 32)
	names := []string{"created", "joined", "left", "deleted"}
	srv.OnRoom(func(e socketio.RoomEvent) { heard <- names[e.Kind] + " " + e.Room + fmt.Sprint(e.Socket != nil) })
	srv.OnConnection(func(s *socketio.Socket) {
		s.Join("a", "b", "a")
		s.Leave("a")
		s.Leave("nowhere")
		_ = s.Emit("ready")
	})
	c.open("40")
	c.want(`42["ready"]`)
	wanted(t, heard, "created afalse", "joined atrue", "created bfalse", "joined btrue", "left atrue", "deleted afalse")
	c.say("41")
	wanted(t, heard, "left btrue", "deleted bfalse")
}

func TestUpgradeIsTold(t *testing.T) {
	srv, c := serve(t, socketio.Options{})
	heard := make(chan string, 1)
	srv.OnConnection(func(s *socketio.Socket) {
		s.OnUpgrade(func(transport string) { heard <- transport })
		_ = s.Emit("ready", s.Transport())
	})
	c.open("40")
	c.want(`42["ready","polling"]`)
	conn, _, err := ws.Dial(t.Context(), strings.Replace(strings.Replace(c.url, "http", "ws", 1), "transport=polling", "transport=websocket", 1), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.CloseNow()
	for _, text := range []string{"2probe", "5"} {
		if err := conn.Write(t.Context(), ws.Text, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	wanted(t, heard, "websocket")
}

func TestRefusedIsTold(t *testing.T) {
	refused := make(chan string, 1)
	_, c := serve(t, socketio.Options{Refused: func(r *http.Request, code int, message string) {
		refused <- fmt.Sprint(r.URL.Query().Get("EIO"), " ", code, " ", message)
	}})
	c.url = strings.Replace(c.url, "EIO=4", "EIO=3", 1)
	c.do("GET", "")
	wanted(t, refused, "3 5 Unsupported protocol version")
	c.url = strings.Replace(c.url, "EIO=3", "EIO=4", 1) + "&sid=x"
	c.do("POST", "4")
	wanted(t, refused, "4 1 Session ID unknown")
}

func TestChildren(t *testing.T) {
	srv, c := serve(t, socketio.Options{})
	var mu sync.Mutex
	var made []string
	srv.OnNamespace(func(n *socketio.Namespace) {
		mu.Lock()
		defer mu.Unlock()
		made = append(made, n.Name())
	})
	srv.Of("/static")
	srv.Of("static")
	p := srv.OfRegexp(regexp.MustCompile(`^/t-\d+$`))
	p.OnConnection(func(s *socketio.Socket) { _ = s.Emit("ready") })
	c.open("40/t-1,")
	c.want(`42/t-1,["ready"]`)
	if err := p.Emit("all", 1); err != nil {
		t.Error(err)
	}
	c.want(`42/t-1,["all",1]`)
	mu.Lock()
	defer mu.Unlock()
	if diff := cmp.Diff([]string{"/static", "/t-1"}, made); diff != "" {
		t.Error(diff)
	}
}

// bus carries what servers of a test publish to the others, in order.
type bus struct {
	mu          sync.Mutex
	subscribers map[chan []byte]int // to their nodes
	work        sync.WaitGroup
}

// link is one server's end of it.
type link struct {
	*bus
	node int
}

func (l link) Publish(data []byte) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for c, node := range l.subscribers {
		if node != l.node {
			c <- data
		}
	}
}

func (l link) Subscribe(f func([]byte)) (cancel func()) {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := make(chan []byte, 1024)
	l.subscribers[c] = l.node
	l.work.Go(func() {
		for data := range c {
			f(data)
		}
	})
	return func() {
		l.mu.Lock()
		defer l.mu.Unlock()
		if _, ok := l.subscribers[c]; ok {
			delete(l.subscribers, c)
			close(c)
		}
	}
}

func TestServerSideEmitWithAck(t *testing.T) {
	b := &bus{subscribers: make(map[chan []byte]int)}
	var all []*socketio.Server
	for i := range 3 {
		s := socketio.New(&socketio.Options{Link: link{b, i}})
		defer s.Close(t.Context())
		all = append(all, s)
	}
	all[1].OnServer("sum", func(a, b int, ack socketio.Ack) {
		go func() { _ = ack(a + b) }() // later
	})
	all[1].OnServer("who", func() string { return "one" })
	all[2].OnServer("who", func() string { return "two" })
	meet(t, all[0], 2)
	answers, err := all[0].ServerSideEmitWithAck(t.Context(), "sum", 1, 2)
	var sum int
	if err != nil || len(answers) != 1 || answers[0].Bind(&sum) != nil || sum != 3 {
		t.Errorf("got %v, %v", answers, err)
	}
	all[2].OnServer("mute", func(socketio.Ack) {})
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := all[0].ServerSideEmitWithAck(ctx, "mute"); !errors.Is(err, socketio.ErrNodes) {
		t.Errorf("got %v", err)
	}
}

// A node whose time is over says so itself, before who asked sees that it is.
func TestNodeThatGaveUpIsMissing(t *testing.T) {
	b := &bus{subscribers: make(map[chan []byte]int)}
	asks, answers := socketio.New(&socketio.Options{Link: hurried{link{b, 0}}}), socketio.New(&socketio.Options{Link: link{b, 1}})
	defer asks.Close(t.Context())
	defer answers.Close(t.Context())
	answers.OnServer("who", func() string { return "one" })
	answers.OnServer("mute", func(socketio.Ack) {})
	meet(t, asks, 1)
	if _, err := asks.ServerSideEmitWithAck(t.Context(), "mute"); !errors.Is(err, socketio.ErrNodes) {
		t.Errorf("got %v", err)
	}
}

// hurried gives who is asked next to no time.
type hurried struct{ link }

var wait = regexp.MustCompile(`"Wait":\d+`)

func (h hurried) Publish(data []byte) {
	if bytes.Contains(data, []byte(`"mute"`)) {
		data = wait.ReplaceAll(data, []byte(`"Wait":1`))
	}
	h.link.Publish(data)
}

// meet waits until a server knows that many others, all of which answer "who".
func meet(t *testing.T, s *socketio.Server, others int) {
	t.Helper()
	for deadline := time.Now().Add(time.Minute); ; {
		answers, err := s.ServerSideEmitWithAck(t.Context(), "who")
		if err != nil {
			t.Fatal(err)
		}
		if len(answers) == others {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("got %v", answers)
		}
	}
}
