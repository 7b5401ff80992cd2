package socketio

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/vechehq/veche/test/harness"
)

// The heartbeat of socketiod.
const interval, timeout = 300 * time.Millisecond, 200 * time.Millisecond

// The hearts of socketiods: strict as the suites want it, which is for tests of just that; lively, which waits long for
// a pong; and calm, without a ping, so that nothing but what is expected comes however busy the machine is.
var (
	strict []string
	lively = []string{"--timeout", "1m"}
	calm   = []string{"--interval", "1h", "--timeout", "1m"}
)

// Both paths are Engine.IO underneath.
func TestEngineIO(t *testing.T) {
	onEachPath(t, strict, map[string]func(*testing.T, *visitor){
		"handshake by polling":   handshakeByPolling,
		"handshake by WebSocket": handshakeByWebSocket,
		"no pong, polling":       silentPoller,
		"no pong, WebSocket":     func(_ *testing.T, v *visitor) { v.open().wantClose() },
	})
	onEachPath(t, lively, map[string]func(*testing.T, *visitor){
		"heartbeat by polling":   heartbeatByPolling,
		"heartbeat by WebSocket": heartbeatByWebSocket,
	})
	onEachPath(t, calm, map[string]func(*testing.T, *visitor){
		"refusals":                          refusals,
		"close by polling":                  closeByPolling,
		"close by WebSocket":                func(_ *testing.T, v *visitor) { l := v.open(); l.say("1"); l.wantClose() },
		"upgrade":                           upgrade,
		"polling after the upgrade":         pollingAfterUpgrade,
		"another WebSocket after upgrade":   socketAfterUpgrade,
		"a ping of the client's":            func(_ *testing.T, v *visitor) { l := v.open(); l.say("2"); l.wantClose() },
		"what is no packet, polling":        garbageByPolling,
		"what is no packet, by WebSocket":   func(_ *testing.T, v *visitor) { l := v.open(); l.say("abc"); l.wantClose() },
		"two polls at once":                 twoPolls,
		"a body that is too large":          tooLarge,
		"a message that is too large":       tooLargeMessage,
		"a page of another origin may read": origins,
	})
}

func onEachPath(t *testing.T, heart []string, tests map[string]func(*testing.T, *visitor)) {
	addr := harness.SocketIO(t, heart...)
	for _, path := range []string{"/engine.io/", "/socket.io/"} {
		for name, f := range tests {
			t.Run(path+" "+name, func(t *testing.T) {
				t.Parallel()
				f(t, &visitor{t, addr + path})
			})
		}
	}
}

func checkHandshake(t *testing.T, text string, upgrades ...string) {
	t.Helper()
	var h map[string]json.RawMessage
	if !strings.HasPrefix(text, "0") || json.Unmarshal([]byte(text[1:]), &h) != nil {
		t.Fatalf("got %q", text)
	}
	want, _ := json.Marshal(append([]string{}, upgrades...))
	if len(h) != 5 || len(h["sid"]) < 12 || string(h["upgrades"]) != string(want) || string(h["pingInterval"]) != "300" ||
		string(h["pingTimeout"]) != "200" || string(h["maxPayload"]) != "1000000" {
		t.Errorf("got %s", text)
	}
}

func handshakeByPolling(t *testing.T, v *visitor) {
	a := v.request("GET", polling, "")
	a.want(t, 200, "")
	checkHandshake(t, a.body, "websocket")
	if got := a.header.Get("Content-Type"); got != "text/plain; charset=UTF-8" {
		t.Errorf("its content is %q", got)
	}
}

func handshakeByWebSocket(t *testing.T, v *visitor) {
	checkHandshake(t, v.dial(socketed).next())
}

func refusals(t *testing.T, v *visitor) {
	for _, c := range []struct {
		method, query string
		code          int
	}{
		{"GET", "transport=polling", 5},
		{"GET", "EIO=abc&transport=polling", 5},
		{"GET", "EIO=3&transport=polling", 5},
		{"GET", "EIO=4", 0},
		{"GET", "EIO=4&transport=abc", 0},
		{"GET", "EIO=4&transport=polling&sid=nobody", 1},
		{"POST", "EIO=4&transport=polling&sid=nobody", 1},
		{"POST", polling, 2},
		{"PUT", polling, 2},
		{"GET", socketed, 3},
	} {
		v.request(c.method, c.query, "").refused(t, c.code)
	}
	p := v.poll()
	p.request("PUT", p.query(), "4x").refused(t, 3)
	p.request("GET", strings.Replace(p.query(), "EIO=4", "EIO=3", 1), "").refused(t, 3)
	for _, query := range []string{"transport=websocket", "EIO=abc&transport=websocket", "EIO=4", "EIO=4&transport=abc", socketed + "&sid=nobody"} {
		if v.dial(query) != nil {
			t.Errorf("a WebSocket with %s is let in", query)
		}
	}
}

