package ws

import (
	"bufio"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/vechehq/veche/internal/memnet"
)

// proxy is an HTTP proxy that knows CONNECT alone, and leads every address to one server.
type proxy struct {
	url   *url.URL
	asked chan *http.Request
}

func startProxy(t *testing.T, secure bool, leadsTo string) *proxy {
	t.Helper()
	p := &proxy{asked: make(chan *http.Request, 10)}
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.asked <- r
		if r.Method != http.MethodConnect {
			http.Error(w, "CONNECT only", http.StatusMethodNotAllowed)
			return
		}
		far, err := net.Dial("tcp", leadsTo)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadGateway)
			return
		}
		near, _, err := http.NewResponseController(w).Hijack()
		if err != nil {
			t.Error(err)
			return
		}
		_, _ = io.WriteString(near, "HTTP/1.1 200 Connection established\r\n\r\n")
		go func() {
			_, _ = io.Copy(near, far)
			_ = near.Close()
		}()
		_, _ = io.Copy(far, near)
		_ = far.Close()
	}))
	if secure {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	u, err := url.Parse(srv.URL)
	if err != nil {
		t.Fatal(err)
	}
	p.url = u
	return p
}

// startEcho starts an echo server that also keeps the requests.
func startEcho(t *testing.T, secure bool) (*httptest.Server, chan *http.Request) {
	t.Helper()
	seen := make(chan *http.Request, 10)
	srv := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		seen <- r
		if c, err := Accept(w, r, nil); err == nil {
			c.Start(&echoHandler{make(chan error, 1)})
		}
	}))
	if secure {
		srv.StartTLS()
	} else {
		srv.Start()
	}
	t.Cleanup(srv.Close)
	return srv, seen
}

// TestDialThroughProxy goes through proxies with and without TLS to servers with and without TLS.
func TestDialThroughProxy(t *testing.T) {
	for _, secureProxy := range []bool{false, true} {
		for _, secureServer := range []bool{false, true} {
			name := map[bool]string{false: "http", true: "https"}[secureProxy] + " to " +
				map[bool]string{false: "ws", true: "wss"}[secureServer]
			t.Run(name, func(t *testing.T) { dialThrough(t, secureProxy, secureServer) })
		}
	}
}

func dialThrough(t *testing.T, secureProxy, secureServer bool) {
	srv, seen := startEcho(t, secureServer)
	p := startProxy(t, secureProxy, srv.Listener.Addr().String())
	withUser := *p.url
	withUser.User = url.UserPassword("ann", "p:w")
	scheme := "ws"
	o := &DialOptions{}
	if secureProxy || secureServer {
		config := httptest.NewUnstartedServer(nil)
		config.StartTLS() // for its client's roots, which are every test server's
		defer config.Close()
		o.TLSConfig = config.Client().Transport.(*http.Transport).TLSClientConfig.Clone()
		o.TLSConfig.ServerName = "example.com"
	}
	if secureServer {
		scheme = "wss"
	}
	o.Proxy = func(r *http.Request) (*url.URL, error) {
		if r.URL.Host != "chat.example" || r.URL.Scheme != strings.Replace(scheme, "ws", "http", 1) {
			t.Errorf("a proxy is asked for to %v", r.URL)
		}
		return &withUser, nil
	}
	c, _, err := Dial(t.Context(), scheme+"://chat.example/room", o)
	if err != nil {
		t.Fatal(err)
	}
	defer c.CloseNow()
	if (c.TLS() != nil) != (secureServer || secureProxy) {
		t.Errorf("TLS: %v", c.TLS())
	}
	ask, got := <-p.asked, <-seen
	port := map[string]string{"ws": "80", "wss": "443"}[scheme]
	if ask.Method != "CONNECT" || ask.Host != "chat.example:"+port || ask.RequestURI != ask.Host {
		t.Errorf("asked %s %s of host %s", ask.Method, ask.RequestURI, ask.Host)
	}
	if got.Host != "chat.example" || got.URL.Path != "/room" {
		t.Errorf("the server was asked for %s %v", got.Host, got.URL)
	}
	ask.Header.Set("Authorization", ask.Header.Get("Proxy-Authorization"))
	if user, password, _ := ask.BasicAuth(); user != "ann" || password != "p:w" {
		t.Errorf("the proxy got the credentials %q %q", user, password)
	}
	if got.Header.Get("Proxy-Authorization")+got.Header.Get("Authorization") != "" {
		t.Error("the server got the proxy's credentials")
	}
	if secureProxy && ask.TLS.ServerName == "example.com" {
		t.Error("the proxy was asked for the server's name")
	}
	if err := c.Write(t.Context(), Text, []byte("through")); err != nil {
		t.Fatal(err)
	}
	if _, data, err := c.Read(t.Context()); string(data) != "through" {
		t.Fatalf("%q, %v", data, err)
	}
	if err := c.Close(StatusNormal, ""); err != nil {
		t.Error(err)
	}
}

