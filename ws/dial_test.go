package ws

import (
	"bufio"
	"context"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vechehq/veche/internal/memnet"
)

// scripted answers one request with what script makes of its key, and closes when the client does.
func scripted(t *testing.T, script func(req *http.Request) string) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		nc, err := l.Accept()
		if err != nil {
			return
		}
		defer nc.Close()
		br := bufio.NewReader(nc)
		req, err := http.ReadRequest(br)
		if err != nil {
			return
		}
		_, _ = io.WriteString(nc, strings.ReplaceAll(script(req), "\n", "\r\n"))
		_, _ = io.Copy(io.Discard, br)
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return "ws://" + l.Addr().String() + "/path"
}

func goodAnswer(req *http.Request, more string) string {
	return "HTTP/1.1 101 Switching Protocols\nUpgrade: WebSocket\nConnection: upgrade\nSec-WebSocket-Accept: " +
		acceptKey(req.Header.Get("Sec-WebSocket-Key")) + "\n" + more + "\n"
}

func TestDialRefuses(t *testing.T) {
	with := func(more string) func(*http.Request) string {
		return func(r *http.Request) string { return goodAnswer(r, more) }
	}
	change := func(old, with string) func(*http.Request) string {
		return func(r *http.Request) string { return strings.Replace(goodAnswer(r, ""), old, with, 1) }
	}
	tests := []struct {
		name   string
		script func(*http.Request) string
		status int
		says   string
	}{
		{"refusal with a body", func(*http.Request) string {
			return "HTTP/1.1 403 Forbidden\nContent-Length: 4000\n\n" + strings.Repeat("no! ", 1000)
		}, 403, "refused"},
		{"redirect", func(*http.Request) string { return "HTTP/1.1 302 Found\nLocation: /other\nContent-Length: 0\n\n" }, 302, "/other"},
		{"200", func(*http.Request) string { return "HTTP/1.1 200 OK\nContent-Length: 2\n\nhi" }, 200, "refused"},
		{"no Upgrade", change("Upgrade: WebSocket\n", ""), 101, "Upgrade"},
		{"another Upgrade", change("WebSocket", "websocket2"), 101, "Upgrade"},
		{"HTTP/1.0", change("HTTP/1.1", "HTTP/1.0"), 101, "HTTP/1.0"},
		{"no end of hints", func(*http.Request) string { return strings.Repeat("HTTP/1.1 103 Early Hints\n\n", 2000) }, 0, "above 32768"},
		{"no Connection", change("Connection: upgrade\n", ""), 101, "Connection"},
		{"wrong accept", change("Accept: ", "Accept: A"), 101, "Accept"},
		{"no accept", change("Sec-WebSocket-Accept", "X"), 101, "Accept"},
		{"subprotocol not offered", with("Sec-WebSocket-Protocol: c\n"), 101, "subprotocol"},
		{"two subprotocols", with("Sec-WebSocket-Protocol: a\nSec-WebSocket-Protocol: b\n"), 101, "subprotocol"},
		{"unknown extension", with("Sec-WebSocket-Extensions: x-foo\n"), 101, "extension"},
		{"extension twice", with("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover, permessage-deflate\n"), 101, "extension"},
		{"extension parameter", with("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; foo\n"), 101, "parameters"},
		{"window without bits", with("Sec-WebSocket-Extensions: permessage-deflate; server_no_context_takeover; client_max_window_bits\n"), 101, "parameters"},
		{"takeover not confirmed", with("Sec-WebSocket-Extensions: permessage-deflate\n"), 101, "server_no_context_takeover"},
		{"malformed extensions", with("Sec-WebSocket-Extensions: permessage-deflate;;\n"), 101, "malformed"},
		{"endless header", func(*http.Request) string {
			return "HTTP/1.1 101 Switching Protocols\n" + strings.Repeat("X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n", 2000)
		}, 0, "above 32768"},
		{"no HTTP", func(*http.Request) string { return "SSH-2.0-nope\n\n" }, 0, "no answer"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			o := &DialOptions{Subprotocols: []string{"a", "b"}, Options: Options{Compression: CompressionNoTakeover}}
			c, res, err := Dial(t.Context(), scripted(t, tt.script), o)
			if err == nil {
				_ = c.CloseNow()
				t.Fatal("connected")
			}
			e := wantAs[*HandshakeError](t, err)
			if e.By != Server || e.Status != tt.status || !strings.Contains(e.Text, tt.says) {
				t.Fatalf("error %v, by %v", e, e.By)
			}
			if (res != nil) != (tt.status != 0) {
				t.Fatalf("response %v", res)
			}
			if tt.status == 403 {
				body, _ := io.ReadAll(res.Body)
				if len(body) != maxRefusalBody || string(e.Body) != string(body) {
					t.Fatalf("body of %d bytes, error's of %d", len(body), len(e.Body))
				}
			}
		})
	}
}

