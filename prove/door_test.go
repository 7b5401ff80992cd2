package prove

import (
	"context"
	"log/slog"
	"net"
	"net/http"
	"testing"
	"time"

	"github.com/vechehq/veche"
	"github.com/vechehq/veche/wire/native"
)

// collector is an ear for tests.
type collector struct {
	events chan native.Event
	ended  chan error
}

func (c *collector) Hear(e native.Event) { c.events <- e }
func (c *collector) Ended(err error)     { c.ended <- err }

// want returns the next event of a type and drops what comes before it.
func want[E native.Event](t *testing.T, c *collector) (e E) {
	t.Helper()
	for late := time.After(10 * time.Second); ; {
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
	srv, err := veche.New(veche.Config{InMemory: true, TokenSecret: []byte(secret), Log: slog.New(slog.DiscardHandler), Spread: ms})
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
		ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		_ = srv.Close(ctx)
		<-served
	})
	return l.Addr().String()
}

// Every door leads into the same room: what is sent by one is there for the next, which goes on where that was.
func TestDoorsAreAlike(t *testing.T) {
	addr := serve(t)
	v := Visit{Addr: addr, Token: token(secret, "p1"), Room: "room-0", HTTP: &http.Client{Transport: &http.Transport{}}}
	defer v.HTTP.CloseIdleConnections()
	for _, d := range doors {
		c := &collector{make(chan native.Event, 100), make(chan error, 1)}
		line, err := d.Open(t.Context(), v, c)
		if err != nil {
			t.Fatalf("%s: %v", d.Name(), err)
		}
		joined := want[*native.JoinOK](t, c)
		if joined.Head != v.Last || v.Epoch != "" && joined.Epoch != v.Epoch {
			t.Errorf("%s: joined at %d of %q, want %d of %q", d.Name(), joined.Head, joined.Epoch, v.Last, v.Epoch)
		}
		v.Epoch = joined.Epoch
		v.Last++
		text := body(1, int(v.Last))
		line.Say(&native.Send{ID: "1", Room: v.Room, CID: text, Body: native.Body{Format: native.Text, Data: []byte(text)}})
		if m := want[*native.Message](t, c); m.Seq != v.Last || string(m.Body.Data) != text {
			t.Errorf("%s: got seq %d, %q", d.Name(), m.Seq, m.Body.Data)
		}
		if !isMute(d) {
			converse(t, d, line, c, v)
		}
		line.Close()
		if err := <-c.ended; err == nil {
			t.Errorf("%s: ended without a reason", d.Name())
		}
	}
}

// converse asks all that a client asks.
func converse(t *testing.T, d Door, line Line, c *collector, v Visit) {
	line.Say(&native.Send{ID: "2", Room: v.Room, CID: body(1, int(v.Last)), Body: native.Body{Format: native.Text, Data: []byte("again")}})
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