func TestProxyRefuses(t *testing.T) {
	tests := []struct {
		name   string
		answer string
		status int
		says   string
	}{
		{"wants another password", "HTTP/1.1 407 Proxy Authentication Required\nProxy-Authenticate: Basic\nContent-Length: 4000\n\n" +
			strings.Repeat("no! ", 1000), 407, "refused"},
		{"does not reach the server", "HTTP/1.1 502 Bad Gateway\nContent-Length: 0\n\n", 502, "refused"},
		{"redirects", "HTTP/1.1 302 Found\nLocation: http://elsewhere.example/\nContent-Length: 0\n\n", 302, "refused"},
		{"says more than it was asked", "HTTP/1.1 200 OK\n\nHTTP/1.1 101 Switching Protocols\n\n", 200, "before it was asked"},
		{"has no end", "HTTP/1.1 200 OK\n" + strings.Repeat("X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n", 2000), 0, "above 32768"},
		{"is no proxy", "SSH-2.0-nope\n\n", 0, "no answer from the proxy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			address := scripted(t, func(*http.Request) string { return tt.answer })
			proxy, err := url.Parse(strings.Replace(address, "ws://", "http://ann:secret@", 1))
			if err != nil {
				t.Fatal(err)
			}
			_, _, err = Dial(t.Context(), "ws://chat.example/", &DialOptions{Proxy: http.ProxyURL(proxy)})
			e := wantAs[*HandshakeError](t, err)
			if e.By != Server || e.Status != tt.status || e.Proxy != proxy.Host || !strings.Contains(e.Text, tt.says) {
				t.Fatalf("error %v, status %d, proxy %q", e, e.Status, e.Proxy)
			}
			if strings.Contains(e.Error(), "secret") {
				t.Fatalf("the error tells the password: %v", e)
			}
			if tt.status == 407 && (len(e.Body) != maxRefusalBody || e.Header.Get("Proxy-Authenticate") != "Basic") {
				t.Fatalf("header %v, body of %d bytes", e.Header, len(e.Body))
			}
		})
	}
}

func TestProxyMistakes(t *testing.T) {
	refused := errors.New("not today")
	for says, proxy := range map[string]func(*http.Request) (*url.URL, error){
		"socks5":    http.ProxyURL(&url.URL{Scheme: "socks5", Host: "127.0.0.1:1"}),
		"no host":   http.ProxyURL(&url.URL{Scheme: "http"}),
		"not today": func(*http.Request) (*url.URL, error) { return nil, refused },
	} {
		_, _, err := Dial(t.Context(), "ws://chat.example/", &DialOptions{Proxy: proxy})
		if e := wantAs[*HandshakeError](t, err); e.By != Client || !strings.Contains(e.Error(), says) {
			t.Errorf("%s: %v", says, err)
		}
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	_ = l.Close()
	nobody := &url.URL{Scheme: "http", Host: l.Addr().String()}
	_, _, err = Dial(t.Context(), "ws://chat.example/", &DialOptions{Proxy: http.ProxyURL(nobody)})
	if e := wantAs[*HandshakeError](t, err); e.Proxy != nobody.Host || !strings.Contains(e.Text, "cannot connect to the proxy") {
		t.Errorf("nobody there: %v", err)
	}
}

// TestProxyIsSilent: a proxy that says nothing is left by the timeout.
func TestProxyIsSilent(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := memnet.Listen("")
		defer l.Close()
		go func() {
			nc, _ := l.Accept()
			_, _ = io.Copy(io.Discard, nc)
			_ = nc.Close()
		}()
		start := time.Now()
		_, _, err := Dial(t.Context(), "ws://chat.example/", &DialOptions{DialContext: l.DialContext,
			Proxy: http.ProxyURL(&url.URL{Scheme: "http", Host: "proxy.example"})})
		if e := wantAs[*HandshakeError](t, err); !errors.Is(err, context.DeadlineExceeded) || e.Proxy == "" {
			t.Error(err)
		}
		if d := time.Since(start); d != 30*time.Second {
			t.Errorf("took %v", d)
		}
	})
}