func heartbeatByPolling(t *testing.T, v *visitor) {
	p := v.poll()
	for range 3 {
		p.get().want(t, 200, "2")
		p.post("3").want(t, 200, "ok")
	}
}

func heartbeatByWebSocket(_ *testing.T, v *visitor) {
	l := v.open()
	for range 3 {
		l.want("2")
		l.say("3")
	}
}

func silentPoller(t *testing.T, v *visitor) {
	began := time.Now()
	p := v.poll()
	a := p.get()
	for a.status == 200 { // a ping
		a = p.get()
	}
	a.refused(t, 1)
	if lived := time.Since(began); lived < interval+timeout {
		t.Errorf("it was given up after %v", lived)
	}
}

func closeByPolling(t *testing.T, v *visitor) {
	for range 100 { // until the poll was there before the end
		p := v.poll()
		polled := make(chan answer, 1)
		go func() { polled <- p.get() }()
		p.post("1").want(t, 200, "ok")
		a := <-polled
		p.get().refused(t, 1)
		if a.status == 200 {
			a.want(t, 200, "6")
			return
		}
		a.refused(t, 1)
	}
	t.Error("no poll ever waits")
}

func upgrade(t *testing.T, v *visitor) {
	p := v.poll()
	l := v.dial(socketed + "&sid=" + p.sid)
	l.say("2probe")
	l.want("3probe")
	p.get().want(t, 200, "6")
	l.say("5")
	v.enter(l)
	v.echo(l)
}

// enter goes where messages are echoed: by Socket.IO into a namespace.
func (v *visitor) enter(l *line) {
	v.t.Helper()
	if strings.HasSuffix(v.base, "/engine.io/") {
		return
	}
	l.say("40")
	if hello := l.next(); !strings.HasPrefix(hello, `40{"sid":"`) {
		v.t.Errorf("got %q", hello)
	}
	l.want(`42["auth",{}]`)
}

// echo shows that the connection carries messages.
func (v *visitor) echo(l *line) {
	v.t.Helper()
	say, want := "4hello", "4hello"
	if !strings.HasSuffix(v.base, "/engine.io/") {
		say, want = `42["message"]`, `42["message-back"]`
	}
	l.say(say)
	l.want(want)
}

func pollingAfterUpgrade(t *testing.T, v *visitor) {
	p := v.poll()
	l := v.dial(socketed + "&sid=" + p.sid)
	l.say("2probe")
	l.say("5")
	l.want("3probe")
	v.enter(l)
	v.echo(l) // it is upgraded then
	p.get().refused(t, 3)
	v.echo(l)
}

func socketAfterUpgrade(_ *testing.T, v *visitor) {
	p := v.poll()
	l := v.dial(socketed + "&sid=" + p.sid)
	l.say("2probe")
	l.say("5")
	l.want("3probe")
	v.enter(l)
	v.echo(l)
	v.dial(socketed + "&sid=" + p.sid).wantClose()
	v.echo(l)
}

func garbageByPolling(t *testing.T, v *visitor) {
	p := v.poll()
	p.post("abc").want(t, 400, "")
	p.get().refused(t, 1)
	p = v.poll()
	p.post("4a\xff").want(t, 400, "")
	p.get().refused(t, 1)
	p = v.poll()
	p.request("POST", p.query(), "4a", "Content-Type", "application/octet-stream").want(t, 400, "")
}

func twoPolls(t *testing.T, v *visitor) {
	p := v.poll()
	answers := make(chan answer, 2)
	for range 2 {
		go func() { answers <- p.get() }()
	}
	got := []answer{<-answers, <-answers}
	slices.SortFunc(got, func(a, b answer) int { return a.status - b.status })
	got[0].want(t, 200, "1")
	got[1].want(t, 400, "")
	p.get().refused(t, 1)
}

