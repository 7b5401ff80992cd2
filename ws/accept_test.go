package ws

import (
	"bufio"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"
)

const goodRequest = `GET /chat?x=1 HTTP/1.1
Host: example.com
Upgrade: websocket
Connection: Upgrade
Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==
Sec-WebSocket-Version: 13
`

// edit changes the good request: "Name: value" replaces a header or adds one, "-Name" takes it away,
// "+Name: value" adds one more, and a line that ends in HTTP/… is the first.
func edit(changes ...string) string {
	lines := strings.Split(strings.TrimSpace(goodRequest), "\n")
	for _, ch := range changes {
		name, _, _ := strings.Cut(strings.TrimLeft(ch, "+-"), ":")
		switch {
		case strings.Contains(ch, " HTTP/"):
			lines[0] = ch
			continue
		case ch[0] == '+':
			lines = append(lines, ch[1:])
			continue
		}
		kept := lines[:1]
		for _, l := range lines[1:] {
			if !strings.HasPrefix(strings.ToLower(l), strings.ToLower(name)+":") {
				kept = append(kept, l)
			}
		}
		lines = kept
		if ch[0] != '-' {
			lines = append(lines, ch)
		}
	}
	return strings.Join(lines, "\r\n") + "\r\n\r\n"
}

// accepted is what one Accept returned.
type accepted struct {
	c   *Conn
	err error
}

// bothDoors runs a story with handshakes answered by net/http, and by a Door before it.
func bothDoors(t *testing.T, f func(t *testing.T, d doorway)) {
	t.Run("net/http", func(t *testing.T) { f(t, func(l net.Listener, _ *http.Server, _ ...string) net.Listener { return l }) })
	t.Run("door", func(t *testing.T) { f(t, Door) })
}

// doorway is Door, or nothing.
type doorway func(net.Listener, *http.Server, ...string) net.Listener

// serve serves a handler on loopback until the test ends.
func (d doorway) serve(t *testing.T, h http.Handler, change ...func(*http.Server)) (addr string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	srv := &http.Server{Handler: h, ErrorLog: log.New(io.Discard, "", 0)}
	for _, c := range change {
		c(srv)
	}
	served := make(chan error, 1)
	l = d(l, srv)
	go func() { served <- srv.Serve(l) }()
	t.Cleanup(func() {
		_ = srv.Close()
		if err := <-served; err != http.ErrServerClosed {
			t.Error(err)
		}
	})
	return l.Addr().String()
}

// handshakes serves Accept with o and tells its results.
func (d doorway) handshakes(t *testing.T, o *AcceptOptions) (addr string, results chan accepted) {
	results = make(chan accepted, 1)
	return d.serve(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "by", Value: "handler"})
		c, err := Accept(w, r, o)
		results <- accepted{c, err}
	})), results
}