// TestDialInterim: what comes before the answer is passed over.
func TestDialInterim(t *testing.T) {
	c, res, err := Dial(t.Context(), scripted(t, func(r *http.Request) string {
		return "HTTP/1.1 100 Continue\n\nHTTP/1.1 103 Early Hints\nLink: </style.css>\n\n" + goodAnswer(r, "X: y\n")
	}), nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.CloseNow()
	if res.StatusCode != 101 || res.Header.Get("X") != "y" {
		t.Errorf("%v", res)
	}
}

func TestDialMistakes(t *testing.T) {
	for address, says := range map[string]string{
		"ftp://x/":     "scheme",
		"ws:///x":      "no host",
		"ws://x/#frag": "fragment",
		"ws://%zz":     "bad URL",
	} {
		_, _, err := Dial(t.Context(), address, nil)
		if e := wantAs[*HandshakeError](t, err); e.By != Client || !strings.Contains(e.Error(), says) {
			t.Errorf("%s: %v", address, err)
		}
	}
	_, _, err := Dial(t.Context(), "ws://x/", &DialOptions{Subprotocols: []string{"a b"}})
	if e := wantAs[*HandshakeError](t, err); e.By != Client {
		t.Errorf("subprotocol: %v", err)
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	_, _, err = Dial(t.Context(), "ws://"+l.Addr().String(), nil)
	if e := wantAs[*HandshakeError](t, err); !strings.Contains(e.Text, "cannot connect") {
		t.Errorf("nobody there: %v", err)
	}
}

func TestDialSays(t *testing.T) {
	seen := make(chan *http.Request, 1)
	url := scripted(t, func(r *http.Request) string {
		seen <- r
		return goodAnswer(r, "Sec-WebSocket-Protocol: b\nSec-WebSocket-Extensions: permessage-deflate; client_max_window_bits=9\n")
	})
	o := &DialOptions{Options: Options{Compression: CompressionTakeover}, Subprotocols: []string{"a", "b"},
		Header: http.Header{"Cookie": {"k=v"}, "Host": {"virtual.example"}}}
	c, res, err := Dial(t.Context(), strings.Replace(url, "ws://", "ws://u:p@", 1), o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	r := <-seen
	if r.Host != "virtual.example" || r.URL.Path != "/path" || r.Header.Get("Cookie") != "k=v" ||
		r.Header.Get("Sec-WebSocket-Protocol") != "a, b" || !validKey(r.Header.Get("Sec-WebSocket-Key")) ||
		r.Header.Get("Sec-WebSocket-Extensions") != "permessage-deflate; client_max_window_bits" {
		t.Fatalf("request %v %v", r.Host, r.Header)
	}
	if user, password, ok := r.BasicAuth(); !ok || user != "u" || password != "p" {
		t.Fatalf("credentials %q %q", user, password)
	}
	if c.Subprotocol() != "b" || !c.Compressed() || res.StatusCode != 101 || c.out.deflate.window != 512 {
		t.Fatalf("connection %q %v %v", c.Subprotocol(), c.Compressed(), res.Status)
	}
	if o.Header.Get("Host") == "" || o.Header.Get("Upgrade") != "" {
		t.Fatal("the caller's header was changed")
	}
}

// TestDialGivesUp: a server that says nothing is left by the timeout and by the context.
func TestDialGivesUp(t *testing.T) {
	for name, want := range map[string]error{"timeout": context.DeadlineExceeded, "context": context.Canceled} {
		synctest.Test(t, func(t *testing.T) {
			l := memnet.Listen("")
			defer l.Close()
			go func() {
				nc, _ := l.Accept()
				_, _ = io.Copy(io.Discard, nc)
				_ = nc.Close()
			}()
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if name == "context" {
				time.AfterFunc(time.Second, cancel)
			}
			start := time.Now()
			_, _, err := Dial(ctx, "ws://localhost/", &DialOptions{DialContext: l.DialContext})
			if wantAs[*HandshakeError](t, err); !errors.Is(err, want) {
				t.Errorf("%s: %v", name, err)
			}
			if d := time.Since(start); d > 30*time.Second {
				t.Errorf("%s: took %v", name, d)
			}
		})
	}
}

// TestMemoryHandshake joins Dial, Accept and net/http in a bubble.
func TestMemoryHandshake(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen("")
		rec := newRecorder()
		srv := &http.Server{ReadHeaderTimeout: time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c, err := Accept(w, r, nil)
			if err != nil {
				t.Error(err)
				return
			}
			c.Start(rec)
		})}
		go func() { _ = srv.Serve(l) }()
		defer srv.Close()
		c, _, err := Dial(t.Context(), "ws://localhost/", &DialOptions{DialContext: l.DialContext})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Write(t.Context(), Text, []byte("hi")); err != nil {
			t.Fatal(err)
		}
		if got := <-rec.messages; got != "text: hi" {
			t.Fatal(got)
		}
		start := time.Now()
		if err := c.Close(StatusNormal, ""); err != nil {
			t.Fatal(err)
		}
		if d := time.Since(start); d != 0 {
			t.Fatalf("two that are willing took %v to close", d)
		}
		if CloseStatus(<-rec.closed) != StatusNormal {
			t.Fatal("closed with another status")
		}
	})
}

func TestDialTLSChecksTheName(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.NotFoundHandler())
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	srv.StartTLS()
	defer srv.Close()
	_, _, err := Dial(t.Context(), "wss://"+srv.Listener.Addr().String(), nil)
	if e := wantAs[*HandshakeError](t, err); e.Unwrap() == nil || e.Status != 0 {
		t.Fatalf("an unknown certificate: %v", err)
	}
	o := &DialOptions{TLSConfig: srv.Client().Transport.(*http.Transport).TLSClientConfig}
	_, _, err = Dial(t.Context(), "wss://"+srv.Listener.Addr().String(), o)
	if e := wantAs[*HandshakeError](t, err); e.Status != 404 {
		t.Fatalf("the server's answer: %v", err)
	}
}
