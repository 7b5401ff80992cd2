package hub_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vechehq/veche/bus/local"
	"github.com/vechehq/veche/hub"
)

// nodes runs a test with hubs that share a store and a bus.
func nodes(t *testing.T, n int, f func(t *testing.T, hubs []*hub.Hub)) {
	synctest.Test(t, func(t *testing.T) {
		store, bus := newStore(), local.New(nil)
		hubs := make([]*hub.Hub, n)
		for i := range hubs {
			hubs[i] = hub.New(hub.Config{Store: keepOpen{store}, Bus: bus})
		}
		f(t, hubs)
		for _, h := range hubs {
			if err := h.Close(context.Background()); err != nil {
				t.Error(err)
			}
		}
		if err := bus.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// users returns who is there, as a client sees it.
func (c *client) users(room string) string {
	c.t.Helper()
	us, count, err := c.session.Present(room)
	if err != nil {
		c.t.Fatal(err)
	}
	var ids []string
	for _, u := range us {
		ids = append(ids, u.ID)
	}
	slices.Sort(ids)
	if count != len(ids) {
		c.t.Errorf("%d users are counted: %v", count, ids)
	}
	return strings.Join(ids, " ")
}

func TestPresenceOfNodes(t *testing.T) {
	nodes(t, 2, func(t *testing.T, hubs []*hub.Hub) {
		ann := connect(t, hubs[0], guest("ann"))
		ann.join("r", hub.JoinOptions{})
		bob := connect(t, hubs[1], guest("bob"))
		bob.join("r", hub.JoinOptions{})
		settle := func() { time.Sleep(time.Second); synctest.Wait() }
		settle()
		for _, c := range []*client{ann, bob} {
			if got := c.users("r"); got != "ann bob" {
				t.Errorf("%s sees %s", c.session.User().ID, got)
			}
		}
		next(ann, func(p *hub.Presence) bool { return !p.Whole && p.Count == 2 && p.Joined[0].ID == "bob" })

		// A third node learns of everybody when it opens the room.
		other := connect(t, hubs[0], guest("ann"))
		other.join("r", hub.JoinOptions{})
		bob.session.Close(nil)
		settle()
		if got := ann.users("r"); got != "ann" {
			t.Errorf("after Bob has left: %s", got)
		}
		next(ann, func(p *hub.Presence) bool { return len(p.Left) == 1 && p.Left[0].ID == "bob" && p.Count == 1 })
		bob = connect(t, hubs[1], guest("bob"))
		bob.join("r", hub.JoinOptions{})
		settle()
		if got := bob.users("r"); got != "ann bob" {
			t.Errorf("Bob, back, sees %s", got)
		}

		// More than one notice names.
		for i := range 1200 {
			connect(t, hubs[0], guest(fmt.Sprintf("u%04d", i))).join("r", hub.JoinOptions{})
		}
		settle()
		if _, count, _ := bob.session.Present("r"); count != 1202 {
			t.Errorf("Bob counts %d", count)
		}
		visit, err := hubs[1].Visit(guest("cy"), "")
		if err != nil {
			t.Fatal(err)
		}
		counted := make(chan int, 1)
		visit.Present("r", func(_ []hub.User, count int, _ error) { counted <- count })
		if n := <-counted; n != 1202 {
			t.Errorf("a visit counts %d", n)
		}
	})
}

// A node that dies without a word: its users are gone after a while, and not before.
func TestPresenceOfADeadNode(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		bus := local.New(nil)
		h := hub.New(hub.Config{Store: newStore(), Bus: bus})
		ann := connect(t, h, guest("ann"))
		ann.join("r", hub.JoinOptions{})
		bus.Publish(hub.Notice{Node: "dead", Room: "r", Presence: &hub.Presence{Room: "r", Joined: []hub.User{guest("bob")}}})
		time.Sleep(50 * time.Second)
		if got := ann.users("r"); got != "ann bob" {
			t.Errorf("too soon: %s", got)
		}
		time.Sleep(31 * time.Second)
		if got := ann.users("r"); got != "ann" {
			t.Errorf("still there: %s", got)
		}
		if err := h.Close(context.Background()); err != nil {
			t.Error(err)
		}
		_ = bus.Close(context.Background())
	})
}

// A client that comes back on another node ends what it had on the first; what it says on any node in
// the name of its session does not come back to that.
func TestSessionsOfNodes(t *testing.T) {
	nodes(t, 2, func(t *testing.T, hubs []*hub.Hub) {
		half := connect(t, hubs[0], guest("ann"))
		other := connect(t, hubs[0], guest("bob"))
		hubs[1].End("bob", half.session.ID(), hub.ErrReplaced) // not Bob's to end
		back := connect(t, hubs[1], guest("ann"))
		back.session.Follow(half.session.ID())
		back.join("r", hub.JoinOptions{})
		other.join("r", hub.JoinOptions{})
		lost := connect(t, hubs[0], guest("ann")) // a try to come back of which the client never heard
		lost.session.Follow(half.session.ID())
		back.session.TakeOver()
		synctest.Wait()
		if half.cause() != hub.ErrReplaced || lost.cause() != hub.ErrReplaced || other.cause() != nil || back.cause() != nil {
			t.Errorf("ended by %v, %v, %v, %v", half.cause(), lost.cause(), other.cause(), back.cause())
		}
		for _, name := range []string{half.session.ID(), back.session.ID()} {
			visit, err := hubs[0].Visit(guest("ann"), name)
			if err != nil {
				t.Fatal(err)
			}
			if err := visit.Signal(&hub.Signal{Room: "r", Kind: "own"}); err != nil {
				t.Fatal(err)
			}
			next(other, func(s *hub.Signal) bool { return s.Kind == "own" && s.From == "ann" })
		}
		synctest.Wait()
		if err := other.session.Signal(&hub.Signal{Room: "r", Kind: "other"}); err != nil {
			t.Fatal(err)
		}
		if s := next(back, any1[*hub.Signal]); s.Kind != "other" {
			t.Errorf("its own %q came back", s.Kind)
		}
	})
}
