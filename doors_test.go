package veche

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/vechehq/veche/auth"
	"github.com/vechehq/veche/hub"
	"github.com/vechehq/veche/ws"
)

// peer is a client at one of the doors.
type peer struct {
	t    *testing.T
	conn *ws.Conn
	res  *http.Response // of the handshake
}

func dial(t *testing.T, url string, o *ws.DialOptions) *peer {
	t.Helper()
	conn, res, err := ws.Dial(t.Context(), url, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.CloseNow() })
	return &peer{t, conn, res}
}

func (p *peer) say(text string) {
	p.t.Helper()
	if err := p.conn.Write(p.t.Context(), ws.Text, []byte(text)); err != nil {
		p.t.Fatal(err)
	}
}

// hear returns the next frame; why it waits is for whoever reads the failure.
func (p *peer) hear(why string) string {
	p.t.Helper()
	_, data, err := p.conn.Read(p.t.Context())
	if err != nil {
		p.t.Fatalf("%s: %v", why, err)
	}
	return string(data)
}

// told is any object of the native protocol, as far as these tests look.
type told struct {
	Type, Session, Resume, Code, Room string
	Retry, Recovered                  bool
	After                             float64
	Seq                               uint64
	User                              struct {
		ID, Name string
		Guest    bool
	}
}

// expect reads objects until one is of that type.
func (p *peer) expect(typ, why string) told {
	p.t.Helper()
	for {
		text := p.hear(why)
		var o told
		if err := json.Unmarshal([]byte(text), &o); err != nil {
			p.t.Fatalf("%s: %v in %s", why, err, text)
		}
		if o.Type == typ {
			return o
		}
		if o.Type == "error" || o.Type == "bye" {
			p.t.Fatalf("%s: instead of %s came %s", why, typ, text)
		}
	}
}

// closed reads until the server has closed, and wants its code.
func (p *peer) closed(code ws.StatusCode, why string) {
	p.t.Helper()
	for {
		_, _, err := p.conn.Read(p.t.Context())
		if err == nil {
			continue
		}
		if got := ws.CloseStatus(err); got != code {
			p.t.Errorf("%s: closed with %v (%v), want %v", why, got, err, code)
		}
		return
	}
}

func header(key, value string) *ws.DialOptions {
	return &ws.DialOptions{Header: http.Header{key: {value}}}
}

