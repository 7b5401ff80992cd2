package veche

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"github.com/vechehq/veche/hub"
)

// client is a session without a wire: what it is told is taken by the test.
type client struct {
	*Session
	t     testing.TB
	ended error
}

func (c *client) Wake()           {}
func (c *client) End(cause error) { c.ended = cause; c.Close(cause) }

func connect(t testing.TB, s *Server, u User) *client {
	t.Helper()
	c := &client{t: t}
	session, err := s.hub.Connect(u, c)
	if err != nil {
		t.Fatal(err)
	}
	c.Session = session
	return c
}

func (c *client) join(room string) error {
	done := make(chan error, 1)
	c.Join(room, hub.JoinOptions{}, func(_ hub.Joined, err error) { done <- err })
	return <-done
}

func (c *client) send(room, text string) error {
	done := make(chan error, 1)
	d := Draft{Room: room, Body: Body{Format: Text, Data: []byte(text)}}
	c.Send(d, func(_ Sent, err error) { done <- err })
	return <-done
}

// heard takes what the session was told, in words, without presence.
func (c *client) heard() string {
	var words []string
	for _, ev := range c.Take(make([]hub.Event, 0, 100), 1<<20) {
		switch ev := ev.(type) {
		case *Message:
			words = append(words, fmt.Sprintf("%d %s: %s", ev.Seq, ev.From, ev.Body.Data))
		case *Signal:
			words = append(words, fmt.Sprintf("%s%s %s", ev.From, ev.Kind, ev.Body.Data))
		}
	}
	return strings.Join(words, "; ")
}

// journal is what hooks saw.
type journal struct {
	mu    sync.Mutex
	lines []string
}

func (j *journal) add(format string, args ...any) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.lines = append(j.lines, fmt.Sprintf(format, args...))
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return strings.Join(j.lines, "\n")
}

func TestHooksSeeALife(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		var saw journal
		s.OnConnect(func(s *Session) error { saw.add("connect %s", s.User().ID); return nil })
		s.OnJoin(func(s *Session, room string) error { saw.add("join %s %s", s.User().ID, room); return nil })
		s.OnJoined(func(s *Session, room string) { saw.add("joined %s %s", s.User().ID, room) })
		s.BeforeSend(func(s *Session, d *Draft) error { saw.add("before %s", d.Body.Data); return nil })
		s.AfterSend(func(m *Message) { saw.add("after %d %s", m.Seq, m.Body.Data) })
		s.OnSignal(func(s *Session, sg *Signal) error { saw.add("signal %s", sg.Kind); return nil })
		s.OnLeave(func(s *Session, room string) { saw.add("leave %s %s", s.User().ID, room) })
		s.OnDisconnect(func(s *Session, cause error) { saw.add("disconnect %s %v", s.User().ID, cause) })

		c := connect(t, s, User{ID: "u2"})
		if err := errors.Join(c.join("general"), c.send("general", "hi")); err != nil {
			t.Fatal(err)
		}
		synctest.Wait() // for what is told after the answers
		if err := c.Signal(&Signal{Room: "general", Kind: "typing"}); err != nil {
			t.Fatal(err)
		}
		c.Close(errors.New("gone"))
		want := "connect u2\njoin u2 general\njoined u2 general\nbefore hi\nafter 1 hi\nsignal typing\nleave u2 general\ndisconnect u2 gone"
		if got := saw.String(); got != want {
			t.Errorf("saw\n%s\nwant\n%s", got, want)
		}
	})
}

func TestHooksRefuse(t *testing.T) {
	s := newServer(t)
	s.OnConnect(func(s *Session) error {
		if s.User().ID == "bad" {
			return Refuse("not you")
		}
		return nil
	})
	s.OnJoin(func(_ *Session, room string) error {
		if room == "staff" {
			return Refuse("staff only")
		}
		return nil
	})
	s.BeforeSend(func(_ *Session, d *Draft) error {
		d.Body.Data = []byte(strings.ReplaceAll(string(d.Body.Data), "darn", "****"))
		return nil
	})
	s.BeforeSend(func(_ *Session, d *Draft) error { // sees what the first one made
		if strings.Contains(string(d.Body.Data), "****") {
			return Refuse("mind your words")
		}
		return nil
	})
	s.OnSignal(func(*Session, *Signal) error { return Refuse("silence") })

	wantRefused := func(err error, message string) {
		t.Helper()
		if e, ok := errors.AsType[*Error](err); !ok || e.Code != hub.CodeForbidden || e.Message != message {
			t.Errorf("%v, want %q", err, message)
		}
	}
	_, err := s.hub.Connect(User{ID: "bad"}, &client{})
	wantRefused(err, "not you")
	c := connect(t, s, User{ID: "u2"})
	defer c.Close(nil)
	wantRefused(c.join("staff"), "staff only")
	if err := errors.Join(c.join("general"), c.send("general", "well")); err != nil {
		t.Error(err)
	}
	wantRefused(c.send("general", "darn it"), "mind your words")
	wantRefused(c.Signal(&Signal{Room: "general", Kind: "typing"}), "silence")
}