func tooLarge(t *testing.T, v *visitor) {
	v.poll().post("4"+strings.Repeat("x", 1_000_000)).want(t, 413, "")
}

func tooLargeMessage(_ *testing.T, v *visitor) {
	l := v.open()
	l.say("4" + strings.Repeat("x", 1_000_000))
	l.wantClose()
}

func origins(t *testing.T, v *visitor) {
	const page = "https://example.com"
	a := v.request("GET", polling, "", "Origin", page)
	a.want(t, 200, "")
	if a.header.Get("Access-Control-Allow-Origin") != page || a.header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("got %v", a.header)
	}
	a = v.request("OPTIONS", polling, "", "Origin", page, "Access-Control-Request-Headers", "x-mine")
	a.want(t, 204, "")
	if a.header.Get("Access-Control-Allow-Headers") != "x-mine" {
		t.Errorf("got %v", a.header)
	}
}

func TestEngineIOMessages(t *testing.T) {
	v := &visitor{t, harness.SocketIO(t, calm...) + "/engine.io/"}
	for _, body := range []string{"4hello", "4test1\x1e4test2\x1e4test3", "4hello\x1ebAQIDBA=="} {
		p := v.poll()
		p.post(body).want(t, 200, "ok")
		if want := strings.Split(body, "\x1e"); !slices.Equal(p.packets(t, len(want)), want) {
			t.Errorf("%q did not come back", body)
		}
	}
	l := v.open()
	l.say("4hello")
	l.want("4hello")
	l.sayBytes("\x01\x02\x03\x04")
	l.want("b:\x01\x02\x03\x04")
}

// What a poller had not fetched before the upgrade comes by the WebSocket.
func TestUpgradeLosesNothing(t *testing.T) {
	p := (&visitor{t, harness.SocketIO(t, calm...) + "/engine.io/"}).poll()
	l := p.dial(socketed + "&sid=" + p.sid)
	l.say("2probe")
	l.want("3probe")
	p.post("4one\x1ebAQI=").want(t, 200, "ok")
	l.say("5")
	l.want("4one")
	l.want("b:\x01\x02")
}

// connected opens a Socket.IO connection in the default namespace.
func (v *visitor) connected() *line {
	v.t.Helper()
	l := v.open()
	v.enter(l)
	return l
}

