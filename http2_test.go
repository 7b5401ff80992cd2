package veche

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vechehq/veche/ws"
)

// startHTTP2 serves over TLS, and returns the address and what a client of that name needs, who asks for
// WebSocket over HTTP/2.
func startHTTP2(t *testing.T, change ...func(*Config)) (*Server, string, func(name string) *ws.DialOptions) {
	t.Helper()
	a := newAuthority(t)
	f := a.files(t.TempDir())
	f.ClientOptional = true
	s := newServer(t, append(change, func(c *Config) { c.TLS = loadTLS(t, f) })...)
	client := func(name string) *ws.DialOptions {
		return &ws.DialOptions{HTTP2: new(ws.HTTP2), TLSConfig: a.client(name).Transport.(*http.Transport).TLSClientConfig}
	}
	return s, serve(t, s), client
}

// TestDoorsOverHTTP2: every WebSocket door takes an extended CONNECT, knows who comes, and refuses as over
// HTTP/1.1.
func TestDoorsOverHTTP2(t *testing.T) {
	s, addr, client := startHTTP2(t)
	url := "wss://" + addr

	native := dial(t, url+"/ws?room=general", client("device-7"))
	if u := native.expect("welcome", "a certificate").User; u.ID != "cert:device-7" || native.res.ProtoMajor != 2 {
		t.Errorf("%+v over %s", u, native.res.Proto)
	}
	native.expect("ok", "joined")
	raw := dial(t, url+"/raw/general?welcome=1", client(""))
	raw.hear("welcome")
	raw.say("over HTTP/2")
	if got := native.expect("message", "what the other door said"); got.Seq != 1 {
		t.Errorf("%+v", got)
	}
	if c := raw.res.Header.Get("Set-Cookie"); !strings.Contains(c, "; Secure") {
		t.Errorf("cookie: %s", c)
	}
	sio := dial(t, url+"/socket.io/?EIO=4&transport=websocket", client(""))
	if got := sio.hear("Engine.IO's handshake"); !strings.HasPrefix(got, `0{"sid":`) || sio.res.ProtoMajor != 2 {
		t.Errorf("/socket.io/ said %q over %s", got, sio.res.Proto)
	}
	o := client("")
	o.Subprotocols = []string{"veche.v1", "veche.token." + token(t, s, User{ID: "u2"})}
	if p := dial(t, url+"/ws", o); p.expect("welcome", "a token").User.ID != "u2" || p.conn.Subprotocol() != "veche.v1" {
		t.Error("the token as a subprotocol")
	}
	for path, want := range map[string]int{
		"/healthz": 405, "/": 405, "/events": 405, "/nowhere": 405, "//ws": 405, "/raw/../ws": 404, "/raw/a//b": 404,
	} {
		_, res, err := ws.Dial(t.Context(), url+path, client(""))
		if err == nil || res == nil || res.StatusCode != want {
			t.Errorf("%s: %v, want %d", path, err, want)
		}
	}
	o = client("")
	o.Header = http.Header{"Origin": {"https://evil.example"}}
	if _, res, err := ws.Dial(t.Context(), url+"/ws", o); err == nil || res == nil || res.StatusCode != 403 {
		t.Errorf("a foreign origin: %v", err)
	}
}

// TestNoWebSocketHTTP2: with the switch off the setting is not advertised, pages still come over HTTP/2,
// and WebSockets over HTTP/1.1.
func TestNoWebSocketHTTP2(t *testing.T) {
	_, addr, client := startHTTP2(t, func(c *Config) { c.NoWebSocketHTTP2 = true })
	o := client("")
	if _, _, err := ws.Dial(t.Context(), "wss://"+addr+"/ws", o); err == nil || !strings.Contains(err.Error(), "not supported by peer") {
		t.Errorf("over HTTP/2: %v", err)
	}
	page := &http.Client{Transport: &http.Transport{TLSClientConfig: o.TLSConfig, ForceAttemptHTTP2: true, DisableKeepAlives: true}}
	if res, _ := get(t, page, "https://"+addr+"/"); res.ProtoMajor != 2 {
		t.Error("the page comes over", res.Proto)
	}
	o.HTTP2 = nil
	if p := dial(t, "wss://"+addr+"/ws", o); p.res.ProtoMajor != 1 {
		t.Error(p.res.Proto)
	}
}