// What a hook makes of a body is what every wire can carry, or is refused.
func TestHooksMakeBodies(t *testing.T) {
	s := newServer(t)
	s.BeforeSend(func(_ *Session, d *Draft) error {
		d.Body = Body{Data: bytes.TrimPrefix(d.Body.Data, []byte("make "))}
		return nil
	})
	s.OnSignal(func(_ *Session, sg *Signal) error {
		sg.Body = Body{Data: []byte("[1,\n2]")}
		return nil
	})
	ann := connect(t, s, User{ID: "ann"})
	if err := ann.join("r"); err != nil {
		t.Fatal(err)
	}
	for text, ok := range map[string]bool{"make {\"a\":\n1}": true, "make {": false} {
		if err := ann.send("r", text); (err == nil) != ok {
			t.Errorf("%s: %v", text, err)
		}
	}
	if err := s.Room("r").Signal("k", nil); err != nil {
		t.Error(err)
	}
	if got := ann.heard(); got != `1 ann: {"a":1}; k [1,2]` {
		t.Error(got)
	}
}

func TestHooksAreFrozen(t *testing.T) {
	s := newServer(t)
	s.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/healthz", nil))
	defer func() {
		if recover() == nil {
			t.Error("a hook was set while serving")
		}
	}()
	s.AfterSend(func(*Message) {})
}

func TestSpeak(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newServer(t)
		anna, olga := connect(t, s, User{ID: "anna"}), connect(t, s, User{ID: "olga"})
		defer anna.Close(nil)
		defer olga.Close(nil)
		if err := errors.Join(anna.join("general"), olga.join("general"), anna.join("~anna")); err != nil {
			t.Fatal(err)
		}
		ctx := t.Context()
		room := s.Room("general")
		if sent, err := room.Send(ctx, "hello"); err != nil || sent.Seq != 1 {
			t.Error(sent, err)
		}
		if sent, err := room.As(User{ID: "bot"}).Send(ctx, map[string]int{"x": 1}); err != nil || sent.Seq != 2 {
			t.Error(sent, err)
		}
		for range 2 {
			if sent, err := room.Send(ctx, Draft{CID: "1", Body: Body{Format: Text, Data: []byte("once")}}); err != nil || sent.Seq != 3 {
				t.Error(sent, err)
			}
		}
		room.Post("posted", nil)
		synctest.Wait()
		if err := errors.Join(room.Signal("tick", 7), room.As(User{ID: "bot"}).Signal("tock", nil), s.User("anna").Signal("psst", "you")); err != nil {
			t.Error(err)
		}
		if sent, err := s.User("anna").Send(ctx, "for you"); err != nil || sent.Seq != 1 {
			t.Error(sent, err)
		}
		synctest.Wait()
		all := `1 server: hello; 2 bot: {"x":1}; 3 server: once; 4 server: posted; tick 7; bottock `
		if got := anna.heard(); got != all+"; psst you; 1 server: for you" {
			t.Errorf("anna heard %s", got)
		}
		if got := olga.heard(); got != all {
			t.Errorf("olga heard %s", got)
		}
	})
}

func TestSpeakRefused(t *testing.T) {
	s := newServer(t)
	ctx := t.Context()
	if _, err := s.User("anna").As(User{ID: "olga"}).Send(ctx, "let me in"); !errors.Is(err, hub.ErrForbidden) {
		t.Error("another's inbox:", err)
	}
	if _, err := s.Room("general").Send(ctx, make(chan int)); err == nil {
		t.Error("a channel was sent")
	}
	if err := s.Room("general").Signal("x", make(chan int)); err == nil {
		t.Error("a channel was signalled")
	}
	if err := s.Close(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Room("general").Send(ctx, "too late"); err == nil {
		t.Error("sent after Close")
	}
}
