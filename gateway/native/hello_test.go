package native

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vechehq/veche/auth"
	"github.com/vechehq/veche/hub"
)

func TestHelloFirst(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		c := h.dial("ann", "?hello=1&room=r")
		c.quiet("it said that hello comes first")
		c.say(`{"type":"hello","id":"h","token":"` + h.token("ann", "Ann", time.Hour) + `","name":"ignored"}`)
		w := c.want("the welcome", `{"type":"welcome","user":{"id":"ann","name":"Ann"}}`)
		if at, err := time.Parse(time.RFC3339, w["expires"].(string)); err != nil || time.Until(at) > time.Hour+leeway {
			t.Errorf("expires %v: %v", w["expires"], err)
		}
		c.want("the answer", `{"type":"ok","id":"h"}`)
		c.want("the room of the URL", `{"type":"ok","id":null,"room":"r"}`)
	})
}

func TestGuestWithName(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		c := h.dial("guest", "?hello=1")
		c.say(`{"type":"hello","name":" Аня "}`)
		w := c.want("the welcome", `{"type":"welcome"}`)
		if u := w["user"].(map[string]any); u["name"] != "Аня" || u["guest"] != true {
			t.Errorf("the guest is %v", u)
		}
	})
}

func TestNoHelloInTime(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		start := time.Now()
		c := h.dial("silent", "?hello=1")
		c.want("a complaint", `{"type":"error","code":"bad_request"}`)
		c.wantClose(1008)
		if d := time.Since(start); d < helloWait || d > helloWait+time.Second {
			t.Errorf("after %v", d)
		}
		for _, instead := range []string{`{"type":"join","id":1,"room":"r"}`, `x`} {
			c = h.dial("hasty", "?hello=1")
			c.say(instead)
			c.want("a complaint", `{"type":"error","code":"bad_request"}`)
			c.wantClose(1008)
		}
	})
}

func TestHelloAfterWelcome(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		c := h.dial("ann", "")
		first := c.want("a guest's welcome", `{"type":"welcome"}`)
		c.say(`{"type":"hello","id":1,"token":"` + h.token("ann", "Ann", time.Hour) + `"}`)
		second := c.want("another user's", `{"type":"welcome","user":{"id":"ann","name":"Ann"}}`)
		c.want("the answer", `{"type":"ok","id":1}`)
		if first["session"] == second["session"] {
			t.Error("the session is the same")
		}
		if n := h.hub.Sessions(); n != 1 {
			t.Errorf("%d sessions", n)
		}
		c.say(`{"type":"join","id":2,"room":"r"}`)
		c.seek("the join", `{"type":"ok","id":2}`)

		// The room of a URL is a request: after it the user cannot change.
		u := h.dial("url", "?room=r")
		u.seek("the join", `{"type":"ok","room":"r"}`)
		u.say(`{"type":"hello","id":1,"token":"` + h.token("bob", "", time.Hour) + `"}`)
		u.seek("the refusal", `{"type":"error","id":1,"code":"forbidden"}`)
	})
}

func TestGuestChangesName(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		ann := h.in("ann", "r")
		c := h.dial("guest", "?room=r")
		id := c.want("the welcome", `{"type":"welcome"}`)["user"].(map[string]any)["id"].(string)
		ann.seek("the guest", `{"type":"presence","count":2}`)
		c.seek("who is there", `{"type":"presence"}`)
		c.say(`{"type":"hello","name":"Zoë"}`)
		c.seek("the new name", `{"type":"welcome","user":{"id":"`+id+`","name":"Zoë","guest":true}}`)
		ann.seek("the new name", `{"type":"presence","joined":["`+id+`"],"names":{"`+id+`":"Zoë"},"count":2}`)
		c.say(`{"type":"hello","id":1,"name":"a\u202eb"}`)
		c.seek("a name that deceives", `{"type":"error","id":1,"code":"bad_request"}`)
	})
}

