package load

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vechehq/veche/wire/native"
	"github.com/vechehq/veche/ws"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// server is one room's server that keeps what it is sent, with a flaw that a test may ask for.
type server struct {
	*httptest.Server
	flaw string
	room roomOf
}

// roomOf is the log, and the members. All of it is the actor's, who takes one deed after the other.
type roomOf struct {
	deeds   chan func()
	log     []*native.Message
	members map[*ws.Conn]bool
	guests  int
}

func serve(t *testing.T, flaw string) *server {
	s := &server{flaw: flaw, room: roomOf{deeds: make(chan func()), members: map[*ws.Conn]bool{}}}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for deed := range s.room.deeds {
			deed()
		}
	}()
	var conns atomic.Int64
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := ws.Accept(w, r, &ws.AcceptOptions{Options: ws.Options{Mode: ws.ModeGoroutine}})
		if err != nil {
			return
		}
		conns.Add(1)
		c.Start(ws.Serial(&visitor{s, "", &conns}))
	}))
	t.Cleanup(func() {
		s.Close()
		for conns.Load() > 0 { // the crowd has cut them all: each is about to tell
			one := make(chan struct{})
			s.room.deeds <- func() { close(one) }
			<-one
		}
		close(s.room.deeds)
		<-done
	})
	return s
}

type visitor struct {
	server *server
	user   string
	conns  *atomic.Int64
}

func (v *visitor) Message(c *ws.Conn, _ ws.MessageType, data []byte) {
	r, err := native.Decode(data)
	if err != nil {
		panic(err)
	}
	done := make(chan struct{})
	v.server.room.deeds <- func() { v.request(c, r); close(done) }
	<-done
}

func (v *visitor) Closed(c *ws.Conn, _ error) {
	v.server.room.deeds <- func() { delete(v.server.room.members, c) }
	v.conns.Add(-1)
}

func tell(c *ws.Conn, e native.Event) { _ = c.Send(ws.Text, e.Append(nil)) }

func (v *visitor) request(c *ws.Conn, r native.Request) {
	room := &v.server.room
	switch o := r.(type) {
	case *native.Hello:
		if v.user = o.Resume; v.user == "" || v.server.flaw == "forgets people" {
			room.guests++
			v.user = "g-" + strings.Repeat("x", room.guests)
		}
		tell(c, &native.Welcome{User: native.User{ID: v.user}, Resume: v.user})
	case *native.Join:
		tell(c, &native.JoinOK{ID: o.ID, Room: o.Room, Head: uint64(len(room.log)), Epoch: "e", Recovered: true})
		if o.Replay {
			for _, m := range room.log[min(int(o.Since), len(room.log)):] {
				tell(c, m)
			}
		}
		room.members[c] = true
	case *native.Send:
		v.send(c, o)
	case *native.Signal, *native.Receipt:
		for m := range room.members {
			if m != c {
				tell(m, r.(native.Event))
			}
		}
	case *native.History:
		ok := &native.HistoryOK{ID: o.ID, Room: o.Room, Head: uint64(len(room.log)), Epoch: "e"}
		for _, m := range room.log[min(int(o.After), len(room.log)):][:min(o.Limit, len(room.log)-int(o.After))] {
			ok.Messages = append(ok.Messages, m.Append(nil))
		}
		tell(c, ok)
	}
}

func (v *visitor) send(c *ws.Conn, o *native.Send) {
	room := &v.server.room
	for _, m := range room.log {
		if m.CID == o.CID && v.server.flaw != "doubles" {
			tell(c, &native.SendOK{ID: o.ID, Room: o.Room, Seq: m.Seq, Dup: true})
			return
		}
	}
	m := &native.Message{Room: o.Room, Seq: uint64(len(room.log) + 1), From: v.user, At: time.UnixMilli(0), CID: o.CID, Body: o.Body}
	n := len(room.log) + 1
	room.log = append(room.log, m)
	tell(c, &native.SendOK{ID: o.ID, Room: o.Room, Seq: m.Seq})
	for to := range room.members {
		if v.server.flaw == "skips" && n%10 == 0 && to == c {
			continue
		}
		tell(to, m)
	}
	if v.server.flaw == "doubles" && n%10 == 0 {
		v.again(m)
	}
	if v.server.flaw == "loses" && n%10 == 0 {
		lost := *m
		lost.CID, lost.Body = "", native.Body{Format: native.Text, Data: []byte("something else")}
		room.log[n-1] = &lost
	}
}

// again stores and tells a message once more.
func (v *visitor) again(m *native.Message) {
	twin := *m
	twin.Seq++
	v.server.room.log = append(v.server.room.log, &twin)
	for to := range v.server.room.members {
		tell(to, &twin)
	}
}

