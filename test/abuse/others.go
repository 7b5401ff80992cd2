// The others: two people who talk while somebody misbehaves.

package abuse

import (
	"context"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/vechehq/veche/test/harness"
	"github.com/vechehq/veche/test/peer"
)

// What the others may notice: half of their messages, where there are several, take at most usual longer than ten times
// what they take at a server that nobody bothers, on the same machine at the same time; the worst of them at most worst
// longer.
const (
	usual   = 100 * time.Millisecond
	worst   = 3 * time.Second
	several = 20
)

// pair is two people in one room.
type pair struct {
	t        testing.TB
	room     string
	ann, bob *peer.Conn
	said     int
	calm     *pair // at the server that nobody bothers
}

// meet puts two people into a room, and two into one of another server.
func meet(t testing.TB, s *harness.Server, room string) *pair {
	t.Helper()
	p := enter(t, s, room)
	p.calm = enter(t, harness.Start(t), room)
	return p
}

func enter(t testing.TB, s *harness.Server, room string) *pair {
	t.Helper()
	p := &pair{t: t, room: room}
	for _, c := range []**peer.Conn{&p.ann, &p.bob} {
		conn, err := peer.Dial(t.Context(), s.WS("/ws"), "")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.WS.CloseNow() })
		if _, err := conn.Ask(t.Context(), peer.Object{Type: "join", Room: room}); err != nil {
			t.Fatal(err)
		}
		*c = conn
	}
	return p
}

// talk has Ann say n things, each when Bob has heard the one before, and checks how long that took.
func (p *pair) talk(n int) {
	p.t.Helper()
	here, there := make([]time.Duration, n), make([]time.Duration, n)
	for i := range n {
		word := fmt.Sprint("word ", p.said)
		here[i], there[i] = p.say(word), p.calm.say(word)
	}
	slices.Sort(here)
	slices.Sort(there)
	half, last := here[n/2], here[n-1]
	p.t.Logf("of %d messages half took %v, the longest %v; where nobody bothers them %v and %v", n, half, last, there[n/2], there[n-1])
	if n >= several && half > usual+10*there[n/2] || last > worst+10*there[n-1] {
		p.t.Errorf("the others suffer: half of their messages took %v, the longest %v", half, last)
	}
}

// say has Ann say one thing, and returns when she has the acknowledgement and Bob the message: after that long.
func (p *pair) say(text string) time.Duration {
	p.t.Helper()
	began := time.Now()
	ctx, cancel := context.WithTimeout(p.t.Context(), patience)
	defer cancel()
	p.said++
	if _, err := p.ann.Ask(ctx, peer.Object{Type: "send", Room: p.room, Body: peer.String(text)}); err != nil {
		p.t.Fatalf("ann: %v", err)
	}
	for {
		m, err := p.bob.Want(ctx, "message")
		if err != nil {
			p.t.Fatalf("bob: %v", err)
		}
		if m.Text() == text {
			return time.Since(began)
		}
	}
}

// bounded runs what somebody does, and checks that the server's memory never grew by more than
// limit bytes meanwhile.
func bounded(t testing.TB, s *harness.Server, limit int64, do func()) {
	t.Helper()
	before := s.Peak()
	do()
	grown := s.Peak() - before
	t.Logf("the server's memory grew by %d KiB", grown>>10)
	if grown > limit {
		t.Errorf("the server's memory grew by %d KiB, more than %d", grown>>10, limit>>10)
	}
}
