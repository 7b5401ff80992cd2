// A visitor: one who speaks Engine.IO by hand, over net/http and a WebSocket library that is not ours.

package socketio

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/coder/websocket"
)

// patience is how long a visitor waits for what must come.
const patience = time.Minute

// visitor speaks to one path of a server.
type visitor struct {
	t    testing.TB
	base string // host:port/path/
}

// answer is what a request came back with.
type answer struct {
	status int
	body   string
	header http.Header
}

func (v *visitor) request(method, query, body string, header ...string) answer {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, "http://"+v.base+"?"+query, strings.NewReader(body))
	if err != nil {
		v.t.Fatal(err)
	}
	for i := 0; i+1 < len(header); i += 2 {
		req.Header.Set(header[i], header[i+1])
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		v.t.Errorf("%s ?%s: %v", method, query, err)
		return answer{}
	}
	defer resp.Body.Close()
	text, err := io.ReadAll(resp.Body)
	if err != nil {
		v.t.Errorf("%s ?%s: %v", method, query, err)
	}
	return answer{resp.StatusCode, string(text), resp.Header}
}

// poller is a visitor with a session by long-polling.
type poller struct {
	*visitor
	sid string
}

const polling, socketed = "EIO=4&transport=polling", "EIO=4&transport=websocket"

// poll opens a session.
func (v *visitor) poll() *poller {
	v.t.Helper()
	a := v.request("GET", polling, "")
	var h struct{ SID string }
	if a.status != 200 || !strings.HasPrefix(a.body, "0") || json.Unmarshal([]byte(a.body[1:]), &h) != nil {
		v.t.Fatalf("the handshake: %d %s", a.status, a.body)
	}
	return &poller{v, h.SID}
}

func (p *poller) query() string { return polling + "&sid=" + url.QueryEscape(p.sid) }

func (p *poller) get() answer             { p.t.Helper(); return p.request("GET", p.query(), "") }
func (p *poller) post(body string) answer { p.t.Helper(); return p.request("POST", p.query(), body) }

// want fails unless the answer is as it should be; body "" is any.
func (a answer) want(t testing.TB, status int, body string) {
	t.Helper()
	if a.status != status || body != "" && a.body != body {
		t.Errorf("got %d %.200q, want %d %q", a.status, a.body, status, body)
	}
}

// refused fails unless the answer is the protocol's refusal with this code.
func (a answer) refused(t testing.TB, code int) {
	t.Helper()
	var e struct {
		Code    *int
		Message string
	}
	if a.status != 400 || json.Unmarshal([]byte(a.body), &e) != nil || e.Code == nil || *e.Code != code || e.Message == "" {
		t.Errorf("got %d %.200q, want a refusal with code %d", a.status, a.body, code)
	}
}

// line is a visitor's WebSocket.
type line struct {
	t  testing.TB
	ws *websocket.Conn
}

// dial opens a WebSocket; nil if that is refused.
func (v *visitor) dial(query string) *line {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	ws, _, err := websocket.Dial(ctx, "ws://"+v.base+"?"+query, nil)
	if err != nil {
		return nil
	}
	ws.SetReadLimit(4 << 20)
	v.t.Cleanup(func() { _ = ws.CloseNow() })
	return &line{v.t, ws}
}

// open opens a session by WebSocket and takes its handshake.
func (v *visitor) open() *line {
	v.t.Helper()
	l := v.dial(socketed)
	if l == nil {
		v.t.Fatal("the WebSocket is refused")
	}
	if h := l.next(); !strings.HasPrefix(h, "0{") {
		v.t.Fatalf("the handshake: %q", h)
	}
	return l
}

func (l *line) say(text string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := l.ws.Write(ctx, websocket.MessageText, []byte(text)); err != nil {
		l.t.Errorf("saying %.40q: %v", text, err)
	}
}

func (l *line) sayBytes(data string) {
	l.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	if err := l.ws.Write(ctx, websocket.MessageBinary, []byte(data)); err != nil {
		l.t.Errorf("saying %q: %v", data, err)
	}
}

// read returns the next message, a binary one with "b:" before it.
func (l *line) read() (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	typ, data, err := l.ws.Read(ctx)
	if typ == websocket.MessageBinary {
		return "b:" + string(data), err
	}
	return string(data), err
}

// next takes the next message, pings aside.
func (l *line) next() string {
	l.t.Helper()
	for {
		text, err := l.read()
		if err != nil {
			l.t.Errorf("waiting for a message: %v", err)
		}
		if text != "2" {
			return text
		}
		l.say("3")
	}
}

// want takes the next message, pings aside, which must be this one.
func (l *line) want(text string) {
	l.t.Helper()
	for {
		got, err := l.read()
		if got == "2" && text != "2" && err == nil {
			l.say("3")
			continue
		}
		if err != nil || got != text {
			l.t.Errorf("got %q (%v), want %q", got, err, text)
		}
		return
	}
}

// wantClose takes messages until the server closes.
func (l *line) wantClose() {
	l.t.Helper()
	for {
		if _, err := l.read(); err != nil {
			if errors.Is(err, context.DeadlineExceeded) {
				l.t.Error("the server does not close")
			}
			return
		}
	}
}
