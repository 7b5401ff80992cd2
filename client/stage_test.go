package client

import (
	"context"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/url"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/vechehq/veche/internal/memnet"
	"github.com/vechehq/veche/ws"
)

// stage is a server that says what the test tells it to say.
type stage struct {
	t        *testing.T
	listener *memnet.Listener
	conns    chan *ws.Conn
}

// play runs a test in a bubble with a stage, and closes it with the clients that were started.
func play(t *testing.T, f func(t *testing.T, s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		s := &stage{t: t, listener: memnet.Listen(""), conns: make(chan *ws.Conn, 100)}
		server := &http.Server{ErrorLog: log.New(io.Discard, "", 0), ReadHeaderTimeout: time.Minute,
			Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if got, want := r.URL.String(), "/ws?hello=1"; got != want {
					t.Errorf("the client asks for %s, want %s", got, want)
				}
				c, err := ws.Accept(w, r, &ws.AcceptOptions{Subprotocols: []string{"veche.v1"}})
				if err != nil {
					t.Error(err)
					return
				}
				s.conns <- c
			})}
		go func() { _ = server.Serve(s.listener) }()
		t.Cleanup(func() { _ = server.Close() })
		f(t, s)
	})
}

// connect starts a client, which ends with the test.
func (s *stage) connect(change ...func(*Options)) *Client {
	s.t.Helper()
	o := &Options{
		DialContext: s.listener.DialContext,
		Proxy:       func(*http.Request) (*url.URL, error) { return nil, nil },
	}
	for _, f := range change {
		f(o)
	}
	c, err := Connect("ws://server:80", o)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = c.Close() })
	return c
}

// actor is the server's side of one connection.
type actor struct {
	t    *testing.T
	conn *ws.Conn
}

// next waits for the next connection.
func (s *stage) next() *actor {
	s.t.Helper()
	c := <-s.conns
	s.t.Cleanup(func() { _ = c.CloseNow() })
	return &actor{s.t, c}
}

const welcome = `{"type":"welcome","version":1,"session":"s","user":{"id":"ann","name":"Ann"},"resume":"r1","ping":25,` +
	`"time":"2026-11-22T09:00:00.000Z","limits":{"frame":1048576,"body":65536,"rooms":256,"history":200}}`

// welcomed waits for the next connection and welcomes it. hello is what it has to say without its id.
func (s *stage) welcomed(hello string) *actor {
	s.t.Helper()
	a := s.next()
	a.want(`{"type":"hello","id":1` + hello + `}`)
	a.say(welcome, `{"type":"ok","id":1}`)
	return a
}

// want reads the client's next object.
func (a *actor) want(object string) {
	a.t.Helper()
	_, got, err := a.conn.Read(a.t.Context())
	if err != nil {
		a.t.Fatalf("want %s: %v", object, err)
	}
	if diff := cmp.Diff(object, string(got)); diff != "" {
		a.t.Fatalf("the client says: -want +got\n%s", diff)
	}
}

// silent says that the client says nothing for that long.
func (a *actor) silent(d time.Duration) {
	a.t.Helper()
	ctx, cancel := context.WithTimeout(a.t.Context(), d)
	defer cancel()
	if _, got, err := a.conn.Read(ctx); err == nil {
		a.t.Fatalf("the client says %s", got)
	} else if ctx.Err() == nil {
		a.t.Fatal("the client has gone:", err)
	}
}

// gone says that the client ends the connection.
func (a *actor) gone() {
	a.t.Helper()
	if _, got, err := a.conn.Read(a.t.Context()); err == nil {
		a.t.Fatalf("the client says %s", got)
	}
}

func (a *actor) say(objects ...string) {
	a.t.Helper()
	for _, o := range objects {
		if err := a.conn.Write(a.t.Context(), ws.Text, []byte(o)); err != nil {
			a.t.Fatalf("say %s: %v", o, err)
		}
	}
}

func (a *actor) cut() { _ = a.conn.CloseNow() }

func (a *actor) close(code ws.StatusCode) { _ = a.conn.Close(code, "") }

// joined answers a join of room r.
func (a *actor) joined(id int, head uint64) { a.joinedEpoch(id, head, "k") }

func (a *actor) joinedEpoch(id int, head uint64, epoch string) {
	a.t.Helper()
	a.say(fmt.Sprintf(`{"type":"ok","id":%d,"room":"r","head":%d,"epoch":%q,"recovered":true,"count":1,"received":0,"read":0,"receipts":[]}`,
		id, head, epoch))
}

func (a *actor) push(from, to int) {
	a.t.Helper()
	for seq := from; seq <= to; seq++ {
		a.say(pushed(seq))
	}
}

func pushed(seq int) string {
	return fmt.Sprintf(`{"type":"message","room":"r","seq":%d,"from":"bob","at":"2026-11-22T09:00:00.000Z","body":%d}`, seq, seq)
}

// page answers a history request.
func (a *actor) page(id, from, to, first, head int) {
	a.t.Helper()
	list := ""
	for seq := from; seq <= to; seq++ {
		if list != "" {
			list += ","
		}
		list += pushed(seq)
	}
	a.say(fmt.Sprintf(`{"type":"ok","id":%d,"room":"r","messages":[%s],"first":%d,"head":%d,"epoch":"k"}`, id, list, first, head))
}

// join joins room r at its head, as the first thing on the connection.
func (s *stage) join(c *Client, a *actor, head uint64) *Room {
	s.t.Helper()
	var r *Room
	done := make(chan error, 1)
	go func() {
		var err error
		r, err = c.Join(s.t.Context(), "r", Start{})
		done <- err
	}()
	a.want(`{"type":"join","id":2,"room":"r"}`)
	a.joined(2, head)
	if err := <-done; err != nil {
		s.t.Fatal(err)
	}
	return r
}

// next returns a room's next event, in short.
func next(t *testing.T, r *Room) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
	defer cancel()
	e, err := r.Next(ctx)
	if err != nil {
		t.Fatal("no event:", err)
	}
	switch e := e.(type) {
	case *Message:
		return fmt.Sprint("message ", e.Seq, " ", e.Body.Text())
	case *Gap:
		return fmt.Sprintf("gap %d-%d %s", e.From, e.To, e.Why)
	case *Receipt:
		return fmt.Sprintf("receipt %s %d %d", e.User, e.Received, e.Read)
	case *Signal:
		return fmt.Sprintf("signal %s %s %s", e.From, e.Kind, e.Body.Text())
	case *Presence:
		return fmt.Sprintf("presence whole=%v +%d -%d =%d", e.Whole, len(e.Joined), len(e.Left), e.Count)
	}
	return ""
}

func wantNext(t *testing.T, r *Room, events ...string) {
	t.Helper()
	for _, want := range events {
		if got := next(t, r); got != want {
			t.Fatalf("the next event is %q, want %q", got, want)
		}
	}
}
