package native

import (
	"fmt"
	"testing"
	"time"

	"github.com/vechehq/veche/hub"
)

func TestTwoTalk(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		ann, bob := h.in("ann", "general"), h.in("bob", "general")
		ann.want("Bob's coming", `{"type":"presence","joined":["bob"],"names":{"bob":"BOB"},"left":[],"count":2,"whole":null}`)

		ann.say(`{"type":"send","id":2,"room":"general","cid":"c1","kind":"poll","body":{"text": "hi"}}`)
		ann.want("the ack before the message", `{"type":"ok","id":2,"room":"general","seq":1,"dup":false}`)
		for _, c := range []*client{ann, bob} {
			c.want("the message", `{"type":"message","room":"general","seq":1,"from":"ann","name":"ANN","cid":"c1","kind":"poll","body":{"text":"hi"},"data":null}`)
		}

		ann.say(`{"type":"send","id":3,"room":"general","cid":"c1","body":"again"}`)
		ann.want("the first seq", `{"type":"ok","id":3,"seq":1,"dup":true}`)

		bob.say(`{"type":"send","room":"general","data":"AAEC/w==","content":"image/png"}`)
		for _, c := range []*client{ann, bob} {
			c.want("bytes", `{"type":"message","seq":2,"from":"bob","data":"AAEC/w==","content":"image/png","body":null,"cid":null,"kind":null}`)
		}

		bob.say(`{"type":"signal","room":"general","kind":"typing"}`)
		ann.want("the signal", `{"type":"signal","room":"general","from":"bob","name":"BOB","kind":"typing","body":null}`)
		bob.say(`{"type":"receipt","room":"general","received":2,"read":1}`)
		ann.want("the receipt", `{"type":"receipt","user":"bob","received":2,"read":1}`)

		bob.say(`{"type":"leave","id":4,"room":"general"}`)
		bob.seek("the end of it", `{"type":"ok","id":4,"room":"general"}`)
		ann.want("Bob's going", `{"type":"presence","joined":[],"left":["bob"],"count":1}`)
		ann.say(`{"type":"send","room":"general","body":"alone"}`)
		ann.want("her own", `{"type":"message","seq":3,"body":"alone"}`)
		bob.quiet("he has left the room")
		ann.leave()
	})
}

func TestBodiesKeepTheirForm(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		ann := h.in("ann", "r")
		for i, body := range []string{`"text"`, `null`, `0`, `false`, `[]`, `{"a":[1,2.5,null,"ж\u0000"]}`, `""`} {
			ann.say(`{"type":"send","room":"r","body":` + body + `}`)
			got := ann.want("the message", fmt.Sprintf(`{"type":"message","seq":%d}`, i+1))
			want := object(t, `{"body":`+body+`}`)
			if v, there := got["body"]; !there || fmt.Sprint(v) != fmt.Sprint(want["body"]) {
				t.Errorf("%s came back as %v", body, got)
			}
		}
	})
}

func TestByHand(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		ann := h.in("ann", "r")
		for range 3 {
			ann.say(`{"type":"send","room":"r","body":"x"}`)
		}
		ann.seek("the last", `{"type":"message","seq":3}`)

		guest := h.dial("guest", "?room=r&since=-2")
		w := guest.want("a welcome at once", `{"type":"welcome","version":1,"ping":25,"server":"veche/test","limits":{"frame":1048576,"body":65536,"rooms":256,"history":200}}`)
		if u := w["user"].(map[string]any); u["guest"] != true || u["id"] == "" {
			t.Errorf("the guest is %v", u)
		}
		guest.want("the join of the URL, without id", `{"type":"ok","id":null,"room":"r","head":3,"recovered":true,"count":2}`)
		guest.want("who is there", `{"type":"presence","whole":true,"count":2}`)
		guest.want("the last two", `{"type":"message","seq":2}`)
		guest.want("the last two", `{"type":"message","seq":3}`)
		guest.say(`{"type":"ping","id":"p"}`)
		guest.want("life", `{"type":"pong","id":"p"}`)
		guest.say(`{"type":"ping"}`)
		guest.want("life", `{"type":"pong","id":null}`)

		wrong := h.dial("wrong", "?room=&since=x")
		wrong.want("a welcome all the same", `{"type":"welcome"}`)
		wrong.want("what is wrong", `{"type":"error","id":null,"code":"bad_request"}`)
		wrong.say(`{"type":"ping"}`)
		wrong.want("the connection stays", `{"type":"pong"}`)
	})
}

