package doors

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/vechehq/veche"
	"github.com/vechehq/veche/wire/native"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// token signs a user's id by HS256 (RFC 7519).
func token(user string) string {
	code := base64.RawURLEncoding.EncodeToString
	text := code([]byte(`{"alg":"HS256","typ":"JWT"}`)) + "." + code([]byte(`{"sub":"`+user+`"}`))
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(text))
	return text + "." + code(mac.Sum(nil))
}

// collector is an ear for tests.
type collector struct {
	events chan native.Event
	ended  chan error
}

func (c *collector) Hear(e native.Event) { c.events <- e }
func (c *collector) Wrong(err error)     { c.ended <- err }
func (c *collector) Ended(err error)     { c.ended <- err }

// want returns the next event of a type and drops what comes before it.
func want[E native.Event](t *testing.T, c *collector) (e E) {
	t.Helper()
	for late := time.After(time.Minute); ; {
		select {
		case got := <-c.events:
			if e, ok := got.(E); ok {
				return e
			}
		case err := <-c.ended:
			t.Fatalf("no %T: the line ended: %v", e, err)
		case <-late:
			t.Fatalf("no %T in time", e)
		}
	}
}

const secret = "a secret of this test's own"

// serve runs a server and returns its address.
func serve(t *testing.T) string {
	srv, err := veche.New(veche.Config{InMemory: true, TokenSecret: []byte(secret), Log: slog.New(slog.DiscardHandler), Spread: time.Millisecond})
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel() // who polled and vanished is not waited for
		_ = srv.Close(ctx)
		<-served
	})
	return l.Addr().String()
}

// visitor is one that goes on over door after door.
func visitor(t *testing.T, waiting bool) Visit {
	client := &http.Client{Transport: &http.Transport{}}
	t.Cleanup(client.CloseIdleConnections)
	return Visit{Way: &Way{URL: "http://" + serve(t), HTTP: client, Waiting: waiting}, Room: "room-0"}
}

// Every door leads into the same room: what is sent by one is there for the next, which goes on where that was; for
// users with a token and for guests, with ears that may wait and on event loops.
func TestDoorsAreAlike(t *testing.T) {
	for _, who := range []string{"p1", ""} {
		v := visitor(t, who != "")
		if who != "" {
			v.Token = token(who)
		}
		for _, d := range all {
			c := &collector{make(chan native.Event, 100), make(chan error, 1)}
			line, err := d.Open(t.Context(), v, c)
			if err != nil {
				t.Fatalf("%s: %v", d.Name(), err)
			}
			line.Start()
			joined := want[*native.JoinOK](t, c)
			if joined.Head != v.Last || v.Epoch != "" && joined.Epoch != v.Epoch {
				t.Errorf("%s: joined at %d of %q, want %d of %q", d.Name(), joined.Head, joined.Epoch, v.Last, v.Epoch)
			}
			v.Epoch, v.Replay = joined.Epoch, true
			v.Last++
			text := fmt.Sprint("message ", v.Last)
			line.Say(&native.Send{ID: "1", Room: v.Room, CID: text, Body: native.Body{Format: native.Text, Data: []byte(text)}})
			if m := want[*native.Message](t, c); m.Seq != v.Last || string(m.Body.Data) != text {
				t.Errorf("%s: got seq %d, %q", d.Name(), m.Seq, m.Body.Data)
			}
			if !Mute(d) {
				converse(t, d, line, c, v, text)
			}
			line.Close()
			if err := <-c.ended; err == nil {
				t.Errorf("%s: ended without a reason", d.Name())
			}
		}
	}
}