func TestSocketIO(t *testing.T) {
	speak(t, strict, map[string]func(*testing.T, *visitor){
		"no CONNECT": func(_ *testing.T, v *visitor) { v.open().wantClose() },
	})
	speak(t, lively, map[string]func(*testing.T, *visitor){
		"disconnect": func(_ *testing.T, v *visitor) { l := v.connected(); l.say("41"); l.want("2") },
	})
	speak(t, calm, map[string]func(*testing.T, *visitor){
		"default namespace": func(t *testing.T, v *visitor) { v.connected() },
		"payload": func(t *testing.T, v *visitor) {
			enters(t, v, `40{"token":"123"}`, `40{"sid":"`, `42["auth",{"token":"123"}]`)
		},
		"custom namespace": func(t *testing.T, v *visitor) {
			enters(t, v, `40/custom,`, `40/custom,{"sid":"`, `42/custom,["auth",{}]`)
		},
		"custom namespace with a payload": func(t *testing.T, v *visitor) {
			enters(t, v, `40/custom,{"token":"abc"}`, `40/custom,{"sid":"`, `42/custom,["auth",{"token":"abc"}]`)
		},
		"unknown namespace": func(_ *testing.T, v *visitor) {
			l := v.open()
			l.say("40/random")
			l.want(`44/random,{"message":"Invalid namespace"}`)
		},
		"what is no packet":         func(_ *testing.T, v *visitor) { l := v.open(); l.say("4abc"); l.wantClose() },
		"an event before CONNECT":   func(_ *testing.T, v *visitor) { l := v.open(); l.say(`42["message"]`); l.wantClose() },
		"disconnect of a namespace": leavesNamespace,
		"text": func(_ *testing.T, v *visitor) {
			echoes(v, `42["message",1,"2",{"3":[true]}]`, `42["message-back",1,"2",{"3":[true]}]`)
		},
		"text with an ack": func(_ *testing.T, v *visitor) {
			echoes(v, `42456["message-with-ack",1,"2",{"3":[false]}]`, `43456[1,"2",{"3":[false]}]`)
		},
		"no arguments": func(_ *testing.T, v *visitor) { echoes(v, `42["message"]`, `42["message-back"]`) },
		"binary": func(_ *testing.T, v *visitor) {
			echoes(v, `452-["message",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`,
				`452-["message-back",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "\x01\x02\x03", "\x04\x05\x06")
		},
		"binary with an ack": func(_ *testing.T, v *visitor) {
			echoes(v, `452-789["message-with-ack",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`,
				`462-789[{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]`, "\x01\x02\x03", "\x04\x05\x06")
		},
		"unknown packet type": func(_ *testing.T, v *visitor) { l := v.connected(); l.say("4abc"); l.wantClose() },
		"invalid payload":     func(_ *testing.T, v *visitor) { l := v.connected(); l.say("42{}"); l.wantClose() },
		"invalid ack id": func(_ *testing.T, v *visitor) {
			l := v.connected()
			l.say(`42abc["message-with-ack",1]`)
			l.wantClose()
		},
		"a second CONNECT":       func(_ *testing.T, v *visitor) { l := v.connected(); l.say("40"); l.wantClose() },
		"attachment bomb":        func(_ *testing.T, v *visitor) { l := v.connected(); l.say(`459999-["message"]`); l.wantClose() },
		"attachment out of turn": func(_ *testing.T, v *visitor) { l := v.connected(); l.sayBytes("x"); l.wantClose() },
		"text for an attachment": func(_ *testing.T, v *visitor) {
			l := v.connected()
			l.say(`451-["message",{"_placeholder":true,"num":0}]`)
			l.say(`42["message"]`)
			l.wantClose()
		},
		"nested too deep": func(_ *testing.T, v *visitor) {
			l := v.connected()
			l.say(`42["message",` + strings.Repeat("[", 500) + strings.Repeat("]", 500) + `]`)
			l.wantClose()
		},
		"attachments too large": attachmentsTooLarge,
		"over polling":          overPolling,
	})
}

func speak(t *testing.T, heart []string, tests map[string]func(*testing.T, *visitor)) {
	addr := harness.SocketIO(t, heart...)
	for name, f := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f(t, &visitor{t, addr + "/socket.io/"})
		})
	}
}

func enters(t *testing.T, v *visitor, say, hello, event string) {
	l := v.open()
	l.say(say)
	if got := l.next(); !strings.HasPrefix(got, hello) {
		t.Errorf("got %q, want %q…", got, hello)
	}
	l.want(event)
}

func leavesNamespace(_ *testing.T, v *visitor) {
	l := v.connected()
	l.say("40/custom")
	_ = l.next()
	l.want(`42/custom,["auth",{}]`)
	l.say("41/custom")
	l.say(`42["message","message to main namespace"]`)
	l.want(`42["message-back","message to main namespace"]`)
}

func echoes(v *visitor, say, want string, attachments ...string) {
	l := v.connected()
	l.say(say)
	for _, a := range attachments {
		l.sayBytes(a)
	}
	l.want(want)
	for _, a := range attachments {
		l.want("b:" + a)
	}
}

func attachmentsTooLarge(_ *testing.T, v *visitor) {
	l := v.connected()
	l.say(`453-["message"]`)
	l.sayBytes(strings.Repeat("x", 600_000))
	l.sayBytes(strings.Repeat("x", 600_000))
	l.wantClose()
}

// packets takes so many, in however many polls they come.
func (p *poller) packets(t *testing.T, n int) (packets []string) {
	t.Helper()
	for len(packets) < n {
		a := p.get()
		if a.status != 200 {
			t.Fatalf("after %q: %d %.200q", packets, a.status, a.body)
		}
		packets = append(packets, strings.Split(a.body, "\x1e")...)
	}
	return packets
}

func overPolling(t *testing.T, v *visitor) {
	p := v.poll()
	p.post(`40`).want(t, 200, "ok")
	if got := p.packets(t, 2); !strings.HasPrefix(got[0], `40{"sid":"`) || got[1] != `42["auth",{}]` {
		t.Errorf("got %q", got)
	}
	p.post("451-7[\"message-with-ack\",{\"_placeholder\":true,\"num\":0}]\x1ebAQIDBA==").want(t, 200, "ok")
	if got := p.packets(t, 2); got[0] != `461-7[{"_placeholder":true,"num":0}]` || got[1] != "bAQIDBA==" {
		t.Errorf("got %q", got)
	}
}