// shakeRaw sends a request and returns the answer and the connection.
func shakeRaw(t *testing.T, addr, request string) (*http.Response, net.Conn, *bufio.Reader) {
	t.Helper()
	nc, err := net.Dial("tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { nc.Close() })
	_ = nc.SetDeadline(time.Now().Add(time.Minute))
	if _, err := io.WriteString(nc, request); err != nil {
		t.Fatal(err)
	}
	br := bufio.NewReader(nc)
	res, err := http.ReadResponse(br, nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { res.Body.Close() })
	return res, nc, br
}

// refusals are requests that no door takes: over HTTP/1.1, and over HTTP/2 as an extended CONNECT with
// the same changes.
var refusals = []struct {
	name    string
	changes []string
	status  int
	says    string
	over2   int // the status over HTTP/2; 0: the same one, -1: there is no such request
}{
	{"method", []string{"POST /chat HTTP/1.1"}, 405, "GET", -1},
	{"extended CONNECT", []string{"CONNECT example.com:80 HTTP/1.1"}, 405, "GET", -1},
	{"HTTP/1.0", []string{"GET /chat HTTP/1.0"}, 505, "HTTP/1.1", -1},
	{"no Upgrade", []string{"-Upgrade"}, 426, "Upgrade", -1},
	{"another Upgrade", []string{"Upgrade: h2c"}, 426, "Upgrade", -1},
	{"part of a token", []string{"Upgrade: websockets"}, 426, "Upgrade", -1},
	{"no Connection", []string{"-Connection"}, 426, "Connection", -1},
	{"another Connection", []string{"Connection: keep-alive"}, 426, "Connection", -1},
	{"no version", []string{"-Sec-WebSocket-Version"}, 426, "13", 400},
	{"old version", []string{"Sec-WebSocket-Version: 8"}, 426, "13", 400},
	{"version twice", []string{"+Sec-WebSocket-Version: 13"}, 426, "13", 400},
	{"version list", []string{"Sec-WebSocket-Version: 13, 8"}, 426, "13", 400},
	{"no key", []string{"-Sec-WebSocket-Key"}, 400, "missing", -1},
	{"empty key", []string{"Sec-WebSocket-Key:"}, 400, "16 bytes", -1},
	{"short key", []string{"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAA"}, 400, "16 bytes", -1},
	{"long key", []string{"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAAAAAA=="}, 400, "16 bytes", -1},
	{"not base64", []string{"Sec-WebSocket-Key: !!!!!!!!!!!!!!!!!!!!!!=="}, 400, "base64", -1},
	{"base64 with bits left", []string{"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZf=="}, 400, "base64", -1},
	{"key twice", []string{"+Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="}, 400, "once", -1},
	{"no Host", []string{"-Host"}, 400, "", -1},
	{"empty Host", []string{"Host:"}, 400, "Host", -1},
	{"body", []string{"Content-Length: 5"}, 400, "body", 400},
	{"foreign origin", []string{"Origin: https://evil.com"}, 403, "https://evil.com", 0},
	{"origin with another port", []string{"Origin: http://example.com:8080"}, 403, "origin", 0},
	{"null origin", []string{"Origin: null"}, 403, "origin", 0},
	{"empty origin", []string{"Origin:"}, 403, "origin", 0},
	{"two origins", []string{"Origin: http://example.com", "+Origin: http://example.com"}, 403, "origin", 0},
	{"origin with a path", []string{"Origin: http://example.com/"}, 403, "origin", 0},
	{"origin as a suffix", []string{"Origin: http://notexample.com"}, 403, "origin", 0},
	{"empty subprotocol", []string{"Sec-WebSocket-Protocol: a,,b"}, 400, "Protocol", 0},
	{"bad subprotocol", []string{"Sec-WebSocket-Protocol: a b"}, 400, "Protocol", 0},
	{"doubled subprotocol", []string{"Sec-WebSocket-Protocol: a, a"}, 400, "Protocol", 0},
	{"malformed extensions", []string{"Sec-WebSocket-Extensions: permessage-deflate; ="}, 400, "Extensions", 0},
	{"large header", []string{"X: " + strings.Repeat("x", 33<<10)}, 431, "above 32768", 0},
}

func TestAcceptRefuses(t *testing.T) {
	bothDoors(t, func(t *testing.T, d doorway) {
		for _, tt := range refusals {
			t.Run(tt.name, func(t *testing.T) {
				addr, results := d.handshakes(t, nil)
				res, _, _ := shakeRaw(t, addr, edit(tt.changes...)+"12345")
				body, _ := io.ReadAll(res.Body)
				if res.StatusCode != tt.status {
					t.Fatalf("status %d %q, want %d", res.StatusCode, body, tt.status)
				}
				if !strings.Contains(string(body), tt.says) {
					t.Errorf("body %q does not say %q", body, tt.says)
				}
				if tt.name == "no Host" {
					return // net/http refuses it before us
				}
				if ct := res.Header.Get("Content-Type"); !strings.HasPrefix(ct, "text/plain") {
					t.Errorf("Content-Type %q", ct)
				}
				got := <-results
				if e := wantAs[*HandshakeError](t, got.err); e.Status != tt.status || e.By != Client {
					t.Errorf("error %+v", e)
				}
				switch tt.status {
				case 405:
					if res.Header.Get("Allow") != "GET" {
						t.Errorf("Allow %q", res.Header.Get("Allow"))
					}
				case 426:
					if res.Header.Get("Sec-WebSocket-Version") != "13" || res.Header.Get("Upgrade") != "websocket" {
						t.Errorf("headers %v", res.Header)
					}
				}
			})
		}
	})
}

// TestAcceptTakes has good requests come as an upgrade and as an extended CONNECT.
func TestAcceptTakes(t *testing.T) {
	type want map[string]string
	deflate := &AcceptOptions{Options: Options{Compression: CompressionTakeover}}
	noTakeover := &AcceptOptions{Options: Options{Compression: CompressionNoTakeover}}
	tests := []struct {
		name    string
		o       *AcceptOptions
		changes []string
		want    want
	}{
		{"RFC 6455 section 1.3", nil, nil, want{"Upgrade": "websocket", "Connection": "Upgrade",
			"Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=", "Set-Cookie": "by=handler",
			"Sec-WebSocket-Protocol": "", "Sec-WebSocket-Extensions": ""}},
		{"names in any case and lists", nil, []string{"upgrade: WebSocket, foo", "CONNECTION: keep-alive , uPGRADE"}, nil},
		{"Connection in two lines", nil, []string{"Connection: keep-alive", "+Connection: Upgrade"}, nil},
		{"same origin", nil, []string{"Origin: http://example.com"}, nil},
		{"same origin in another case", nil, []string{"Origin: HTTP://EXAMPLE.com"}, nil},
		{"same origin behind a TLS proxy", nil, []string{"Origin: https://example.com"}, nil},
		{"same origin, default port in Host", nil, []string{"Origin: http://example.com", "Host: example.com:80"}, nil},
		{"same origin with port", nil, []string{"Origin: http://example.com:8080", "Host: example.com:8080"}, nil},
		{"same origin, IPv6", nil, []string{"Origin: http://[::1]", "Host: [::1]:80"}, nil},
		{"origin allowed by host", &AcceptOptions{OriginPatterns: []string{"other.com", "*.friend.org"}}, []string{"Origin: https://a.friend.org"}, nil},
		{"origin allowed by port", &AcceptOptions{OriginPatterns: []string{"localhost:*"}}, []string{"Origin: http://localhost:5173"}, nil},
		{"origin allowed by scheme", &AcceptOptions{OriginPatterns: []string{"https://friend.org"}}, []string{"Origin: https://friend.org"}, nil},
		{"origin allowed by address", &AcceptOptions{OriginPatterns: []string{"[::1]:81"}}, []string{"Origin: http://[::1]:81"}, nil},
		{"every origin", &AcceptOptions{OriginPatterns: []string{"*"}}, []string{"Origin: null"}, nil},
		{"server's preference", &AcceptOptions{Subprotocols: []string{"v2", "v1"}}, []string{"Sec-WebSocket-Protocol: v1, v2"}, want{"Sec-WebSocket-Protocol": "v2"}},
		{"subprotocol beside a token", &AcceptOptions{Subprotocols: []string{"veche.v1"}},
			[]string{"Sec-WebSocket-Protocol: veche.v1, token.eyJhbGciOiJIUzI1NiJ9.e30.x-_y"}, want{"Sec-WebSocket-Protocol": "veche.v1"}},
		{"subprotocols in two lines", &AcceptOptions{Subprotocols: []string{"b"}}, []string{"Sec-WebSocket-Protocol: a", "+Sec-WebSocket-Protocol: b"}, want{"Sec-WebSocket-Protocol": "b"}},
		{"no subprotocol in common", &AcceptOptions{Subprotocols: []string{"x"}}, []string{"Sec-WebSocket-Protocol: v1"}, want{"Sec-WebSocket-Protocol": ""}},
		{"subprotocol by callback", &AcceptOptions{SelectSubprotocol: func(o []string) string { return o[len(o)-1] }},
			[]string{"Sec-WebSocket-Protocol: a, b"}, want{"Sec-WebSocket-Protocol": "b"}},
		{"headers", &AcceptOptions{Header: http.Header{"X-More": {"1"}, "Sec-Websocket-Accept": {"forged"}}}, nil,
			want{"X-More": "1", "Sec-WebSocket-Accept": "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="}},
		{"deflate is off", nil, []string{"Sec-WebSocket-Extensions: permessage-deflate"}, want{"Sec-WebSocket-Extensions": ""}},
		{"deflate", deflate, []string{"Sec-WebSocket-Extensions: permessage-deflate; client_max_window_bits"}, want{"Sec-WebSocket-Extensions": "permessage-deflate"}},
		{"second offer", deflate, []string{`Sec-WebSocket-Extensions: foo, permessage-deflate; server_max_window_bits=16, permessage-deflate; server_max_window_bits="10"; server_no_context_takeover`},
			want{"Sec-WebSocket-Extensions": "permessage-deflate; server_no_context_takeover; server_max_window_bits=10"}},
		{"no takeover", noTakeover, []string{"Sec-WebSocket-Extensions: permessage-deflate"},
			want{"Sec-WebSocket-Extensions": "permessage-deflate; server_no_context_takeover; client_no_context_takeover"}},
	}
	bothDoors(t, func(t *testing.T, d doorway) {
		for _, tt := range tests {
			t.Run(tt.name, func(t *testing.T) {
				addr, results := d.handshakes(t, tt.o)
				res, nc, br := shakeRaw(t, addr, edit(tt.changes...))
				if res.StatusCode != 101 {
					body, _ := io.ReadAll(res.Body)
					t.Fatalf("status %d %q", res.StatusCode, body)
				}
				for name, v := range tt.want {
					if got := strings.Join(res.Header.Values(name), "|"); got != v {
						t.Errorf("%s: %q, want %q", name, got, v)
					}
				}
				got := <-results
				if got.err != nil {
					t.Fatal(got.err)
				}
				if got.c.Subprotocol() != res.Header.Get("Sec-WebSocket-Protocol") {
					t.Errorf("Subprotocol %q", got.c.Subprotocol())
				}
				if err := got.c.Write(t.Context(), Text, []byte("hi")); err != nil {
					t.Fatal(err)
				}
				p := &peer{t: t, nc: nc, br: br, mask: true}
				p.want("the first message", 0x81, "hi")
				_ = got.c.CloseNow()
			})
			t.Run(tt.name+" over HTTP/2", func(t *testing.T) {
				srv, results := acceptHTTP2(t, tt.o)
				changes := slices.Clone(tt.changes)
				if len(changes) == 1 { // the page of the same origin is on TLS too
					changes[0] = strings.NewReplacer("http://example.com", "https://example.com", "HTTP://", "HTTPS://").Replace(changes[0])
				}
				c, res := connectRaw(t, srv, edit(changes...))
				got := <-results
				if c == nil || got.err != nil {
					t.Fatalf("status %d, %v", res.StatusCode, got.err)
				}
				for name, v := range tt.want {
					switch name {
					case "Upgrade", "Connection", "Sec-WebSocket-Accept":
						v = "" // has no meaning there
					}
					if got := strings.Join(res.Header.Values(name), "|"); got != v {
						t.Errorf("%s: %q, want %q", name, got, v)
					}
				}
				if p := res.Header.Get("Sec-WebSocket-Protocol"); got.c.Subprotocol() != p {
					t.Errorf("Subprotocol %q, told %q", got.c.Subprotocol(), p)
				}
				if err := got.c.Write(t.Context(), Text, []byte("hi")); err != nil {
					t.Fatal(err)
				}
				if _, data, err := c.Read(t.Context()); err != nil || string(data) != "hi" {
					t.Fatalf("%q, %v", data, err)
				}
				_ = got.c.CloseNow()
			})
		}
	})
}

func TestAcceptOptionErrors(t *testing.T) {
	for name, o := range map[string]*AcceptOptions{
		"pattern":     {OriginPatterns: []string{"[a"}},
		"subprotocol": {OriginPatterns: []string{"*"}, SelectSubprotocol: func([]string) string { return "never offered" }},
	} {
		t.Run(name, func(t *testing.T) {
			bothDoors(t, func(t *testing.T, d doorway) {
				addr, results := d.handshakes(t, o)
				res, _, _ := shakeRaw(t, addr, edit("Origin: http://a.com", "Sec-WebSocket-Protocol: a"))
				if res.StatusCode != 500 {
					t.Fatalf("status %d", res.StatusCode)
				}
				if e := wantAs[*HandshakeError](t, (<-results).err); e.By != Server || e.Status != 500 {
					t.Fatalf("error %+v", e)
				}
			})
		})
	}
}

// TestAcceptWithoutHijacker: a middleware that hides the connection, and HTTP/2, are told apart from
// a client's mistake.
func TestAcceptWithoutHijacker(t *testing.T) {
	r := httptest.NewRequest("GET", "http://example.com/", nil)
	for _, h := range []string{"Upgrade: websocket", "Connection: Upgrade", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"} {
		name, v, _ := strings.Cut(h, ": ")
		r.Header.Set(name, v)
	}
	w := httptest.NewRecorder()
	_, err := Accept(w, r, nil)
	if e := wantAs[*HandshakeError](t, err); e.By != Server || w.Code != 500 || !strings.Contains(w.Body.String(), "hand over") {
		t.Fatalf("%v: %d %s", err, w.Code, w.Body)
	}
	r.Proto, r.ProtoMajor, r.ProtoMinor = "HTTP/2.0", 2, 0
	w = httptest.NewRecorder()
	_, err = Accept(w, r, nil)
	if e := wantAs[*HandshakeError](t, err); e.Status != 505 || w.Code != 505 || !strings.Contains(w.Body.String(), "HTTP/2.0") {
		t.Fatalf("%v: %d %s", err, w.Code, w.Body)
	}
}

// TestAcceptKeepsEarlyFrames: a client that does not wait for the answer loses nothing.
func TestAcceptKeepsEarlyFrames(t *testing.T) {
	bothDoors(t, func(t *testing.T, d doorway) {
		addr, results := d.handshakes(t, nil)
		shakeRaw(t, addr, edit()+string(rawFrame(0x81, true, "early")))
		got := <-results
		if got.err != nil {
			t.Fatal(got.err)
		}
		defer got.c.CloseNow()
		if _, data, err := got.c.Read(t.Context()); err != nil || string(data) != "early" {
			t.Fatalf("read %q, %v", data, err)
		}
	})
}

func TestHandshakeErrorText(t *testing.T) {
	e := &HandshakeError{By: Server, Status: 503, Text: "server refused", wrapped: io.EOF}
	if got, want := fmt.Sprint(e), "ws: handshake: server refused (HTTP 503): EOF"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
}