func TestResume(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		ann := h.in("ann", "r")
		bob := h.in("bob", "r")
		ann.say(`{"type":"send","room":"r","body":1}`)
		bob.seek("the first", `{"type":"message","seq":1}`)
		bob.leave()
		for i := 2; i <= 300; i++ {
			ann.say(fmt.Sprintf(`{"type":"send","room":"r","body":%d}`, i))
			ann.seek("her own", fmt.Sprintf(`{"type":"message","seq":%d}`, i))
		}
		bob = h.as("bob")
		bob.say(`{"type":"join","id":1,"room":"r","since":1}`)
		bob.want("the join", `{"type":"ok","id":1,"head":300,"recovered":true}`)
		bob.want("who is there", `{"type":"presence"}`)
		for i := 2; i <= 300; i++ {
			bob.want("all of it, in order", fmt.Sprintf(`{"type":"message","seq":%d,"body":%d}`, i, i))
		}
		bob.say(`{"type":"join","id":2,"room":"r","since":298,"epoch":"another"}`)
		bob.want("the join", `{"type":"ok","id":2,"recovered":false}`)
		bob.want("who is there", `{"type":"presence"}`)
		bob.want("that the log is another", `{"type":"gap","room":"r","from":1,"to":300,"why":"epoch"}`)
	})
}

func TestHistory(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		ann := h.in("ann", "r")
		for i := 1; i <= 120; i++ {
			ann.say(fmt.Sprintf(`{"type":"send","id":%d,"room":"r","body":%d}`, i, i))
		}
		ann.seek("the last", `{"type":"message","seq":120}`)
		reader := h.as("bob") // who has not joined
		for _, c := range []struct {
			ask         string
			first, last int
		}{
			{``, 71, 120},
			{`,"limit":3`, 118, 120},
			{`,"before":11`, 1, 10},
			{`,"before":100,"limit":2`, 98, 99},
			{`,"after":0,"limit":2`, 1, 2},
			{`,"after":118`, 119, 120},
			{`,"after":0,"limit":1000`, 1, 120},
		} {
			reader.say(`{"type":"history","id":"h","room":"r"` + c.ask + `}`)
			got := reader.want("history"+c.ask, `{"type":"ok","id":"h","room":"r","first":1,"head":120}`)
			ms := got["messages"].([]any)
			if len(ms) != c.last-c.first+1 {
				t.Fatalf("history %s has %d messages", c.ask, len(ms))
			}
			for i, m := range ms {
				if !matches(m.(map[string]any), object(t, fmt.Sprintf(`{"type":"message","room":"r","seq":%d,"from":"ann"}`, c.first+i))) {
					t.Errorf("history %s: %v at %d", c.ask, m, i)
				}
			}
		}
		reader.say(`{"type":"history","id":"h","room":"r","after":120}`)
		reader.want("nothing", `{"type":"ok","messages":[]}`)
	})
}

func TestHistoryIsBounded(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		ann := h.in("ann", "r")
		big := fmt.Sprintf("%060000d", 0)
		for i := 1; i <= 40; i++ {
			ann.say(`{"type":"send","id":1,"room":"r","body":"` + big + `"}`)
			ann.seek("the ack", `{"type":"ok","id":1}`)
		}
		ann.seek("the last", `{"type":"message","seq":40}`)
		ann.say(`{"type":"history","id":1,"room":"r","limit":200}`)
		ms := ann.want("what fits", `{"type":"ok","id":1}`)["messages"].([]any)
		if n := len(ms); n != 17 || ms[n-1].(map[string]any)["seq"] != 40.0 {
			t.Errorf("%d messages, the last %v", n, ms[n-1])
		}
		ann.say(`{"type":"history","id":2,"room":"r","after":0,"limit":200}`)
		ms = ann.want("what fits", `{"type":"ok","id":2}`)["messages"].([]any)
		if len(ms) != 17 || ms[0].(map[string]any)["seq"] != 1.0 {
			t.Errorf("%d messages, the first %v", len(ms), ms[0])
		}
	})
}

