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

// What the others may notice, on a machine that has other things to do: half of their messages take
// no longer than usual, the worst no longer than worst.
const (
	usual = 100 * time.Millisecond
	worst = 3 * time.Second
)

// pair is two people in one room.
type pair struct {
	t        testing.TB
	room     string
	ann, bob *peer.Conn
	said     int
}

// meet puts two people into a room.
func meet(t testing.TB, s *harness.Server, room string) *pair {
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
	took := make([]time.Duration, n)
	for i := range took {
		start := time.Now()
		p.say(fmt.Sprint("word ", p.said))
		took[i] = time.Since(start)
	}
	slices.Sort(took)
	half, last := took[n/2], took[n-1]
	p.t.Logf("of %d messages half took %v, the longest %v", n, half, last)
	if half > usual || last > worst {
		p.t.Errorf("the others suffer: half of their messages took %v, the longest %v", half, last)
	}
}

// say has Ann say one thing, and returns when she has the acknowledgement and Bob the message.
func (p *pair) say(text string) {
	p.t.Helper()
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
			return
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
