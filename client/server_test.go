package client_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/vechehq/veche/client"
)

// Two clients of the real server see each other: presence, signals, receipts, messages.
func TestTwoClients(t *testing.T) {
	url, stop := startServer()
	defer stop()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	ann, annRoom := join(url, client.Start{})
	defer ann.Close()
	if users, count, err := annRoom.Presence(ctx); err != nil || count != 1 || users[0].ID != ann.User().ID {
		t.Fatal(users, count, err)
	}
	bob, bobRoom := join(url, client.Start{})
	defer bob.Close()
	wait := func(what string, is func(client.Event) bool) {
		t.Helper()
		for e, err := range annRoom.Events(ctx) {
			if err != nil {
				t.Fatalf("waiting for %s: %v", what, err)
			}
			if is(e) {
				return
			}
		}
	}
	wait("Bob's coming", func(e client.Event) bool {
		p, ok := e.(*client.Presence)
		return ok && p.Count == 2
	})
	if err := bobRoom.Signal("typing", map[string]bool{"on": true}); err != nil {
		t.Fatal(err)
	}
	wait("Bob's signal", func(e client.Event) bool {
		s, ok := e.(*client.Signal)
		return ok && s.From == bob.User().ID && s.Kind == "typing" && s.Body.Text() == `{"on":true}`
	})
	sent, err := annRoom.Send(ctx, []byte{1, 2})
	if err != nil {
		t.Fatal(err)
	}
	if m := next(bobRoom); m.Seq != sent.Seq || m.Body.Format != client.Bytes || !m.At.Equal(sent.At) {
		t.Fatalf("%+v, sent as %+v", m, sent)
	}
	bobRoom.Receipt(0, sent.Seq)
	wait("Bob's receipt", func(e client.Event) bool {
		r, ok := e.(*client.Receipt)
		return ok && r.User == bob.User().ID && r.Read == sent.Seq
	})
	if err := bob.Rename(ctx, "Bob"); err != nil || bob.User().Name != "Bob" {
		t.Fatal(err, bob.User())
	}
	bobRoom.Leave()
	wait("Bob's leaving", func(e client.Event) bool {
		p, ok := e.(*client.Presence)
		return ok && p.Count == 1
	})
}

// The same cid is the same message, also when it is said again much later.
func TestCIDIsKept(t *testing.T) {
	url, stop := startServer()
	defer stop()
	c, room := join(url, client.Start{})
	defer c.Close()
	for i := range 2 {
		sent, err := room.Send(t.Context(), client.Draft{Body: "x", CID: "once"})
		if err != nil || sent.Seq != 1 || sent.Dup != (i == 1) {
			t.Fatal(sent, err)
		}
		if i == 0 {
			next(room) // while it was on its way back it would be taken for the second one's acknowledgement
		}
	}
}

// A program that reads nothing while a thousand messages come gets them all, in order.
func TestReaderFallsBehind(t *testing.T) {
	const all = 1000 // what a room in memory holds
	url, stop := startServer()
	defer stop()
	reader, slow := join(url, client.After(0, ""))
	defer reader.Close()
	writer, room := join(url, client.Start{})
	defer writer.Close()
	var last *client.Pending
	for i := range all {
		var err error
		if last, err = room.Post(t.Context(), i+1); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := last.Wait(t.Context()); err != nil {
		t.Fatal(err)
	}
	for i := range uint64(all) {
		if m := next(slow); m.Seq != i+1 || m.Body.Text() != fmt.Sprint(i+1) {
			t.Fatalf("message %d is %d: %s", i+1, m.Seq, m.Body.Text())
		}
	}
}

func TestTooLarge(t *testing.T) {
	url, stop := startServer()
	defer stop()
	c, room := join(url, client.Start{})
	defer c.Close()
	_, err := room.Send(t.Context(), make([]byte, 65537))
	if e, ok := errors.AsType[*client.Error](err); !ok || e.Code != "too_large" {
		t.Fatal(err)
	}
	if _, err := room.Send(t.Context(), make([]byte, 65536)); err != nil {
		t.Fatal("the connection did not stay:", err)
	}
}
