package native

import (
	"strings"
	"testing"
	"time"

	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/ws"
)

// Each request is refused, and the connection lives on.
func TestRefusals(t *testing.T) {
	story(t, hub.Config{Limits: hub.Limits{SessionRooms: 2}}, func(t *testing.T, h *house) {
		bob := h.in("bob", "r")
		big := strings.Repeat("b", 65537)
		for _, c := range []struct{ say, want string }{
			{`no JSON`, `{"id":null,"code":"bad_request","retry":false}`},
			{`[]`, `{"id":null,"code":"bad_request"}`},
			{`{"id":1}`, `{"id":null,"code":"bad_request"}`},
			{`{"type":"dance","id":"x"}`, `{"id":"x","code":"bad_request"}`},
			{`{"type":"join","id":1}`, `{"id":1,"code":"bad_request"}`},
			{`{"type":"join","id":1,"room":"~ann"}`, `{"id":1,"code":"forbidden","room":"~ann"}`},
			{`{"type":"send","id":1,"room":"~ann","body":1}`, `{"id":1,"code":"forbidden","room":"~ann"}`},
			{`{"type":"send","room":"~ann","body":1}`, `{"id":null,"code":"forbidden","room":"~ann"}`},
			{`{"type":"history","id":1,"room":"~ann"}`, `{"id":1,"code":"forbidden","room":"~ann"}`},
			{`{"type":"send","id":1,"room":"r"}`, `{"id":1,"code":"bad_request"}`},
			{`{"type":"send","id":1,"room":"r","body":"` + big + `"}`, `{"id":1,"code":"too_large","room":"r"}`},
			{`{"type":"signal","id":1,"room":"r","kind":"k","body":"` + big + `"}`, `{"id":1,"code":"too_large"}`},
			{`{"type":"signal","id":1,"room":"q","kind":"k"}`, `{"id":1,"code":"not_joined","room":"q"}`},
			{`{"type":"receipt","id":1,"room":"q","read":1}`, `{"id":1,"code":"not_joined","room":"q"}`},
			{`{"type":"presence","id":1,"room":"q"}`, `{"id":1,"code":"not_joined","room":"q"}`},
			{`{"type":"leave","id":1,"room":"q"}`, `{"id":1,"code":"not_joined","room":"q"}`},
			{`{"type":"hello","id":1,"token":"x"}`, `{"id":1,"code":"unauthorized"}`},
			{`{"type":"hello","id":1,"resume":"x"}`, `{"id":1,"code":"unauthorized"}`},
			{`{"type":"hello","id":1,"token":"` + h.token("ann", "", time.Hour) + `"}`, `{"id":1,"code":"forbidden"}`},
			{`{"type":"hello","id":1,"version":2}`, `{"id":1,"code":"bad_request"}`},
		} {
			bob.say(c.say)
			got := bob.want("the refusal of "+c.say[:min(len(c.say), 80)], c.want)
			if got["type"] != "error" || got["message"] == "" {
				t.Errorf("%s: %v", c.say, got)
			}
		}
		bob.say(`{"type":"join","id":1,"room":"r2"}`)
		bob.seek("the second room", `{"type":"ok","id":1}`)
		bob.say(`{"type":"join","id":1,"room":"r3"}`)
		bob.seek("one room too many", `{"type":"error","id":1,"code":"limit","room":"r3"}`)
	})
}

func TestTheThousandthLimitCloses(t *testing.T) {
	story(t, hub.Config{Limits: hub.Limits{SessionRooms: 1}}, func(t *testing.T, h *house) {
		c := h.as("ann")
		c.say(`{"type":"join","id":1,"room":"r"}`)
		c.seek("the one room", `{"type":"ok","id":1}`)
		for range maxLimits {
			c.say(`{"type":"join","id":2,"room":"s"}`)
			c.seek("a refusal", `{"type":"error","id":2,"code":"limit"}`)
		}
		c.seek("the bye", `{"type":"bye","code":"limit","retry":false}`)
		c.wantClose(4429)
	})
}

func TestTheSixteenthForeignObjectCloses(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		c := h.as("ann")
		for range 16 {
			c.say(`{"type":"dance"}`) // does not count
			c.want("a refusal", `{"type":"error","code":"bad_request"}`)
		}
		for range 16 {
			c.say(`hello?`)
			c.want("a refusal", `{"type":"error","code":"bad_request"}`)
		}
		c.wantClose(ws.StatusPolicy)
	})
}