func config(s *server) Config {
	return Config{URL: s.URL, Clients: 20, Rooms: 1, Rate: 200, Duration: 1500 * time.Millisecond, Receipts: 500 * time.Millisecond,
		Wave: 0.5, WaveEvery: 500 * time.Millisecond}
}

// A crowd at a server that keeps its promises: everything is counted, acknowledged, heard by all, and
// found in the log.
func TestRun(t *testing.T) {
	seconds := 0
	c := config(serve(t, ""))
	c.Live = func(f Figures) { seconds++ }
	s, err := Run(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if s.Violations > 0 {
		t.Error(s.Broken)
	}
	if s.Sends < 200 || s.Acks != s.Sends || s.Checked != int(s.Sends) || s.Unanswered > 0 || s.Unsent > 0 {
		t.Errorf("messages: %+v", s)
	}
	if heard := s.Deliveries + s.Replays; heard != 20*s.Sends {
		t.Errorf("20 clients heard %d messages %d times", s.Sends, heard)
	}
	// Whom the second wave finds on the way back it does not cut, or they come back once for both.
	if s.Lost < 10 || s.Lost > 20 || s.Reconnects < 10 || s.Reconnects > s.Lost || s.Back.Count != s.Reconnects || s.Connected != 20 {
		t.Errorf("two waves of ten: %+v", s.Figures)
	}
	if s.Signals == 0 || s.Receipts == 0 || seconds == 0 || s.Ack.Count != s.Sends {
		t.Errorf("%+v, told %d times", s.Figures, seconds)
	}
}

// What a server breaks is found.
func TestViolations(t *testing.T) {
	for flaw, words := range map[string]string{
		"forgets people": "came back as",
		"doubles":        " has seq ",
		"skips":          "heard seq",
		"loses":          "acknowledged messages the log has",
	} {
		t.Run(flaw, func(t *testing.T) {
			s, err := Run(t.Context(), config(serve(t, flaw)))
			if err != nil {
				t.Fatal(err)
			}
			if s.Violations == 0 || !strings.Contains(strings.Join(s.Broken, "\n"), words) {
				t.Errorf("%d violations: %q, want %q", s.Violations, s.Broken, words)
			}
		})
	}
}

func TestEnough(t *testing.T) {
	enough := make(chan struct{})
	c := config(serve(t, ""))
	c.Duration, c.Enough = time.Hour, enough
	c.Live = func(Figures) {
		if enough != nil {
			close(enough)
			enough = nil
		}
	}
	s, err := Run(t.Context(), c)
	if err != nil || s.Violations > 0 || s.Checked == 0 || s.Checked != int(s.Sends) {
		t.Errorf("%+v, %v", s, err)
	}
}

func TestRefused(t *testing.T) {
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	url := "http://" + free.Addr().String()
	free.Close()
	for _, c := range []Config{
		{URL: url}, {URL: "localhost:8080"}, {URL: "ftp://x"}, {URL: url, Door: "back"}, {URL: url, Rate: -1},
		{URL: url, Size: 10}, {URL: url, Wave: 2}, {URL: url, Clients: -1},
	} {
		if s, err := Run(t.Context(), c); err == nil {
			t.Errorf("%+v: %+v", c, s)
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := Run(ctx, config(serve(t, ""))); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

// Who compares a room's log with the server's does not keep its members from hearing: on a loop that would keep the server, too.
func TestMembersHearWhileLogsAreCompared(t *testing.T) {
	r := &room{name: "r", log: []uint64{1<<1 | 1}}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, req *http.Request) {
		c, err := ws.Accept(w, req, &ws.AcceptOptions{Subprotocols: []string{native.Subprotocol}})
		if err != nil {
			return
		}
		defer c.CloseNow()
		for {
			if _, text, err := c.Read(req.Context()); err != nil {
				return
			} else if ask, err := native.Decode(text); err != nil {
				return
			} else if _, ok := ask.(*native.History); !ok {
				continue
			}
			r.note(2, 2, false) // before it answers
			_ = c.Write(req.Context(), ws.Text, (&native.HistoryOK{Room: "r", Head: 1}).Append(nil))
		}
	}))
	defer s.Close()
	w := &crowd{config: Config{URL: s.URL}}
	a, err := newArchivist(t.Context(), w)
	if err != nil {
		t.Fatal(err)
	}
	defer a.conn.CloseNow()
	if acked, err := a.compare(t.Context(), r); acked != 1 || err != nil {
		t.Errorf("got %d, %v", acked, err)
	}
	if w.violations != 1 {
		t.Error("the message that is not in the log was not missed")
	}
}