// A reader that does not read is told of the gap when it does, and pulls what it missed.
func TestSlowReader(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		slow, ann := h.in("slow", "r"), h.in("ann", "r")
		body := fmt.Sprintf("%01000d", 0)
		const n = 3000
		for i := 1; i <= n; i++ {
			ann.say(`{"type":"send","id":1,"room":"r","body":"` + body + `"}`)
			ann.seek("the ack, whoever is slow", fmt.Sprintf(`{"type":"ok","id":1,"seq":%d}`, i))
		}
		last, got := 0.0, 0
		for last < n {
			o, err := slow.read()
			if err != nil {
				t.Fatalf("after %v: %v", last, err)
			}
			switch o["type"] {
			case "message":
				if o["seq"] != last+1 {
					t.Fatalf("%v after %v", o["seq"], last)
				}
				last++
				got++
			case "gap":
				if o["from"] != last+1 || o["why"] != "lag" {
					t.Fatalf("gap %v after %v", o, last)
				}
				for to := o["to"].(float64); last < to; {
					slow.say(fmt.Sprintf(`{"type":"history","id":"h","room":"r","after":%d,"limit":200}`, int(last)))
					for _, m := range slow.seek("history", `{"id":"h"}`)["messages"].([]any) {
						if seq := m.(map[string]any)["seq"].(float64); seq == last+1 {
							last++
						}
					}
				}
			}
		}
		if got > 1500 {
			t.Errorf("%d messages waited for a reader that did not read", got)
		}
		ann.say(`{"type":"send","id":1,"room":"r","body":"live"}`)
		slow.seek("live again", fmt.Sprintf(`{"type":"message","seq":%d,"body":"live"}`, n+1))
	})
}

// A client that asks and never reads the answers is not read from, then dropped; others are unhurt.
func TestClientThatOnlyAsks(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		greedy, ann := h.in("greedy", "r"), h.in("ann", "r")
		start := time.Now()
		for i := 0; ; i++ {
			if i > 100_000 {
				t.Fatal("it is read from for ever")
			}
			if greedy.conn.Write(t.Context(), 1, []byte(`{"type":"presence","id":1,"room":"r"}`)) != nil {
				break
			}
		}
		if d := time.Since(start); d > 2*time.Minute {
			t.Errorf("dropped after %v", d)
		}
		ann.say(`{"type":"ping","id":1}`)
		ann.seek("life", `{"type":"pong","id":1}`)
	})
}

func TestOrderOfFanOut(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		const senders, each, readers = 5, 40, 8
		var all []*client
		for i := range readers {
			all = append(all, h.in(fmt.Sprint("reader", i), "r"))
		}
		for i := range senders {
			s := h.as(fmt.Sprint("sender", i))
			go func() {
				for j := range each {
					s.say(fmt.Sprintf(`{"type":"send","room":"r","cid":"%d","body":%d}`, j, j))
				}
			}()
		}
		var first []string
		for i, c := range all {
			next := map[any]float64{}
			var order []string
			for seq := 1; seq <= senders*each; seq++ {
				m := c.seek("the next", `{"type":"message"}`)
				if m["seq"] != float64(seq) || m["body"] != next[m["from"]] {
					t.Fatalf("%s got %v, want seq %d", c.name, m, seq)
				}
				next[m["from"]]++
				order = append(order, fmt.Sprint(m["from"], m["body"]))
			}
			if i == 0 {
				first = order
			} else if fmt.Sprint(first) != fmt.Sprint(order) {
				t.Errorf("%s saw another order", c.name)
			}
		}
	})
}

func TestSignalToUser(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		ann := h.as("ann")
		if err := h.hub.SignalUser("ann", &hub.Signal{Kind: "wake"}); err != nil {
			t.Fatal(err)
		}
		ann.want("it", `{"type":"signal","room":null,"from":null,"kind":"wake","body":null}`)
	})
}

func TestPresenceOnRequest(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		ann := h.in("ann", "r")
		h.in("bob", "r")
		ann.say(`{"type":"presence","id":1,"room":"r"}`)
		ann.seek("both", `{"type":"ok","id":1,"room":"r","count":2,"users":[{"id":"ann","name":"ANN"},{"id":"bob","name":"BOB"}]}`)
	})
}
