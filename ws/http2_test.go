package ws

import (
	"bufio"
	"context"
	"crypto/tls"
	"io"
	"log"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vechehq/veche/internal/h2"
)

// startHTTP2 starts a server over TLS that takes extended CONNECT.
func startHTTP2(t *testing.T, srv *httptest.Server) {
	t.Helper()
	srv.TLS = &tls.Config{NextProtos: []string{"h2", "http/1.1"}}
	srv.Config.ErrorLog = log.New(io.Discard, "", 0)
	if err := h2.ExtendConnect(srv.Config); err != nil {
		t.Fatal(err)
	}
	srv.StartTLS()
}

// trust is a client's TLS configuration for a test's server.
func trust(srv *httptest.Server) *tls.Config {
	return srv.Client().Transport.(*http.Transport).TLSClientConfig
}

// serveHTTP2 is startHTTP2 for a handler, and what a client needs to reach it.
func serveHTTP2(t *testing.T, h http.HandlerFunc) (*httptest.Server, *DialOptions) {
	t.Helper()
	srv := httptest.NewUnstartedServer(h)
	startHTTP2(t, srv)
	t.Cleanup(srv.Close)
	return srv, &DialOptions{TLSConfig: trust(srv), HTTP2: new(HTTP2)}
}

// acceptHTTP2 is handshakeServer over HTTP/2. Its handlers stay until the test ends.
func acceptHTTP2(t *testing.T, o *AcceptOptions) (*httptest.Server, chan accepted) {
	t.Helper()
	results := make(chan accepted, 1)
	over := make(chan struct{})
	srv, _ := serveHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "by", Value: "handler"})
		c, err := Accept(w, r, o)
		results <- accepted{c, err}
		if err == nil {
			<-over
			_ = c.CloseNow()
		}
	})
	t.Cleanup(func() { close(over) })
	return srv, results
}

// connectRaw sends a request of HTTP/1.1 as an extended CONNECT, and returns a connection if it is taken.
func connectRaw(t *testing.T, srv *httptest.Server, request string) (*Conn, *http.Response) {
	t.Helper()
	raw, err := http.ReadRequest(bufio.NewReader(strings.NewReader(request)))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	t.Cleanup(cancel)
	s, say := newClientStream(cancel)
	req := connectRequest(ctx, raw, say)
	req.URL.Scheme, req.URL.Host = "https", srv.Listener.Addr().String()
	if raw.ContentLength > 0 {
		req.ContentLength = raw.ContentLength
		go func() { _, _ = s.Write(make([]byte, raw.ContentLength)) }()
	}
	h := new(HTTP2)
	res, err := h.ask(req, &DialOptions{TLSConfig: trust(srv), HTTP2: h})
	if err != nil {
		t.Fatal(err)
	}
	if res.StatusCode != 200 {
		t.Cleanup(func() { _ = res.Body.Close() })
		return nil, res
	}
	s.listen(cancelingBody{res.Body, cancel})
	c := newConn(s, Client, "", Options{}, nil, nil)
	t.Cleanup(func() { _ = c.CloseNow() })
	return c, res
}

func TestAcceptRefusesHTTP2(t *testing.T) {
	for _, tt := range refusals {
		if tt.over2 < 0 {
			continue
		}
		t.Run(tt.name, func(t *testing.T) {
			srv, results := acceptHTTP2(t, nil)
			_, res := connectRaw(t, srv, edit(tt.changes...))
			want := tt.status
			if tt.over2 != 0 {
				want = tt.over2
			}
			body, _ := io.ReadAll(res.Body)
			if res.StatusCode != want || !strings.Contains(string(body), tt.says) {
				t.Errorf("%d %q, want %d with %q", res.StatusCode, body, want, tt.says)
			}
			if e := wantAs[*HandshakeError](t, (<-results).err); e.Status != want || e.By != Client {
				t.Errorf("%+v", e)
			}
			if v := res.Header.Get("Sec-WebSocket-Version"); strings.Contains(tt.name, "version") && v != "13" {
				t.Errorf("the version is told as %q", v)
			}
		})
	}
}