func TestFrameRefusals(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		for _, c := range []struct {
			why  string
			typ  ws.MessageType
			data []byte
			code ws.StatusCode
		}{
			{"binary", ws.Binary, []byte(`{"type":"ping"}`), ws.StatusUnsupported},
			{"above 1 MiB", ws.Text, make([]byte, 1<<20+1), ws.StatusTooBig},
			{"not UTF-8", ws.Text, []byte("{\"type\":\"\xff\"}"), ws.StatusInvalidData},
		} {
			client := h.as("ann")
			// A server that has said why may close before it has read all.
			_ = client.conn.Write(t.Context(), c.typ, c.data)
			client.wantClose(c.code)
		}
	})
}

func TestBadCredentials(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		expired := h.token("ann", "", time.Second)
		time.Sleep(2*time.Second + leeway)
		for _, c := range []struct {
			why, query string
			header     []string
			hello      string
			code       string
		}{
			{"bearer", "", []string{"Authorization", "Bearer x"}, "", "unauthorized"},
			{"bearer, expired", "", []string{"Authorization", "Bearer " + expired}, "", "expired"},
			{"cookie", "?room=r", []string{"Cookie", "veche_token=x"}, "", "unauthorized"},
			{"bearer, then an empty hello", "?hello=1", []string{"Authorization", "Bearer x"}, `{"type":"hello"}`, "unauthorized"},
			{"hello", "?hello=1", nil, `{"type":"hello","token":"x"}`, "unauthorized"},
			{"hello, expired", "?hello=1", nil, `{"type":"hello","token":"` + expired + `"}`, "expired"},
			{"resume", "?hello=1", nil, `{"type":"hello","resume":"x"}`, "unauthorized"},
		} {
			client := h.dial(c.why, c.query, c.header...)
			if c.hello != "" {
				client.say(c.hello)
			}
			client.want("the refusal", `{"type":"error","id":null,"code":"`+c.code+`","retry":false}`)
			client.wantClose(4401)
		}
		if n := h.hub.Sessions(); n != 0 {
			t.Errorf("%d sessions", n)
		}
	})
}

func TestHookRefusesSession(t *testing.T) {
	refuse := func(*hub.Session) error { return &hub.Error{Code: hub.CodeForbidden, Message: "not you"} }
	story(t, hub.Config{Hooks: hub.Hooks{Connect: refuse}}, func(t *testing.T, h *house) {
		c := h.dial("ann", "")
		c.want("the refusal", `{"type":"error","code":"forbidden","message":"not you"}`)
		c.wantClose(4403)
	})
}

func TestTooManyHistoriesAtOnce(t *testing.T) {
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		c := h.as("ann")
		ask, ok, busy := `{"type":"history","id":1,"room":"r"}`, 0, 0
		for range 200 {
			c.say(ask)
		}
		for range 200 {
			switch o, _ := c.read(); {
			case o["type"] == "ok":
				ok++
			case o["code"] == "busy" && o["retry"] == true:
				busy++
			default:
				t.Fatal(o)
			}
		}
		if ok < 4 {
			t.Errorf("%d answered, %d refused", ok, busy)
		}
		c.say(ask)
		c.want("an answer when it is calm", `{"type":"ok","id":1}`)
	})
}

func TestSubprotocol(t *testing.T) {
	for _, c := range []struct {
		offered []string
		want    string
	}{
		{nil, ""},
		{[]string{"veche.v1"}, "veche.v1"},
		{[]string{"veche.v2", "veche.token.x", "veche.v1"}, "veche.v1"},
		{[]string{"veche.token.x"}, ""},
		{[]string{"chat"}, ""},
	} {
		if got := Protocol(c.offered); got != c.want {
			t.Errorf("of %v: %q", c.offered, got)
		}
	}
	story(t, hub.Config{}, func(t *testing.T, h *house) {
		token := h.token("ann", "Ann", time.Hour)
		for _, offered := range []string{"veche.v1, veche.token." + token, "veche.token." + token} {
			c := h.dial("ann", "", "Sec-WebSocket-Protocol", offered)
			c.want("the token's user", `{"type":"welcome","user":{"id":"ann","name":"Ann"}}`)
			if p := c.conn.Subprotocol(); p != Protocol(strings.Split(offered, ", ")) {
				t.Errorf("selected %q of %s", p, offered)
			}
		}
	})
}