func token(t *testing.T, s *Server, u User) string {
	t.Helper()
	token, err := s.Token(u)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func TestDoorsKnowWhoComes(t *testing.T) {
	bothDoors(t, func(t *testing.T, serve func(testing.TB, *Server) string) {
		s := newServer(t)
		url := "ws://" + serve(t, s)
		anna := token(t, s, User{ID: "u2", Name: "Anna"})

		guest := dial(t, url+"/ws", nil)
		first := guest.expect("welcome", "a guest")
		cookie := guest.res.Header.Get("Set-Cookie")
		if !first.User.Guest || !strings.HasPrefix(cookie, auth.GuestCookie+"="+first.User.ID+".") {
			t.Errorf("%+v with %q", first.User, cookie)
		}
		cookie, _, _ = strings.Cut(cookie, ";")
		for name, o := range map[string]*ws.DialOptions{
			"cookie":   header("Cookie", cookie),
			"bearer":   header("Authorization", "Bearer "+anna),
			"protocol": {Subprotocols: []string{"veche.v1", auth.TokenProtocol + anna}},
		} {
			p := dial(t, url+"/ws", o)
			want := "u2"
			if name == "cookie" {
				want = first.User.ID
			}
			if got := p.expect("welcome", name); got.User.ID != want {
				t.Errorf("%s: %+v", name, got.User)
			}
			if len(o.Subprotocols) > 0 && p.conn.Subprotocol() != "veche.v1" {
				t.Errorf("%s: speaks %q", name, p.conn.Subprotocol())
			}
		}
		p := dial(t, url+"/ws?hello=1", nil)
		p.say(`{"type":"hello","token":"` + anna + `"}`)
		if got := p.expect("welcome", "hello"); got.User.ID != "u2" || got.User.Name != "Anna" {
			t.Errorf("hello: %+v", got.User)
		}
		p = dial(t, url+"/ws?hello=1", nil)
		p.say(`{"type":"hello","resume":"` + first.Resume + `"}`)
		if got := p.expect("welcome", "resume"); got.User.ID != first.User.ID {
			t.Errorf("resume: %+v", got.User)
		}
		guest.closed(4409, "another connection resumed it")
	})
}

func TestDoorsRefuse(t *testing.T) {
	bothDoors(t, func(t *testing.T, serve func(testing.TB, *Server) string) {
		s := newServer(t, func(c *Config) { c.NoGuests = true })
		url := "ws://" + serve(t, s)
		limited := token(t, s, User{ID: "u2", Claims: map[string]any{"rooms": []string{"dev-*"}}})
		bad := header("Authorization", "Bearer x.y.z")

		dial(t, url+"/ws", bad).closed(4401, "a bad token")
		dial(t, url+"/raw/general", bad).closed(4401, "a bad token")
		dial(t, url+"/raw/general", nil).closed(4401, "no guests")
		p := dial(t, url+"/ws", nil)
		p.say(`{"type":"hello"}`)
		p.closed(4401, "no guests, and no token in hello")
		dial(t, url+"/raw/general", header("Authorization", "Bearer "+limited)).closed(4403, "not one of its rooms")

		p = dial(t, url+"/raw/dev-1?welcome=1", header("Authorization", "Bearer "+limited))
		p.hear("welcome to one of its rooms")
		p = dial(t, url+"/ws", nil)
		p.say(`{"type":"hello","token":"` + limited + `"}`)
		p.expect("welcome", "no guests, but a token in hello")

		for origin, want := range map[string]int{"https://evil.example": 403, "null": 403, "http://" + url[len("ws://"):]: 0} {
			conn, _, err := ws.Dial(t.Context(), url+"/ws", header("Origin", origin))
			refused, _ := errors.AsType[*ws.HandshakeError](err)
			if want == 0 {
				if err != nil {
					t.Errorf("%s: %v", origin, err)
					continue
				}
				conn.CloseNow()
			} else if refused == nil || refused.Status != want {
				t.Errorf("%s: %v, want %d", origin, err, want)
			}
		}
	})
}

func TestForeignOrigin(t *testing.T) {
	bothDoors(t, func(t *testing.T, serve func(testing.TB, *Server) string) {
		s := newServer(t, func(c *Config) { c.Origins = []string{"https://*.example.com"} })
		url := "ws://" + serve(t, s)
		dial(t, url+"/ws", header("Origin", "https://chat.example.com")).expect("welcome", "an allowed origin")
		if _, _, err := ws.Dial(t.Context(), url+"/ws", header("Origin", "http://chat.example.com")); err == nil {
			t.Error("the scheme does not matter")
		}
	})
}

func TestTokenExpiryEndsSession(t *testing.T) {
	bothDoors(t, func(t *testing.T, serve func(testing.TB, *Server) string) {
		s := newServer(t)
		url := "ws://" + serve(t, s)
		soon := func() string {
			// Good for about three seconds: exp is in whole seconds, and the leeway comes on top of it.
			return token(t, s, User{ID: "u2", Expires: time.Now().Add(3500*time.Millisecond - auth.Leeway)})
		}
		p := dial(t, url+"/ws", header("Authorization", "Bearer "+soon()))
		p.expect("welcome", "a token that is still good")
		p.closed(4401, "the token has expired")

		p = dial(t, url+"/ws", header("Authorization", "Bearer "+soon()))
		p.expect("welcome", "a token that is still good")
		p.say(`{"type":"hello","token":"` + token(t, s, User{ID: "u2", Expires: time.Now().Add(time.Hour)}) + `"}`)
		p.expect("welcome", "renewed")
		q := dial(t, url+"/ws", header("Authorization", "Bearer "+soon()))
		q.closed(4401, "a token that was not renewed has expired")
		p.say(`{"type":"ping"}`)
		p.expect("pong", "the renewed session lives on")
	})
}

func TestRawRoomNames(t *testing.T) {
	bothDoors(t, func(t *testing.T, serve func(testing.TB, *Server) string) {
		s := newServer(t)
		url := "ws://" + serve(t, s)
		for path, room := range map[string]string{
			"general":                  "general",
			"a/b":                      "a/b",
			"a%2Fb%20c":                "a/b c",
			"%D0%B2%D0%B5%D1%87%D0%B5": "вече",
			"memory:game%3F":           "memory:game?",
			"100%25":                   "100%",
			"..%2Fhealthz":             "../healthz",
		} {
			p := dial(t, url+"/raw/"+path+"?welcome=1", nil)
			var w told
			if err := json.Unmarshal([]byte(p.hear("welcome")), &w); err != nil || w.Room != room {
				t.Errorf("%s is %q, %v; want %q", path, w.Room, err, room)
			}
		}
		dial(t, url+"/raw/", nil).closed(1008, "no room")
		dial(t, url+"/raw/a%00b", nil).closed(1008, "a control character")
	})
}

func TestCertificateIsTheUser(t *testing.T) {
	a := newAuthority(t)
	f := a.files(t.TempDir())
	f.ClientOptional = true
	s := newServer(t, func(c *Config) { c.TLS = loadTLS(t, f) })
	url := "wss://" + serve(t, s)
	client := func(name string) *ws.DialOptions {
		return &ws.DialOptions{TLSConfig: a.client(name).Transport.(*http.Transport).TLSClientConfig}
	}
	p := dial(t, url+"/ws", client("device-7"))
	if u := p.expect("welcome", "a certificate").User; u.ID != "cert:device-7" || u.Name != "device-7" || u.Guest {
		t.Errorf("%+v", u)
	}
	p = dial(t, url+"/ws", client(""))
	if u := p.expect("welcome", "no certificate").User; !u.Guest {
		t.Errorf("%+v", u)
	}
	if c := p.res.Header.Get("Set-Cookie"); !strings.Contains(c, "; Secure") {
		t.Errorf("cookie on TLS: %s", c)
	}
	o := client("device-7")
	o.Header = http.Header{"Authorization": {"Bearer " + token(t, s, User{ID: "u2"})}}
	if u := dial(t, url+"/ws", o).expect("welcome", "both").User; u.ID != "u2" {
		t.Errorf("the token did not win: %+v", u)
	}
}

func TestDrain(t *testing.T) {
	bothDoors(t, func(t *testing.T, serve func(testing.TB, *Server) string) {
		s := newServer(t, func(c *Config) { c.Spread = 2 * time.Second })
		addr := serve(t, s)
		native := dial(t, "ws://"+addr+"/ws?room=general", nil)
		native.expect("ok", "joined")
		rawDoor := dial(t, "ws://"+addr+"/raw/general?welcome=1", nil)
		rawDoor.hear("welcome")
		native.say(`{"type":"send","id":1,"room":"general","body":"last words"}`)
		native.expect("message", "the last words are delivered: to the raw door's outbox too")

		drained := make(chan error, 1)
		go func() { drained <- s.Drain(t.Context()) }()
		if got := rawDoor.hear("what was sent before"); got != "last words" {
			t.Errorf("raw heard %q", got)
		}
		rawDoor.closed(1012, "drained")
		for {
			var o told
			if err := json.Unmarshal([]byte(native.hear("bye")), &o); err != nil {
				t.Fatal(err)
			}
			if o.Type == "bye" {
				if o.Code != string(hub.CodeDraining) || !o.Retry || o.After < 0 || o.After >= 2 {
					t.Errorf("%+v", o)
				}
				break
			}
		}
		native.closed(1012, "drained")
		if err := <-drained; err != nil {
			t.Error(err)
		}

		// Between Drain and Close: not ready, nobody is let in, but the door answers.
		res, _ := get(t, http.DefaultClient, "http://"+addr+"/readyz")
		if res.StatusCode != 503 {
			t.Error(res.Status)
		}
		http.DefaultClient.CloseIdleConnections()
		dial(t, "ws://"+addr+"/ws", nil).closed(1012, "the server is going away")
		if err := s.Close(t.Context()); err != nil {
			t.Error(err)
		}
		if _, _, err := ws.Dial(t.Context(), "ws://"+addr+"/ws", nil); err == nil {
			t.Error("the door is open after Close")
		}
	})
}

// A client that neither reads nor leaves does not hold up a Close whose time is over.
func TestCloseCutsWhoStays(t *testing.T) {
	bothDoors(t, func(t *testing.T, serve func(testing.TB, *Server) string) {
		s := newServer(t)
		addr := serve(t, s)
		stays := dial(t, "ws://"+addr+"/ws", nil)
		stays.expect("welcome", "in")
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		begin := time.Now()
		if err := s.Close(ctx); err != nil {
			t.Error(err)
		}
		if took := time.Since(begin); took > 20*time.Second {
			t.Errorf("Close took %v", took)
		}
		if n := s.sockets.Len(); n != 0 {
			t.Errorf("%d connections are left", n)
		}
	})
}

func TestDataSurvives(t *testing.T) {
	dir := t.TempDir()
	open := func() *Server {
		return newServer(t, func(c *Config) { c.InMemory, c.Data = false, dir })
	}
	s := open()
	if _, err := s.Room("general").Send(t.Context(), "kept"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Room("memory:game").Send(t.Context(), "forgotten"); err != nil {
		t.Fatal(err)
	}
	anna := token(t, s, User{ID: "u2"})
	if _, err := New(Config{Data: dir}); err == nil || !strings.Contains(err.Error(), dir+" is in use by another process") {
		t.Error("a second server on the same data:", err)
	}
	if err := s.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	s = open()
	url := "ws://" + serve(t, s)
	p := dial(t, url+"/raw/general?since=0", header("Authorization", "Bearer "+anna))
	if got := p.hear("the message from before"); got != "kept" {
		t.Errorf("%q", got)
	}
	if sent, err := s.Room("memory:game").Send(t.Context(), "anew"); err != nil || sent.Seq != 1 {
		t.Error(sent, err)
	}
}