// TestProxyFromEnvironment: the environment's proxy is the default one, but not for loopback. As the
// environment is read once in a program, another program does it.
func TestProxyFromEnvironment(t *testing.T) {
	if direct := os.Getenv("WS_TEST_SERVER"); direct != "" {
		for _, address := range []string{"ws://chat.example/", direct} {
			c, _, err := Dial(t.Context(), address, nil)
			if err != nil {
				t.Fatal(err)
			}
			_ = c.Close(StatusNormal, "")
		}
		return
	}
	srv, _ := startEcho(t, false)
	p := startProxy(t, false, srv.Listener.Addr().String())
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestProxyFromEnvironment$")
	cmd.Env = append(os.Environ(), "HTTP_PROXY="+p.url.String(), "http_proxy=", "NO_PROXY=", "no_proxy=", "REQUEST_METHOD=",
		"WS_TEST_SERVER=ws://"+srv.Listener.Addr().String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if r := <-p.asked; r.Host != "chat.example:80" || len(p.asked) > 0 {
		t.Fatalf("the proxy was asked for %s, and %d times more", r.Host, len(p.asked))
	}
}

// TestDialCookies: the jar's cookies are sent beside the header's, and those of answers are kept, of
// refusals and redirects too.
func TestDialCookies(t *testing.T) {
	jar, err := cookiejar.New(nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	answers := []string{
		"HTTP/1.1 403 Forbidden\nSet-Cookie: a=1\nContent-Length: 0\n\n",
		"HTTP/1.1 302 Found\nLocation: /login\nSet-Cookie: b=2\nContent-Length: 0\n\n",
		"", "",
	}
	served := make(chan struct{})
	go func() {
		defer close(served)
		for _, answer := range answers {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			br := bufio.NewReader(nc)
			req, err := http.ReadRequest(br)
			if err != nil {
				t.Error(err)
				return
			}
			got = append(got, req.Header.Get("Cookie"))
			if answer == "" {
				answer = goodAnswer(req, "Set-Cookie: c=3; Path=/\n")
			}
			_, _ = io.WriteString(nc, strings.ReplaceAll(answer, "\n", "\r\n"))
			_, _ = io.Copy(io.Discard, br)
			_ = nc.Close()
		}
	}()
	defer l.Close()
	o := &DialOptions{Jar: jar, Header: http.Header{"Cookie": {"own=0"}}}
	for i := range answers {
		c, _, err := Dial(t.Context(), "ws://"+l.Addr().String(), o)
		if c != nil {
			_ = c.CloseNow()
			continue
		}
		e := wantAs[*HandshakeError](t, err)
		if i == 1 && (e.Status != 302 || e.Header.Get("Location") != "/login") {
			t.Errorf("redirect: %v, %v", e, e.Header)
		}
	}
	<-served
	want := []string{"own=0", "own=0; a=1", "own=0; a=1; b=2", "own=0; a=1; b=2; c=3"}
	if strings.Join(got, "|") != strings.Join(want, "|") {
		t.Errorf("cookies %q, want %q", got, want)
	}
	if len(o.Header["Cookie"]) != 1 || o.Header.Get("Cookie") != "own=0" {
		t.Error("the caller's header was changed")
	}
}