// TestHTTP2Share: a hundred and more connections over one of TLS, in both forms at once, know who they
// talk with and on what.
func TestHTTP2Share(t *testing.T) {
	const many = 150
	requests := make(chan *http.Request, many)
	srv, o := serveHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		requests <- r
		c, err := Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		if c.TLS() == nil || c.RemoteAddr().String() != r.RemoteAddr || c.LocalAddr() == nil {
			t.Errorf("TLS %v, from %v to %v", c.TLS(), c.RemoteAddr(), c.LocalAddr())
		}
		c.Start(&echoHandler{make(chan error, 1)})
	})
	conns := make([]*Conn, many)
	var all sync.WaitGroup
	for i := range conns {
		all.Go(func() {
			c, res, err := Dial(t.Context(), "wss"+strings.TrimPrefix(srv.URL, "https"), o)
			if err != nil {
				t.Error(err)
				return
			}
			if res.ProtoMajor != 2 || c.TLS() == nil || c.RemoteAddr().String() != srv.Listener.Addr().String() {
				t.Errorf("%s with %v", res.Proto, c.RemoteAddr())
			}
			conns[i] = c
		})
	}
	all.Wait()
	froms := map[string]bool{}
	for range many {
		r := <-requests
		if r.Proto != "HTTP/2.0" {
			t.Error(r.Proto)
		}
		froms[r.RemoteAddr] = true
	}
	if len(froms) > 2 { // before its settings are known, a server is thought to take 100
		t.Errorf("%d connections", len(froms))
	}
	for _, c := range conns {
		all.Go(func() {
			if err := c.Write(t.Context(), Text, []byte("hi")); err != nil {
				t.Error(err)
			}
			if _, data, err := c.Read(t.Context()); err != nil || string(data) != "hi" {
				t.Errorf("%q, %v", data, err)
			}
			if err := c.Close(StatusNormal, ""); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

// TestHTTP2DeafSibling: who reads nothing, on either side, holds up nobody else on its connection, and is
// dropped after WriteTimeout.
func TestHTTP2DeafSibling(t *testing.T) {
	closed := make(chan error, 1)
	srv, o := serveHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, &AcceptOptions{Options: Options{SendBuffer: 64 << 20, WriteTimeout: time.Second}})
		if err != nil {
			t.Error(err)
			return
		}
		if r.URL.Path == "/deaf" {
			for range 20 {
				_ = c.Send(Binary, make([]byte, 1<<20))
			}
			c.Start(&echoHandler{closed})
			return
		}
		c.Start(&echoHandler{make(chan error, 1)})
	})
	deaf, _, err := Dial(t.Context(), srv.URL+"/deaf", o)
	if err != nil {
		t.Fatal(err)
	}
	defer deaf.CloseNow()
	heard, _, err := Dial(t.Context(), srv.URL+"/", o)
	if err != nil {
		t.Fatal(err)
	}
	defer heard.CloseNow()
	talk := func(why string) {
		t.Helper()
		if err := heard.Write(t.Context(), Text, []byte(why)); err != nil {
			t.Fatal(why, err)
		}
		if _, data, err := heard.Read(t.Context()); err != nil || string(data) != why {
			t.Fatal(why, err)
		}
	}
	for len(closed) == 0 {
		talk("beside a deaf one")
	}
	if e := wantAs[*TimeoutError](t, <-closed); e.Op != "write" {
		t.Error(e)
	}
	talk("after it was dropped")
}

// TestHTTP2Paused: a connection that is not read takes as much as its stream's window, and leaves the
// others of the same HTTP/2 connection theirs, as long as all windows fit into the connection's.
func TestHTTP2Paused(t *testing.T) {
	paused := make(chan *Conn, 1)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		if r.URL.Path == "/paused" {
			c.Pause()
			paused <- c
		}
		c.Start(&echoHandler{make(chan error, 1)})
	}))
	srv.Config.HTTP2 = &http.HTTP2Config{MaxReceiveBufferPerStream: 128 << 10, MaxReceiveBufferPerConnection: 1 << 20}
	startHTTP2(t, srv)
	defer srv.Close()
	o := &DialOptions{TLSConfig: trust(srv), HTTP2: new(HTTP2), Options: Options{WriteTimeout: time.Minute}}
	full, _, err := Dial(t.Context(), srv.URL+"/paused", o)
	if err != nil {
		t.Fatal(err)
	}
	defer full.CloseNow()
	var got sync.WaitGroup
	got.Go(func() {
		for range 8 {
			if _, _, err := full.Read(t.Context()); err != nil {
				t.Error(err)
				return
			}
		}
	})
	for range 8 {
		if err := full.Send(Binary, make([]byte, 100<<10)); err != nil {
			t.Fatal(err)
		}
	}
	other, _, err := Dial(t.Context(), srv.URL+"/", o)
	if err != nil {
		t.Fatal(err)
	}
	defer other.CloseNow()
	for range 30 {
		if err := other.Write(t.Context(), Binary, make([]byte, 100<<10)); err != nil {
			t.Fatal(err)
		}
		if _, _, err := other.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	(<-paused).Resume()
	got.Wait()
}