// TestManyOverOneConnection: 300 sessions on one connection of TLS hear each message, and those that stop
// reading, or are cut off in the middle of a message, hold up nobody.
func TestManyOverOneConnection(t *testing.T) {
	const many = 300
	_, addr, client := startHTTP2(t)
	o := client("device-7")
	dial(t, "wss://"+addr+"/raw/general?welcome=1", o).hear("the first, whose settings tell how many there may be")
	peers := make([]*peer, many)
	for i := range peers {
		peers[i] = dial(t, "wss://"+addr+"/raw/general?welcome=1", o)
		peers[i].hear("welcome")
	}
	for i := range many / 10 {
		peers[i].conn.CloseNow()
	}
	deaf, hear := peers[many/10:many/5], peers[many/5:]
	peers[many-1].say(strings.Repeat("x", 60<<10))
	peers[many-1].say("end")
	var all sync.WaitGroup
	for _, p := range hear {
		all.Go(func() {
			for _, want := range []int{60 << 10, len("end")} {
				if _, data, err := p.conn.Read(t.Context()); err != nil || len(data) != want {
					t.Errorf("%d bytes, %v; want %d", len(data), err, want)
					return
				}
			}
		})
	}
	all.Wait()
	for _, p := range deaf {
		p.hear("later, but all the same")
	}
}

// TestDrainOverHTTP2: everybody is told, GOAWAY follows, and Close waits for no idle connection.
func TestDrainOverHTTP2(t *testing.T) {
	s, addr, client := startHTTP2(t)
	o := client("")
	p, q := dial(t, "wss://"+addr+"/ws", o), dial(t, "wss://"+addr+"/raw/general?welcome=1", o)
	p.expect("welcome", "in")
	q.hear("welcome")
	closed := make(chan error, 1)
	go func() { closed <- s.Close(context.Background()) }()
	q.closed(1012, "drained")
	p.closed(1012, "drained, after bye")
	select {
	case err := <-closed:
		if err != nil {
			t.Error(err)
		}
	case <-time.After(time.Minute):
		t.Fatal("Close waits")
	}
}

// TestCloseCutsStreams: clients that do not leave do not hold up a Close whose time is over.
func TestCloseCutsStreams(t *testing.T) {
	s, addr, client := startHTTP2(t)
	p := dial(t, "wss://"+addr+"/ws", client(""))
	p.expect("welcome", "in")
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begin := time.Now()
	_ = s.Close(ctx)
	if took := time.Since(begin); took > 20*time.Second || s.sockets.Len() != 0 {
		t.Errorf("Close took %v and left %d", took, s.sockets.Len())
	}
}

// TestHTTPDoorsOverHTTP2: streams, polls and sends share one connection of HTTP/2: a stream resumes by its
// Last-Event-ID, a poll waits, and at a drain both are told, and end.
func TestHTTPDoorsOverHTTP2(t *testing.T) {
	s, addr, client := startHTTP2(t)
	b := browse(t, "https://"+addr)
	b.client = &http.Client{Transport: &http.Transport{TLSClientConfig: client("").TLSConfig, ForceAttemptHTTP2: true, DisableCompression: true}}
	t.Cleanup(b.client.CloseIdleConnections)
	send := func(body string) {
		t.Helper()
		if got := b.send(`{"type":"send","room":"general","body":"` + body + `"}`); got[0]["type"] != "ok" {
			t.Fatal(got)
		}
	}
	first := b.events("room=general")
	if first.res.ProtoMajor != 2 {
		t.Fatal("streams over", first.res.Proto)
	}
	await := func(st *stream, typ string) map[string]any {
		t.Helper()
		for {
			e := st.next()
			if e == nil {
				t.Fatal("the stream ends before ", typ)
			}
			if e["type"] == typ {
				return e
			}
		}
	}
	await(first, "ok")
	send("one")
	if m := await(first, "message"); m["body"] != "one" {
		t.Error(m)
	}
	id := first.id
	first.res.Body.Close()
	send("two")
	second := b.events("room=general", "Last-Event-ID", id)
	if m := await(second, "message"); m["body"] != "two" {
		t.Error("resumed with", m)
	}

	a := b.poll("rooms=general&wait=20") // which says where it is when it has joined
	heard := make(chan pollAnswer, 1)
	go func(query string) {
		for {
			a := b.poll(query)
			if strings.Contains(types(a.Events), "message") {
				heard <- a
				return
			}
			query = a.next(60)
		}
	}(a.next(60))
	send("three")
	if a = <-heard; !strings.Contains(types(a.Events), "message:3") {
		t.Error("a poll heard", types(a.Events))
	}
	last := make(chan string, 1)
	go func() { last <- b.read(b.do("GET", "/poll?name=Last&"+a.next(60), "")) }()
	for !strings.Contains(fmt.Sprint(await(second, "presence")["names"]), "Last") { // then it waits
	}
	closed := make(chan error, 1)
	go func() { closed <- s.Close(context.Background()) }()
	await(second, "bye")
	if e := second.next(); e != nil {
		t.Error("after bye", e)
	}
	if text := <-last; !strings.Contains(text, `"drain"`) {
		t.Error("a poll at the drain hears", text)
	}
	second.res.Body.Close()
	b.client.CloseIdleConnections()
	if err := <-closed; err != nil {
		t.Error(err)
	}
}