// converse asks all that a client asks.
func converse(t *testing.T, d Door, line Line, c *collector, v Visit, cid string) {
	line.Say(&native.Send{ID: "2", Room: v.Room, CID: cid, Body: native.Body{Format: native.Text, Data: []byte("again")}})
	for {
		if ok := want[*native.SendOK](t, c); ok.ID == "2" {
			if !ok.Dup || ok.Seq != v.Last {
				t.Errorf("%s: a repetition is seq %d, dup %v", d.Name(), ok.Seq, ok.Dup)
			}
			break
		}
	}
	line.Say(&native.History{ID: "3", Room: v.Room, Limit: 1}, &native.PresenceQuery{ID: "4", Room: v.Room},
		&native.Receipt{ID: "5", Room: v.Room, Received: v.Last}, &native.Signal{ID: "6", Room: v.Room, Kind: "typing"})
	open := map[native.ID]bool{"3": true, "4": true, "5": true, "6": true}
	for len(open) > 0 {
		switch e := want[native.Event](t, c).(type) {
		case *native.HistoryOK:
			delete(open, e.ID)
			if e.Head != v.Last || len(e.Messages) != 1 {
				t.Errorf("%s: history has %d of %d", d.Name(), len(e.Messages), e.Head)
			}
		case *native.PresenceOK:
			delete(open, e.ID)
		case *native.OK:
			delete(open, e.ID)
		case *native.Error:
			t.Fatalf("%s: %s %s", d.Name(), e.Code, e.Message)
		}
	}
}

// A guest comes back as who it was, where the door tells who one is.
func TestGuestsComeBack(t *testing.T) {
	v := visitor(t, true)
	for _, name := range Names() {
		if !KeepsGuests(Named(name)) {
			continue
		}
		v.Resume = ""
		var id string
		for range 2 {
			c := &collector{make(chan native.Event, 100), make(chan error, 1)}
			line, err := Named(name).Open(t.Context(), v, c)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			line.Start()
			w := want[*native.Welcome](t, c)
			if v.Resume != "" && w.User.ID != id {
				t.Errorf("%s: %s came back as %s", name, id, w.User.ID)
			}
			v.Resume, id = w.Resume, w.User.ID
			want[*native.JoinOK](t, c)
			line.Say(&native.Send{ID: "1", Room: v.Room, Body: native.Body{Format: native.Text, Data: []byte("it is me")}})
			if m := want[*native.Message](t, c); m.From != id {
				t.Errorf("%s: %s sends as %s", name, id, m.From)
			}
			line.Close()
			<-c.ended
		}
	}
}

// The upgrade leaves polling behind, and loses and swaps nothing of what is said meanwhile.
func TestUpgrade(t *testing.T) {
	v := visitor(t, true)
	v.Token = token("p1")
	c := &collector{make(chan native.Event, 1000), make(chan error, 1)}
	line, err := socketIOUpgrade{}.Open(t.Context(), v, c)
	if err != nil {
		t.Fatal(err)
	}
	l := line.(*polled)
	l.Start()
	want[*native.JoinOK](t, c)
	carried := func() bool {
		l.carrier.Lock()
		defer l.carrier.Unlock()
		return l.conn != nil
	}
	late := time.Now().Add(time.Minute)
	said := 0
	for after := 0; after < 10; said++ {
		if carried() {
			after++
		} else if time.Now().After(late) {
			t.Fatal("it goes on polling")
		}
		line.Say(&native.Send{ID: native.ID(fmt.Sprint(said)), Room: v.Room, Body: native.Body{Format: native.Text, Data: fmt.Append(nil, said)}})
		want[*native.SendOK](t, c)
	}
	line.Close()
	<-c.ended
	reader := &collector{make(chan native.Event, 1000), make(chan error, 1)}
	v.Replay = true
	if line, err = (webSocket{}).Open(t.Context(), v, reader); err != nil {
		t.Fatal(err)
	}
	line.Start()
	for n := range said {
		if m := want[*native.Message](t, reader); m.Seq != uint64(n)+1 || string(m.Body.Data) != fmt.Sprint(n) {
			t.Fatalf("seq %d is %s, want %d", m.Seq, m.Body.Data, n)
		}
	}
	line.Close()
	<-reader.ended
}