// TestHTTP2Reset: RST_STREAM in the middle of a message ends that connection and no other.
func TestHTTP2Reset(t *testing.T) {
	closed := make(chan error, 1)
	handler := &echoHandler{closed}
	srv, o := serveHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		c.Start(handler)
	})
	stays, _, err := Dial(t.Context(), srv.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	defer stays.CloseNow()
	for range 20 {
		ctx, reset := context.WithCancel(t.Context())
		s, say := newClientStream(reset)
		req := connectRequest(ctx, newRequest(ctx, mustParse(t, srv.URL), o), say)
		res, err := o.HTTP2.ask(req, o)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Write(rawFrame(0x81, true, strings.Repeat("x", 1000))[:500]); err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if err := <-closed; CloseStatus(err) != StatusAbnormal {
			t.Errorf("closed with %v", err)
		}
		reset()
	}
	if err := stays.Write(t.Context(), Text, []byte("still here")); err != nil {
		t.Fatal(err)
	}
	if _, data, err := stays.Read(t.Context()); err != nil || string(data) != "still here" {
		t.Fatalf("%q, %v", data, err)
	}
}

func mustParse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := parseURL(address)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

// TestHTTP2Ends: an end without a closing handshake is 1006 on the other side, whoever makes it.
func TestHTTP2Ends(t *testing.T) {
	ended := make(chan error, 1)
	srv, o := serveHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		switch r.URL.Path {
		case "/leaves":
			return
		case "/panics":
			panic(http.ErrAbortHandler)
		case "/cuts":
			_ = c.CloseNow()
			return
		}
		_, _, err = c.Read(context.Background())
		ended <- err
	})
	for _, path := range []string{"/leaves", "/panics", "/cuts"} {
		c, _, err := Dial(t.Context(), srv.URL+path, o)
		if err != nil {
			t.Fatal(path, err)
		}
		if _, _, err := c.Read(t.Context()); CloseStatus(err) != StatusAbnormal {
			t.Errorf("%s: %v", path, err)
		}
		_ = c.CloseNow()
	}
	c, _, err := Dial(t.Context(), srv.URL+"/stays", o)
	if err != nil {
		t.Fatal(err)
	}
	if err := c.Write(t.Context(), Text, nil); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; err != nil {
		t.Fatal("a message before the end:", err)
	}
	_ = c.CloseNow()

	c, _, err = Dial(t.Context(), srv.URL+"/stays", o)
	if err != nil {
		t.Fatal(err)
	}
	_ = c.CloseNow()
	if err := <-ended; CloseStatus(err) != StatusAbnormal {
		t.Errorf("the client has gone: %v", err)
	}
}

// TestHTTP2ReadGoesOn: a Read whose context ends loses nothing.
func TestHTTP2ReadGoesOn(t *testing.T) {
	now := make(chan string)
	srv, o := serveHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		defer c.CloseNow()
		for text := range now {
			short, cancel := context.WithTimeout(context.Background(), time.Millisecond)
			if _, _, err := c.Read(short); err != context.DeadlineExceeded {
				t.Errorf("nothing was said: %v", err)
			}
			cancel()
			if err := c.Write(context.Background(), Text, []byte(text)); err != nil {
				t.Error(err)
			}
			if _, data, err := c.Read(context.Background()); err != nil || string(data) != text {
				t.Errorf("%q, %v", data, err)
			}
		}
	})
	c, _, err := Dial(t.Context(), srv.URL, o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	for _, text := range []string{"one", "two"} {
		short, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		if _, _, err := c.Read(short); err != context.DeadlineExceeded {
			t.Errorf("nothing was said: %v", err)
		}
		cancel()
		now <- text
		if _, data, err := c.Read(t.Context()); err != nil || string(data) != text {
			t.Fatalf("%q, %v", data, err)
		}
		if err := c.Write(t.Context(), Text, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	close(now)
}

// TestHTTP2Timeouts: those of the server, which are for requests, do not end a stream.
func TestHTTP2Timeouts(t *testing.T) {
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		c, err := Accept(w, r, nil)
		if err != nil {
			t.Error(err)
			return
		}
		c.Start(&echoHandler{make(chan error, 1)})
	}))
	const soon = 3 * time.Second // but not for a handshake
	srv.Config.ReadTimeout, srv.Config.WriteTimeout, srv.Config.IdleTimeout = soon, soon, soon
	startHTTP2(t, srv)
	defer srv.Close()
	c, _, err := Dial(t.Context(), srv.URL, &DialOptions{TLSConfig: trust(srv), HTTP2: new(HTTP2)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	for range 2 {
		long, cancel := context.WithTimeout(t.Context(), soon+time.Second)
		if _, _, err := c.Read(long); err != context.DeadlineExceeded {
			t.Fatalf("the stream has ended: %v", err)
		}
		cancel()
		if err := c.Write(t.Context(), Text, []byte("still here")); err != nil {
			t.Fatal(err)
		}
		if _, _, err := c.Read(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestHTTP2DialRefused(t *testing.T) {
	srv, o := serveHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "yes"})
		switch r.URL.Path {
		case "/redirect":
			http.Redirect(w, r, "/elsewhere", http.StatusTemporaryRedirect)
		case "/forbidden":
			http.Error(w, strings.Repeat("no! ", 1000), http.StatusForbidden)
		case "/subprotocol":
			w.Header().Set("Sec-WebSocket-Protocol", "never.offered")
		case "/slow":
			<-r.Context().Done()
		}
	})
	o.Jar, _ = cookiejar.New(nil)
	for path, want := range map[string]struct {
		status int
		says   string
	}{
		"/redirect":    {307, "not followed"},
		"/forbidden":   {403, "refused"},
		"/subprotocol": {200, "subprotocol"},
	} {
		_, res, err := Dial(t.Context(), srv.URL+path, o)
		e := wantAs[*HandshakeError](t, err)
		if e.Status != want.status || e.By != Server || !strings.Contains(e.Text, want.says) || res == nil {
			t.Errorf("%s: %+v", path, e)
		}
		if path == "/forbidden" && (len(e.Body) != maxRefusalBody || !strings.HasPrefix(string(e.Body), "no! ")) {
			t.Errorf("%d bytes of the body", len(e.Body))
		}
	}
}