func TestExpiry(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		c := h.dial("ann", "", "Authorization", "Bearer "+h.token("ann", "", time.Minute))
		c.want("the welcome", `{"type":"welcome"}`)
		time.Sleep(30 * time.Second)
		c.say(`{"type":"hello","id":1,"token":"` + h.token("ann", "Anna", time.Minute) + `"}`)
		c.want("renewed in place", `{"type":"welcome","user":{"id":"ann","name":"Anna"}}`)
		c.want("the answer", `{"type":"ok","id":1}`)
		start := time.Now()
		c.want("the end", `{"type":"bye","code":"expired","retry":false,"after":null}`)
		c.wantClose(4401)
		if d := time.Since(start); d < 59*time.Second || d > 61*time.Second+leeway {
			t.Errorf("after %v", d)
		}
	})
}

func TestResumeToken(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		first := h.dial("first", "?room=r")
		w := first.want("the welcome", `{"type":"welcome"}`)
		user, resume := w["user"].(map[string]any), w["resume"].(string)

		second := h.dial("second", "?hello=1&room=r")
		second.say(`{"type":"hello","resume":"` + resume + `"}`)
		w2 := second.want("the same guest", `{"type":"welcome"}`)
		if got := w2["user"].(map[string]any); got["id"] != user["id"] {
			t.Errorf("was %v, is %v", user, got)
		}
		first.seek("that it goes on elsewhere", `{"type":"bye","code":"replaced","retry":false}`)
		first.wantClose(4409)
		if n := h.hub.Sessions(); n != 1 {
			t.Errorf("%d sessions", n)
		}

		// With a token, resume ends the half-open session and identifies nobody.
		ann := h.as("ann")
		ann.say(`{"type":"hello","id":1}`)
		resume = ann.want("the welcome again", `{"type":"welcome"}`)["resume"].(string)
		again := h.dial("again", "?hello=1")
		again.say(`{"type":"hello","resume":"` + resume + `","token":"` + h.token("ann", "Ann", time.Hour) + `"}`)
		again.want("the welcome", `{"type":"welcome","user":{"id":"ann","name":"Ann"}}`)
		ann.seek("that it goes on elsewhere", `{"type":"bye","code":"replaced"}`)
		thief := h.dial("thief", "?hello=1")
		thief.say(`{"type":"hello","resume":"` + w2["resume"].(string) + `","token":"` + h.token("thief", "", time.Hour) + `"}`)
		thief.want("the welcome", `{"type":"welcome"}`)
		second.say(`{"type":"ping"}`)
		second.seek("life: another user's resume ends nothing", `{"type":"pong"}`)
	})
}

func TestNobodyMustSayHello(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h := newHouse(t, hub.Config{}, auth.Config{NoGuests: true})
		c := h.dial("ann", "")
		c.say(`{"type":"hello","token":"` + h.token("ann", "", time.Hour) + `"}`)
		c.want("the welcome", `{"type":"welcome"}`)
		c = h.dial("nobody", "")
		c.say(`{"type":"hello","name":"me"}`)
		c.want("the refusal", `{"type":"error","code":"unauthorized"}`)
		c.wantClose(4401)
		h.close()
	})
}

func TestDrain(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		ann := h.in("ann", "r")
		for range 50 {
			ann.say(`{"type":"send","id":1,"room":"r","body":1}`)
		}
		synctest.Wait()
		drained := make(chan error)
		ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
		defer cancel()
		go func() { drained <- h.hub.Drain(ctx, 4*time.Second) }()
		for range 50 {
			ann.seek("what was asked before", `{"type":"ok","id":1}`)
		}
		bye := ann.seek("the bye", `{"type":"bye","code":"drain","retry":true}`)
		if after := bye["after"].(float64); after < 0 || after > 4 {
			t.Errorf("after %v", after)
		}
		ann.wantClose(1012)
		if err := <-drained; err != nil {
			t.Error(err)
		}
		late := h.dial("late", "")
		late.want("the refusal", `{"type":"error","code":"drain","retry":true}`)
		late.wantClose(1012)
	})
}

// A client whose connection is cut is gone after two pings at most.
func TestHalfOpen(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		ann := h.in("ann", "r")
		bob := h.in("bob", "r")
		ann.seek("Bob", `{"type":"presence","count":2}`)
		_ = bob // who says nothing from now on: nobody reads, so pings are not answered
		go func() {
			for {
				if _, err := ann.read(); err != nil {
					return
				}
			}
		}()
		time.Sleep(time.Minute)
		if n := h.hub.Sessions(); n != 1 {
			t.Errorf("%d sessions", n)
		}
	})
}