// TestHTTP2DialFails: servers that speak no HTTP/2, or no WebSocket over it, are told apart; and a context
// ends the wait for an answer.
func TestHTTP2DialFails(t *testing.T) {
	old := httptest.NewUnstartedServer(http.NotFoundHandler())
	old.Config.ErrorLog = log.New(io.Discard, "", 0)
	old.StartTLS()
	defer old.Close()
	plain := httptest.NewUnstartedServer(http.NotFoundHandler())
	plain.EnableHTTP2 = true
	plain.StartTLS()
	defer plain.Close()
	slow, o := serveHTTP2(t, func(w http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	for _, tt := range []struct {
		url, says string
		patience  time.Duration
	}{
		{old.URL, "no application protocol", time.Minute},
		{plain.URL, "not supported by peer", time.Minute},
		{"ws://127.0.0.1:1", "wss", time.Minute},
		{slow.URL, "deadline", 300 * time.Millisecond},
	} {
		ctx, cancel := context.WithTimeout(t.Context(), tt.patience)
		_, _, err := Dial(ctx, tt.url, &DialOptions{TLSConfig: o.TLSConfig, HTTP2: new(HTTP2)})
		cancel()
		if wantAs[*HandshakeError](t, err); !strings.Contains(err.Error(), tt.says) {
			t.Errorf("%s: %v, want %q", tt.url, err, tt.says)
		}
	}
}

// TestHTTP2ThroughProxy: the connection beneath is made as for HTTP/1.1, through proxies and with cookies.
func TestHTTP2ThroughProxy(t *testing.T) {
	cookies := make(chan string, 2)
	srv, o := serveHTTP2(t, func(w http.ResponseWriter, r *http.Request) {
		cookies <- r.Header.Get("Cookie")
		http.SetCookie(w, &http.Cookie{Name: "seen", Value: "yes"})
		if c, err := Accept(w, r, nil); err == nil {
			c.Start(&echoHandler{make(chan error, 1)})
		}
	})
	p := startProxy(t, false, srv.Listener.Addr().String())
	o.Proxy = http.ProxyURL(p.url)
	o.TLSConfig.ServerName = "example.com"
	o.Jar, _ = cookiejar.New(nil)
	for _, cookie := range []string{"", "seen=yes"} {
		c, _, err := Dial(t.Context(), "wss://far.example/", o)
		if err != nil {
			t.Fatal(err)
		}
		if got := <-cookies; got != cookie {
			t.Errorf("cookie %q, want %q", got, cookie)
		}
		if err := c.Write(t.Context(), Text, []byte("hi")); err != nil {
			t.Fatal(err)
		}
		if _, data, err := c.Read(t.Context()); err != nil || string(data) != "hi" {
			t.Fatalf("%q, %v", data, err)
		}
		if err := c.Close(StatusNormal, ""); err != nil {
			t.Fatal(err)
		}
	}
	if len(p.asked) != 1 {
		t.Errorf("the proxy was asked %d times, want once for two streams", len(p.asked))
	}
	if r := <-p.asked; r.Host != "far.example:443" {
		t.Errorf("the proxy was asked for %s", r.Host)
	}
}
